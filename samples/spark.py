"""Decodes a folder of capture files on a cluster, and writes a table of telegrams, a folder for each day.

    spark-submit spark.py --keyring keys.toml captures/ telegrams/

Each task runs one `smarty parse --format arrow` for each of its files; smarty must be on all machines (--smarty names
it), and the captures on a file system that all of them see. Keys are given to each task in memory, never on a disk.
Lost executors are Spark's to retry. Days are those of the place of the meters (--tz).
"""

import argparse
import os
import pathlib
import subprocess

import pyarrow
import pyarrow.ipc
from pyspark.sql import SparkSession, functions
from pyspark.sql.pandas.types import from_arrow_schema


def arrow(smarty, keys, path, options):
    """A stream of Arrow of a file, with keys that are handed over in memory."""
    command = [smarty, "parse", "-q", "--format", "arrow", *options]
    ring = None
    if keys is not None:
        ring = os.memfd_create("keys")
        os.write(ring, keys)
        command += ["--keyring", f"/proc/self/fd/{ring}"]
    try:
        return subprocess.Popen(
            [*command, "--", path], stdout=subprocess.PIPE, pass_fds=[] if ring is None else [ring]
        )
    finally:
        if ring is not None:
            os.close(ring)


def decoder(smarty, keys, options, schema):
    """What each task does: paths come in, batches of telegrams go out."""

    def decode(batches):
        for batch in batches:
            for path in batch.column(0).to_pylist():
                process = arrow(smarty, keys.value, path, options)
                with process.stdout as stream:
                    for rows in pyarrow.ipc.open_stream(stream):
                        yield pyarrow.RecordBatch.from_arrays(rows.columns, schema=schema)
                # 1: some frames of the file were refused, which is said on the standard error of the task; 5: it has none.
                if process.wait() not in (0, 1, 5):
                    raise RuntimeError(f"{path}: smarty ended with {process.returncode}")

    return decode


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--smarty", default="smarty")
    arguments.add_argument("--keyring")
    arguments.add_argument("--tz", default="Europe/Luxembourg")
    arguments.add_argument("captures")
    arguments.add_argument("telegrams")
    given = arguments.parse_args()

    spark = SparkSession.builder.appName("smarty").config("spark.sql.session.timeZone", "UTC")
    spark = spark.config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS").getOrCreate()
    folder = pathlib.Path(given.captures).resolve()
    paths = sorted(str(path) for path in folder.iterdir() if path.is_file())
    if not paths:
        raise SystemExit(f"{folder}: there is no file in it")
    keys = pathlib.Path(given.keyring).read_bytes() if given.keyring else None
    options = ["--tz", given.tz]
    # The columns are the same whatever the file holds.
    with arrow(given.smarty, keys, paths[0], [*options, "-n", "0"]).stdout as stream:
        schema = pyarrow.ipc.open_stream(stream).schema

    ring = spark.sparkContext.broadcast(keys)
    files = spark.createDataFrame([(path,) for path in paths], ["path"]).repartition(len(paths), "path")
    telegrams = files.mapInArrow(decoder(given.smarty, ring, options, schema), from_arrow_schema(schema))
    day = functions.to_date(functions.from_utc_timestamp("measured_at", given.tz))
    telegrams.withColumn("day", day).write.partitionBy("day").parquet(given.telegrams)
    spark.stop()


if __name__ == "__main__":
    main()
