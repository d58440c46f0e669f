"""Runs the queries of the manual, section "Archives", in DuckDB, and adds up their results another way; reads Arrow with
DuckDB, Polars and pyarrow, and compares it with JSON value by value.

Takes the program, and a folder to work in. Needs the packages duckdb, pytz for its times, polars and pyarrow.
"""

import csv
import json
import pathlib
import re
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet

smarty = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(sys.argv[2])
archives = (pathlib.Path(__file__).parent.parent / "src/cli/help/archives.md").read_text()
of_parquet, of_log = re.findall(r"```sql\n(.*?)```", archives, re.S)
of_json = re.search(r'duckdb -c "(.*)"\n', archives)[1].replace('\\"', '"')


def run(*arguments):
    subprocess.run([smarty, *arguments], cwd=folder, check=True)


def query(text):
    for name in ["archive/", "year/", "all.log", "house.json"]:
        text = text.replace(f"'{name}", f"'{folder}/{name}")
    return duckdb.sql(text.rstrip().rstrip(";")).fetchall()


# Two kinds of meters, each in a file of its own; the same in CSV.
(folder / "archive").mkdir()
for name, profile, meters in [("lu", "lu-full", "3"), ("nl", "nl5", "2")]:
    run("simulate", "-q", "--encrypted", "--profile", profile, "--meters", meters, "--seed", meters,
        "--count", "300", "--keyring", f"{name}.toml", "-o", f"{name}.bin")
    parse = ["parse", "-q", f"{name}.bin", "--keyring", f"{name}.toml", "--reference-power", "0.2kW"]
    run(*parse, "--format", "parquet", "-o", f"archive/{name}.parquet")
    run(*parse, "--csv", "-o", f"{name}.csv")
rows = []
for name in ["lu", "nl"]:
    with open(folder / f"{name}.csv", newline="") as file:
        rows += csv.DictReader(file)
assert len(rows) == 1500, len(rows)


def numbers(column, rows):
    return [Decimal(row[column]) for row in rows if row.get(column)]


# Every column of numbers, added up exactly.
described = query("DESCRIBE FROM 'archive/*.parquet'")
columns = [column for column, kind, *_ in described if kind == "DECIMAL(18,6)"]
sums, = query(f"SELECT {', '.join(f'sum({column})' for column in columns)} FROM 'archive/*.parquet'")
for column, total in zip(columns, sums):
    expected = numbers(column, rows)
    assert total == (sum(expected) if expected else None), (column, total)
summed = sum(total is not None for total in sums)
assert summed > 50, summed
computed = [column for column in columns if re.match("net_|surplus_|quarter_|excess_", column)]
assert len(computed) == 18, computed

# The query over Parquet: all telegrams of a meter are of one day.
meters = {}
for row in rows:
    meters.setdefault(row["meter"], []).append(row)
found = query(of_parquet)
assert [row[0] for row in found] == sorted(meters), found
for meter, _, kwh, most in found:
    energy = numbers("active_energy_import_kwh", meters[meter])
    assert kwh == (max(energy) - min(energy) if energy else None), (meter, kwh)
    assert most == max(numbers("active_power_import_kw", meters[meter])), (meter, most)

# The same over a year and a bit: its days are those of the place, 23 and 25 hours long where the clock is changed,
# and what they add up to is the last counter less the first.
(folder / "year").mkdir()
run("simulate", "-q", "--encrypted", "--meters", "2", "--period", "15m", "--duration", "400d", "--seed", "5",
    "--start", "2026-02-27T17:20:10+01:00", "--keyring", "year.toml", "-o", "year.bin")
run("parse", "-q", "year.bin", "--keyring", "year.toml", "--format", "parquet", "-o", "year/year.parquet")
run("parse", "-q", "year.bin", "--keyring", "year.toml", "--csv", "-o", "year.csv")
run("watch", "-q", "year.bin", "--keyring", "year.toml", "--csv", "--every", "1d", "-o", "days.csv")
meters = {}
with open(folder / "year.csv", newline="") as file:
    for row in csv.DictReader(file):
        at = datetime.fromisoformat(row["measured_at"])
        counter = Decimal(row["active_energy_import_kwh"])
        meters.setdefault(row["meter"], []).append((at, counter))
found = {}
for meter, day, kwh, _ in query(of_parquet.replace("'archive/", "'year/")):
    found.setdefault(meter, {})[day] = kwh
ends = {}
with open(folder / "days.csv", newline="") as file:
    for row in csv.DictReader(file):
        ends.setdefault(row["meter"], []).append(datetime.fromisoformat(row["measured_at"]))
assert len(meters) == 2 and found.keys() == meters.keys() == ends.keys(), (len(meters), found.keys())
place = ZoneInfo("Europe/Luxembourg")
for meter, telegrams in meters.items():
    telegrams.sort()
    days = {}
    for at, counter in telegrams:
        days.setdefault(at.astimezone(place).date(), []).append((at, counter))
    firsts = [day[0][1] for day in days.values()] + [telegrams[-1][1]]
    expected = {day: after - before for day, before, after in zip(days, firsts, firsts[1:])}
    assert found[meter] == expected, meter
    assert sum(found[meter].values()) == telegrams[-1][1] - telegrams[0][1], meter
    assert {len(day) for day in list(days.values())[1:-1]} == {92, 96, 100}, meter
    assert ends[meter] == [day[-1][0] for day in days.values()], meter
    assert len(days) > 366, len(days)

# A file without computed values beside one with them.
run("parse", "-q", "lu.bin", "--keyring", "lu.toml", "--format", "parquet", "-o", "plain.parquet")
both = f"read_parquet(['{folder}/archive/lu.parquet', '{folder}/plain.parquet'], union_by_name = true)"
assert query(f"SELECT count(*), count(net_power_kw) FROM {both}") == [(1800, 900)]

# The query over JSON.
run("parse", "-q", "lu.bin", "--keyring", "lu.toml", "--json=flat", "-o", "house.json")
highest = {}
with open(folder / "house.json") as file:
    for telegram in map(json.loads, file):
        meter, value = telegram["meter"], telegram["active_energy_import_kwh"]
        highest[meter] = max(value, highest.get(meter, 0))
assert dict(query(of_json)) == highest, highest

# The query over a capture log.
(folder / "all.log").write_text(
    "# smarty-log 1  started=2026-11-23T08:15:01.002Z\n"
    "2026-11-23T08:15:04.123456Z house gcm 2 DB08\n"
    "# 2026-11-23T08:15:22.000000Z house lost\n"
    "2026-11-23T08:16:04.123456Z house gcm 2 DB08\n"
    "2026-11-23T09:15:04.123456Z flat p1 1 2F\n"
)
assert [(row[0], row[2]) for row in query(of_log)] == [("flat", 1), ("house", 2)]


# Arrow: of telegrams and of periods, through a pipe and as a file, in three engines, against JSON.
def stream(*arguments):
    return subprocess.run([smarty, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE).stdout


def of_duckdb(bytes):
    rows = pyarrow.ipc.open_stream(bytes)
    found = duckdb.sql("SELECT * FROM rows")
    names = found.columns
    return [dict(zip(names, row)) for row in found.fetchall()]


engines = {
    "pyarrow": lambda bytes: pyarrow.ipc.open_stream(bytes).read_all().to_pylist(maps_as_pydicts="strict"),
    "Polars": lambda bytes: polars.read_ipc_stream(bytes).to_dicts(),
    "DuckDB": of_duckdb,
}


def compare(engine, rows, objects, ignored):
    """Each value of JSON is in its column, and no column has another one."""
    assert len(rows) == len(objects), (engine, len(rows), len(objects))
    compared = 0
    for row, wanted in zip(rows, objects):
        for key, value in wanted.items():
            found = row.get(key)
            if isinstance(found, datetime):
                assert found == datetime.fromisoformat(value), (engine, key, found, value)
            elif isinstance(value, Decimal) and isinstance(found, str):
                assert Decimal(found) == value, (engine, key, found, value)
            else:
                assert found == value, (engine, key, found, value)
            compared += 1
        extra = [key for key, value in row.items() if value is not None and key not in wanted and key not in ignored]
        assert not extra, (engine, extra)
    return compared


def lines(text):
    return [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in text.splitlines()]


beside = {"received_at", "meter_name", "label", "source", "source_offset", "system_title", "frame_counter", "tag",
          "crc_valid", "mended", "header", "other"}
compared = {}
for name in ["lu", "nl"]:
    input = ["-q", f"{name}.bin", "--keyring", f"{name}.toml"]
    objects = lines(stream("parse", *input, "--json=flat"))
    run("parse", *input, "--format", "arrow", "-o", f"{name}.arrow")
    piped = stream("parse", *input, "--format", "arrow")
    assert piped == (folder / f"{name}.arrow").read_bytes(), name
    run("parse", *input, "--format", "parquet", "-o", f"{name}-plain.parquet")
    of_parquet = pyarrow.parquet.read_table(folder / f"{name}-plain.parquet").to_pylist(maps_as_pydicts="strict")
    assert engines["pyarrow"](piped) == of_parquet, name
    for engine, read in engines.items():
        # What no column holds has a line in the map.
        table = read(piped)
        known = [{key: value for key, value in wanted.items() if key in table[0]} for wanted in objects]
        compared[engine] = compared.get(engine, 0) + compare(engine, table, known, beside)
    periods = ["report", *input, "--by", "quarter"]
    objects = []
    for period in lines(stream(*periods, "--json")):
        objects.append({
            "by": period["by"], "start": period["start"], "end": period["end"], "meter": period["meter"]["id"],
            "meter_name": period["meter"]["name"], "telegrams": period["telegrams"], "missed": period["missed"],
            "sure": period["sure"], **period["values"],
        })
    piped = stream(*periods, "--format", "arrow")
    for engine, read in engines.items():
        compared[engine] += compare(engine, read(piped), objects, set())
    run(*periods, "--format", "parquet", "-o", f"{name}-periods.parquet")
    of_parquet = pyarrow.parquet.read_table(folder / f"{name}-periods.parquet").to_pylist()
    assert engines["pyarrow"](piped) == of_parquet, name
assert min(compared.values()) > 50_000, compared
print("Arrow agrees with JSON value by value:", ", ".join(f"{engine} {count}" for engine, count in compared.items()))
print(f"DuckDB {duckdb.__version__} agrees with CSV and JSON: {len(rows)} telegrams, {summed} columns of numbers")
