"""Checks the app of Home Assistant: its settings, its translations, and what its script makes of options.

Takes the program. What may stand in config.yaml: https://developers.home-assistant.io/docs/apps/configuration
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request

import yaml

smarty = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parent.parent
app = root / "samples/home-assistant-addon"
package = tomllib.loads((root / "Cargo.toml").read_text())["package"]

# What the Supervisor takes, of that which is used here.
KINDS = {
    "name": str, "version": str, "slug": str, "description": str, "arch": list, "startup": str, "init": bool,
    "uart": bool, "services": list, "map": list, "ports": dict, "options": dict, "schema": dict,
}
config = yaml.safe_load((app / "config.yaml").read_text())
for key, value in config.items():
    assert isinstance(value, KINDS[key]), key
assert config["version"] == package["version"], "the versions of the app and of Cargo.toml differ"
assert re.fullmatch(r"[a-z0-9_-]+", config["slug"])
assert set(config["arch"]) <= {"aarch64", "amd64"}
assert config["startup"] in {"initialize", "system", "services", "application", "once"}
assert all(re.fullmatch(r"(mqtt|mysql):(provide|want|need)", service) for service in config["services"])
assert all(folder["type"] in {"app_config", "data", "share", "ssl"} for folder in config["map"])
assert all(re.fullmatch(r"\d+/(tcp|udp)", port) for port in config["ports"])


def check(schema, value, place):
    """Whether a value is what the schema of an option says."""
    if isinstance(schema, dict):
        required = {key for key, kind in schema.items() if not (isinstance(kind, str) and kind.endswith("?"))}
        assert required <= value.keys() <= schema.keys(), (place, value)
        for key, inner in value.items():
            check(schema[key], inner, f"{place}.{key}")
    elif isinstance(schema, list):
        for inner in value:
            check(schema[0], inner, place)
    else:
        kind, _, pattern = schema.removesuffix("?").partition("(")
        assert kind in {"str", "bool", "int", "float", "email", "url", "password", "port", "match", "list", "device"}
        if kind == "match":
            assert re.match(pattern.removesuffix(")"), value), (place, value)
        else:
            assert isinstance(value, bool if kind == "bool" else str), (place, value)


schema = config["schema"]
check(schema, config["options"], "options")
translations = sorted((app / "translations").glob("*.yaml"))
assert [path.stem for path in translations] == ["de", "en", "fr"]
for path in translations:
    texts = yaml.safe_load(path.read_text())
    assert texts["configuration"].keys() == schema.keys(), path
    assert all(text.keys() == {"name", "description"} and all(text.values()) for text in texts["configuration"].values()), path
    assert texts["network"].keys() == config["ports"].keys(), path
told = (app / "DOCS.md").read_text()
names = [name for name in schema if name != "sources"] + list(schema["sources"][0])
assert all(f"| `{name}` |" in told for name in names), "DOCS.md leaves an option out"
recipe = (app / "Dockerfile").read_text()
assert f'io.hass.arch="{"|".join(config["arch"])}"' in recipe
assert os.access(app / "run.sh", os.X_OK)

# The functions of bashio that the script calls, over files.
BASHIO = r"""
set -o errexit -o errtrace -o nounset -o pipefail
look_up() { python3 -c '
import json, re, sys
value = json.load(open(sys.argv[1]))
query, _, filter = sys.argv[2].partition(" | ")
for part in re.findall(r"[a-z_]+|\d+", query):
    value = value[int(part)] if part.isdigit() else (value or {}).get(part)
value = len(value) if filter == "length" else value
print("null" if value is None else value if isinstance(value, str) else json.dumps(value), end="")
' "$@"; }
bashio::config() { look_up "$FAKE/options.json" "$1"; }
bashio::config.has_value() { case $(bashio::config "$1") in null | '') return 1 ;; esac; }
bashio::config.true() { [ "$(bashio::config "$1")" = true ]; }
bashio::services.available() { [ -e "$FAKE/$1.json" ]; }
bashio::services() { look_up "$FAKE/$1.json" "$2"; }
bashio::log.info() { echo "INFO: $*" >&2; }
bashio::log.warning() { echo "WARNING: $*"; }
bashio::exit.nok() { echo "FATAL: $*" >&2; exit 1; }
source "$1"
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, condition, program=None):
    for _ in range(1200):
        try:
            found = condition()
        except OSError:
            found = None
        if found:
            return found
        assert program is None or program.poll() is None, (what, program.stderr.read())
        time.sleep(0.1)
    raise AssertionError(f"in vain: {what}")


class Place:
    """Folders of the app, the program in the path of its script, at a port that is free."""

    def __init__(self, folder, options, service=None):
        self.folder = folder
        self.port = free_port()
        for name in ["data", "config", "bin", "fake"]:
            (folder / name).mkdir(parents=True)
        (folder / "fake/bashio").write_text(BASHIO)
        check(schema, options, "options")
        (folder / "fake/options.json").write_text(json.dumps(options))
        if service:
            (folder / "fake/mqtt.json").write_text(json.dumps(service))
        program = folder / "bin/smarty"
        program.write_text(f'#!/bin/sh\nexec "{smarty}" "$@" --metrics 127.0.0.1:{self.port}\n')
        program.chmod(0o755)

    def start(self):
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder), "FAKE": f"{self.folder}/fake",
            "SMARTY_DATA": f"{self.folder}/data", "SMARTY_CONFIG": f"{self.folder}/config",
        }
        command = ["bash", self.folder / "fake/bashio", app / "run.sh"]
        program = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(program)
        return program

    def page(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as page:
            return page.read().decode()

    def settings(self):
        return tomllib.loads((self.folder / "data/smarty.toml").read_text())


def stop(program):
    program.send_signal(signal.SIGTERM)
    output, errors = program.communicate(timeout=20)
    return program.returncode, output, errors


folder = pathlib.Path(tempfile.mkdtemp())
started = []
try:
    # A meter with a key, at a broker whose names and passwords have what must be quoted.
    key, second = "0A1B2C3D4E5F60718293A4B5C6D7E8F9", "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
    options = {
        "sources": [
            {"label": "house", "address": "sim:?plain"},
            {"label": "flat-2", "address": "tcp://127.0.0.1:9", "key": key, "auth_key": second},
        ],
        "every": "1s",
        "on_change": True,
    }
    user, password = "anna@home/ü", "p\"ass\\wörd $x"
    mosquitto = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    port = free_port()
    service = {"host": "127.0.0.1", "port": port, "ssl": False, "username": user, "password": password}
    place = Place(folder / "whole", options, service)
    if mosquitto:
        (folder / "passwords").write_text(f"{user}:{password}\n")
        subprocess.run(["mosquitto_passwd", "-U", folder / "passwords"], check=True)
        os.chmod(folder / "passwords", 0o644)
        os.chmod(folder, 0o755)
        (folder / "broker.conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/passwords\nlog_type all\n"
        )
        log = open(folder / "broker.log", "w")
        started.append(subprocess.Popen([mosquitto, "-c", folder / "broker.conf", "-v"], stdout=log, stderr=log))
    program = place.start()
    until("numbers of the meter", lambda: 'label="house"' in place.page(), program)
    if mosquitto:
        seen = lambda: (folder / "broker.log").read_text()
        until("discovery", lambda: "homeassistant/device/smarty_" in seen(), program)
        until("a value", lambda: "smarty/house/active_power_import_kw" in seen(), program)
    else:
        print("left out: mosquitto is not here, nothing is published")
    code, output, errors = stop(program)
    assert key not in output + errors and password not in output + errors, errors
    made = place.settings()
    assert [source["label"] for source in made["source"]] == ["house", "flat-2"], made
    assert made["every"] == "1s" and made["on_change"] is True and made["metrics"] == "0.0.0.0:9100", made
    assert made["mqtt"]["url"] == f"mqtt://anna%40home%2F%C3%BC@127.0.0.1:{port}", made
    keys = tomllib.loads((place.folder / "data/keys.toml").read_text())
    assert keys == {"flat-2": {"key": key, "auth_key": second}}, keys
    assert (place.folder / "data/mqtt.password").read_text() == password + "\n"
    for file in (place.folder / "data").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file

    # No broker, and the options that are there from the start, but for the port.
    options = {"sources": [{"label": "house", "address": "sim:?plain"}]}
    place = Place(folder / "alone", options)
    program = place.start()
    until("numbers of the meter", lambda: 'label="house"' in place.page(), program)
    code, output, errors = stop(program)
    assert "no MQTT broker" in errors and "mqtt" not in place.settings(), errors

    # Another broker; a password that is gone from the options is gone from the disk.
    options |= {"mqtt_url": "mqtt://127.0.0.1:9/home"}
    place = Place(folder / "other", options, service)
    (place.folder / "data/mqtt.password").write_text("old")
    program = place.start()
    until("numbers of the meter", lambda: 'label="house"' in place.page(), program)
    stop(program)
    assert place.settings()["mqtt"] == {"url": "mqtt://127.0.0.1:9/home"}
    assert not (place.folder / "data/mqtt.password").exists()

    # Settings of one's own.
    place = Place(folder / "own", {"sources": []})
    (place.folder / "config/smarty.toml").write_text('[[source]]\nlabel = "mine"\naddress = "sim:?plain"\n')
    program = place.start()
    until("numbers of the meter", lambda: 'label="mine"' in place.page(), program)
    stop(program)

    # Nothing to read is said.
    place = Place(folder / "none", {"sources": []})
    program = place.start()
    _, errors = program.communicate(timeout=20)
    assert program.returncode == 1 and "There is no source" in errors, errors
finally:
    for program in started:
        program.kill()
        program.wait()
    shutil.rmtree(folder, ignore_errors=True)
print("the app of Home Assistant is as it is documented, and runs")
