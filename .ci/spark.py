"""Runs samples/spark.py on two threads, with a task that is killed, and compares its table with that of one process.

Takes the program, and a folder to work in. Needs the packages pyspark and pyarrow, and Java.
"""

import os
import pathlib
import stat
import subprocess
import sys

import pyarrow.ipc
import pyarrow.parquet

smarty = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(sys.argv[2]).resolve()
script = pathlib.Path(__file__).parent.parent / "samples/spark.py"
captures = folder / "captures"
captures.mkdir()
# Over two midnights, one of them before a day of 23 hours.
for seed in range(1, 5):
    subprocess.run([
        smarty, "simulate", "-q", "--encrypted", "--profile", "lu-full", "--period", "120s", "--count", "700",
        "--start", "2026-03-28T12:00:00+01:00", "--seed", str(seed), "--meters", "2",
        "--keyring", folder / f"{seed}.toml", "-o", captures / f"{seed}.bin",
    ], check=True)
ring = folder / "keys.toml"
ring.write_bytes(b"".join((folder / f"{seed}.toml").read_bytes() for seed in range(1, 5)))
ring.chmod(0o600)

# The first task that opens the third file is killed in the middle of its work.
killing = folder / "smarty"
killing.write_text(f"""#!/bin/sh
case "$*" in
*3.bin) if mkdir {folder}/killed 2>/dev/null; then
        {smarty} "$@" | head -c 20000
        kill -9 $PPID
    fi ;;
esac
exec {smarty} "$@"
""")
killing.chmod(killing.stat().st_mode | stat.S_IXUSR)
subprocess.run([
    sys.executable, script,
    "--smarty", killing, "--keyring", ring, captures, folder / "telegrams",
], check=True, env={**os.environ, "PYSPARK_SUBMIT_ARGS": "--master local[2,4] --driver-memory 1g pyspark-shell",
                    "PYSPARK_PYTHON": sys.executable})
assert (folder / "killed").is_dir(), "no task was killed"

# One process: all files, one behind the other.
files = sorted(captures.iterdir())
one = subprocess.run([smarty, "parse", "-q", "--keyring", ring, "--format", "arrow", *files], check=True,
                     stdout=subprocess.PIPE).stdout
expected = pyarrow.ipc.open_stream(one).read_all().to_pylist(maps_as_pydicts="strict")
days = sorted(folder.glob("telegrams/day=*"))
found = []
for day in days:
    for file in day.glob("*.parquet"):
        rows = pyarrow.parquet.ParquetFile(file).read().to_pylist(maps_as_pydicts="strict")
        found += rows


def key(row):
    return row["source"], row["source_offset"]


assert len(found) == len(expected) == 5600, (len(found), len(expected))
for one, other in zip(sorted(expected, key=key), sorted(found, key=key)):
    apart = {name: (value, other.get(name)) for name, value in one.items() if other.get(name) != value}
    assert not apart and one.keys() == other.keys(), (apart, one.keys() ^ other.keys())
assert [day.name for day in days] == ["day=2026-03-28", "day=2026-03-29"], days
print(f"Spark, of which a task was killed, has the {len(found)} rows of one process, on {len(days)} days")
