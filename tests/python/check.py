"""What dsmr-parser and prometheus-client read from smarty, against smarty's own JSON, value by value.

lu, encrypted --> simulate --> watch --> tcp --> SocketReader, LUXEMBOURG_SMARTY
                           \\-> watch --forward-raw, without a key --> tcp --> SocketReader, MSN, with the key
kamstrup, pushes --> sim: ---> watch --> tcp --> SocketReader, V5; what parse --format raw makes of it as well
nl5, in clear --> sim: ------> watch --> tcp --> SocketReader, V5
                                    \\-> pty --> SerialReader, V5
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.request
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

from dsmr_parser import telegram_specifications as specifications
from dsmr_parser.clients import SERIAL_SETTINGS_V5, SerialReader, SocketReader
from dsmr_parser.clients.telegram_buffer import TelegramBuffer
from dsmr_parser.parsers import TelegramParser
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics

TELEGRAMS = 3
# So many values of a telegram must be compared at least; the library has no name for the others.
LEAST = {"lu": 15, "nl": 25, "dk": 8}


class Program:
    """A running smarty, and what it says of where it serves."""

    def __init__(self, smarty, *arguments):
        self.child = subprocess.Popen(
            [smarty, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"NO_COLOR": "1", "HOME": "/nonexistent"},
        )

    def place(self, pattern, stream="stderr"):
        """The first group of the next line that fits."""
        for line in getattr(self.child, stream):
            if found := re.search(pattern, line):
                return found[1]
        sys.exit(f"{self.child.args}: said nothing like {pattern}")

    def go_on(self):
        """Lets it talk without waiting for anyone."""
        for stream in (self.child.stdout, self.child.stderr):
            threading.Thread(target=stream.read, daemon=True).start()

    def end(self):
        self.child.terminate()
        self.child.wait(20)


def socket_reader(address, specification, **keys):
    host, port = address.rsplit(":", 1)
    return SocketReader(host, int(port), specification, **keys)


def measured_at(text):
    return datetime.fromisoformat(text)


def same(reading, theirs, unit):
    """Compares one reading of ours with a value of theirs."""
    ours = reading["value"]
    if isinstance(theirs, datetime):
        return measured_at(ours) == theirs
    if isinstance(theirs, str):
        return reading["raw"][0] == theirs
    # Their 0 and 1 for switches are whole numbers.
    return Decimal(ours) == theirs and (unit is None or unit == reading["unit"])


def compare(ours, telegram, name):
    """Compares all that both know; says how many values that were."""
    count = 0
    for reference, theirs in dict.items(telegram):
        lines = (
            (reading, reading["obis"] + "".join(f"({raw})" for raw in reading["raw"]) + "\r\n")
            for reading in ours["readings"]
        )
        found = [reading for reading, line in lines if re.search(reference, line, re.S)]
        if not found or theirs.is_mbus_reading or len(found[0]["raw"]) != 1 or theirs.value is None:
            continue
        if not same(found[0], theirs.value, theirs.unit):
            sys.exit(f"{name}: {found[0]} is {theirs.value} {theirs.unit}")
        count += 1
    devices = {device["channel"]: device for device in ours["devices"]}
    for theirs in getattr(telegram, "MBUS_DEVICES", []):
        reading = getattr(theirs, "MBUS_METER_READING", None)
        if reading is None or reading.value is None:
            # A switch of the meter's own is a device to them.
            continue
        device = devices[theirs.channel_id]
        if (device["value"], device["unit"]) != (reading.value, reading.unit):
            sys.exit(f"{name}: {device} is {reading.value} {reading.unit}")
        if measured_at(device["measured_at"]) != reading.datetime:
            sys.exit(f"{name}: {device} was read at {reading.datetime}")
        count += 2
    return count


def read_json(path):
    with open(path) as lines:
        telegrams = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines if line.endswith("\n")]
    return {(line["source"]["label"], measured_at(line["measured_at"])): line for line in telegrams}


def find(out, place):
    """The line of a telegram; the client may have it before the line is written."""
    for _ in range(100):
        if place in (lines := read_json(out)):
            return lines[place]
        time.sleep(0.1)
    sys.exit(f"{place}: not in our output")


def check_telegrams(out, readers):
    for name, (label, reader) in readers.items():
        least = LEAST[label]
        for telegram in islice(reader.read(), TELEGRAMS):
            ours = find(out, (label, telegram.P1_MESSAGE_TIMESTAMP.value))
            count = compare(ours, telegram, name)
            if count < least:
                sys.exit(f"{name}: only {count} values could be compared")
        print(f"{name}: {TELEGRAMS} telegrams, {count} values in each agree")


def check_numbers(out, address):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=20) as answer:
        kind, page = answer.headers["Content-Type"], answer.read().decode()
    if not kind.startswith("application/openmetrics-text; version=1.0.0"):
        sys.exit(f"metrics: {kind}")
    families = list(openmetrics.text_string_to_metric_families(page))
    list(prometheus.text_string_to_metric_families(page))
    samples = {(sample.name, sample.labels.get("label")): sample.value for family in families for sample in family.samples}
    history = list(read_json(out).items())
    count = 0
    for label in LEAST:
        numbers = [line["values"] for (own, _), line in history if own == label]
        for key in numbers[-1]:
            if isinstance(numbers[-1][key], Decimal):
                # The page is a moment older than the last line.
                if samples[f"smarty_{key}", label] not in [float(values[key]) for values in numbers]:
                    sys.exit(f"metrics: {key} of {label}: {samples[f'smarty_{key}', label]}")
                count += 1
    if samples["smarty_telegrams_total", "lu"] < TELEGRAMS:
        sys.exit("metrics: telegrams are not counted")
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=20) as answer:
        if (answer.status, answer.read()) != (200, b"ok\n"):
            sys.exit("healthz: not well")
    print(f"metrics: {len(families)} families, {count} values agree")


def check_raw(smarty):
    """Telegrams made of pushes, as `--format raw` prints them."""
    def parse(form):
        words = ["parse", "samples/kamstrup.bin", "--keyring", "samples/keys.toml", "--format", form, "-q"]
        return subprocess.run([smarty, *words], capture_output=True, check=True).stdout.decode()

    lines = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in parse("json").splitlines()]
    buffer, parser = TelegramBuffer(), TelegramParser(specifications.V5)
    buffer.append(parse("raw"))
    telegrams = [parser.parse(telegram) for telegram in buffer.get_all()]
    if len(telegrams) != len(lines) or not lines:
        sys.exit(f"raw: {len(telegrams)} telegrams of {len(lines)} pushes")
    counts = [compare(ours, telegram, "raw") for ours, telegram in zip(lines, telegrams)]
    if min(counts) < LEAST["dk"]:
        sys.exit(f"raw: only {min(counts)} values could be compared")
    print(f"V5 from raw, made of pushes: {len(counts)} telegrams, {min(counts)} values in each agree")


def main(smarty):
    check_raw(smarty)
    programs = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        try:
            meter = Program(smarty, "simulate", "-q", "--period", "1s", "--tcp", "127.0.0.1:0", "--keyring", f"{path}/keys.toml")
            programs.append(meter)
            source = meter.place("(tcp://.*)", "stdout")
            meter.go_on()
            watch = Program(
                smarty, "watch", f"lu={source}", "nl=sim:?profile=nl5&period=1",
                "dk=sim:?profile=kamstrup&period=1",
                "--keyring", f"{path}/keys.toml", "--json", "-o", f"{path}/out.json", "--metrics", "127.0.0.1:0",
                "--forward", "lu=0", "--forward", "nl=0", "--forward", "dk=0", "--forward", f"nl=pty:{path}/meter",
            )
            programs.append(watch)
            lu, nl, dk = (watch.place(f"telegrams of {label} at tcp://(.*)") for label in LEAST)
            numbers = watch.place("http://(.*)/metrics")
            watch.go_on()
            raw = Program(smarty, "watch", f"lu={source}", "--forward", "lu=0", "--forward-raw")
            programs.append(raw)
            encrypted = raw.place("telegrams of lu at tcp://(.*)")
            raw.go_on()
            ring = tomllib.loads((path / "keys.toml").read_text())
            key = next(entry["key"] for entry in ring.values())
            keys = {"encryption_key": key, "authentication_key": "00112233445566778899AABBCCDDEEFF"}
            check_telegrams(path / "out.json", {
                "LUXEMBOURG_SMARTY over TCP": ("lu", socket_reader(lu, specifications.LUXEMBOURG_SMARTY)),
                "MSN over TCP, encrypted": ("lu", socket_reader(encrypted, specifications.MSN, **keys)),
                "V5 over TCP, made of pushes": ("dk", socket_reader(dk, specifications.V5)),
                "V5 over TCP": ("nl", socket_reader(nl, specifications.V5)),
                "V5 at a serial port": ("nl", SerialReader(f"{path}/meter", dict(SERIAL_SETTINGS_V5), specifications.V5)),
            })
            check_numbers(path / "out.json", numbers)
        finally:
            for program in programs:
                program.end()


main(sys.argv[1])
