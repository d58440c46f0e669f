#!/usr/bin/env bash
# Compares whole commands side by side in one run: tests/bench/compare.sh [FRAMES]
#
# Needs hyperfine, Python, and for the peers the network: the Python package dsmr-parser goes into a virtual
# environment, the crate dsmr5 is built; PEERS=no leaves these two out. dsmr-parser gets a hundredth of the frames.
# DSMR_PARSER=/folder/of/a/checkout adds the C++ library esphome-libs/dsmr_parser; it needs g++ and mbedTLS (Debian:
# libmbedtls-dev) and is built with -O2, with which it is faster than with -O3. Nothing here, smarty neither, is built
# for just the machine at hand.
set -euo pipefail
cd "$(dirname "$0")/../.."

frames=${1:-60000}
runs=${RUNS:-7}
five=active_energy_import,active_energy_export,active_power_import,active_power_export,gas
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cargo build --release --locked --quiet
cipher=$(cargo bench --locked --quiet --bench cipher --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*cipher-[^"]*\)".*/\1/p' | tail -1)
smarty=${CARGO_TARGET_DIR:-target}/release/smarty

"$smarty" simulate -q --profile lu-full --seed 1 -n "$frames" -o "$folder/long.bin" --keyring "$folder/keys.toml"
"$smarty" simulate -q --profile lu-full --seed 1 -n "$((frames / 100))" -o "$folder/short.bin"
key=$(sed -n 's/^key = "\(.*\)"/\1/p' "$folder/keys.toml")
ring=(--keyring "$folder/keys.toml")
"$smarty" decrypt -q "$folder/long.bin" "${ring[@]}" -o "$folder/long.txt"

names=() commands=() counts=()
add() { # NAME FRAMES COMMAND...
    names+=("$1") counts+=("$2") commands+=("${*:3}")
}
add "cat" "$frames" cat "$folder/long.bin"
add "the cipher alone" "$frames" "$cipher" "$folder/long.bin" "$key"
for jobs in 1 2; do
    parse=("$smarty" parse "$folder/long.bin" "${ring[@]}" --jobs "$jobs")
    add "smarty decrypt --jobs $jobs" "$frames" "$smarty" decrypt "$folder/long.bin" "${ring[@]}" --jobs "$jobs"
    add "smarty parse --json --jobs $jobs" "$frames" "${parse[@]}" --json
    add "smarty parse --json -F, five, --jobs $jobs" "$frames" "${parse[@]}" --json -F "$five"
    add "smarty parse --csv --jobs $jobs" "$frames" "${parse[@]}" --csv
done
add "smarty parse --json, in clear" "$frames" "$smarty" parse "$folder/long.txt" --jobs 1 --json
if [ "${PEERS:-yes}" = yes ]; then
    peers=${CARGO_TARGET_DIR:-target}/peers
    python3 -m venv "$peers/python" && "$peers/python/bin/pip" install -q dsmr-parser
    add "dsmr-parser (Python)" "$((frames / 100))" \
        "$peers/python/bin/python" tests/bench/peers/decode.py "$folder/short.bin" "$key"
    CARGO_TARGET_DIR=$peers cargo build --release --locked --quiet --manifest-path tests/bench/peers/dsmr5/Cargo.toml
    add "dsmr5 (Rust), in clear" "$frames" "$peers/release/peer-dsmr5" "$folder/long.txt"
fi
if [ -n "${DSMR_PARSER:-}" ]; then
    # All fields that the library has, but one: its threshold is in kW, a meter in Luxembourg sends kVA, and a line
    # with another unit makes the library refuse the telegram.
    sed -n 's/^DEFINE_FIELD(\([a-z0-9_]*\),.*/fields::\1/p' "$DSMR_PARSER/src/dsmr_parser/fields.h" |
        grep -vx 'fields::electricity_threshold' | paste -sd, >"$folder/fields.inc"
    g++ -std=c++20 -O2 -I "$DSMR_PARSER/src" -I "$folder" tests/bench/peers/dsmr_parser.cpp -lmbedcrypto \
        -o "$folder/peer-dsmr_parser"
    add "dsmr_parser (C++)" "$frames" "$folder/peer-dsmr_parser" "$folder/long.bin" "$key"
fi

arguments=(--shell=none --warmup 1 --runs "$runs" --style basic --export-json "$folder/times.json")
for index in "${!names[@]}"; do
    arguments+=(--command-name "${names[$index]}" "${commands[$index]}")
done
hyperfine "${arguments[@]}" >"$folder/hyperfine.txt" 2>&1 || { cat "$folder/hyperfine.txt" >&2; exit 1; }

python3 - "$folder/times.json" "$(stat -c %s "$folder/long.bin")" "$frames" "${counts[@]}" <<'PYTHON'
import json, sys

path, size, frames, *counts = sys.argv[1:]
results = json.load(open(path))["results"]
each = int(size) / int(frames)
cipher = None
print("| | µs a frame | CPU µs a frame | GB/s | CPU, × the cipher alone |\n| --- | ---: | ---: | ---: | ---: |")
for result, count in zip(results, map(int, counts)):
    micros = result["median"] / count * 1e6
    # What else the machine does is not in it.
    cpu = (result["user"] + result["system"]) / count * 1e6
    if result["command"] == "the cipher alone":
        cipher = cpu
    ratio = f"{cpu / cipher:.1f}" if cipher else ""
    print(f"| {result['command']} | {micros:.2f} | {cpu:.2f} | {each / micros / 1e3:.2f} | {ratio} |")
PYTHON
