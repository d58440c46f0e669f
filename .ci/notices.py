"""Prints the notices of all that is linked into smarty for a target: each text of a licence once, with its crates.

Takes the target. Their sources are where cargo has unpacked them; RUSTC names the compiler, whose library is in it too.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

target = sys.argv[1]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


metadata = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target))
packages = {package["id"]: package for package in metadata["packages"]}
needs = {
    node["id"]: [one["pkg"] for one in node["deps"] if any(kind["kind"] is None for kind in one["dep_kinds"])]
    for node in metadata["resolve"]["nodes"]
}
root = metadata["resolve"]["root"]
found, rest = set(), [root]
while rest:
    package = rest.pop()
    if package not in found:
        found.add(package)
        rest += needs[package]
found.remove(root)

texts, bare = {}, []
for package in sorted((packages[package] for package in found), key=lambda package: (package["name"], package["version"])):
    name = f"{package['name']} {package['version']} ({package['license'] or 'see its text'})"
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and re.match(r"(licen[cs]e|copying|copyright|notice|unlicense)", path.name, re.I)
    ]
    for path in files:
        lines = [line.rstrip() for line in path.read_text(errors="replace").strip().splitlines()]
        users = texts.setdefault("\n".join(lines), [])
        if name not in users:
            users.append(name)
    if not files:
        source = package["repository"] or f"https://crates.io/crates/{package['name']}"
        bare.append(f"{name}, by {', '.join(package['authors']) or 'its contributors'}: {source}")

rust = output(os.environ.get("RUSTC", "rustc"), "--version").strip()
print("smarty is built of these, whose notices follow. Its own licence is in LICENSE.\n")
print(f"The standard library of Rust, {rust}: MIT OR Apache-2.0, https://www.rust-lang.org")
print(
    "The GNU C library, where it is linked in: LGPL-2.1-or-later, https://sourceware.org/glibc. Its licence lets you\n"
    "link smarty with another: .ci/release in the sources of smarty does, on a system that has that one."
)
if bare:
    print("\nThese bring no text of their own:\n")
    print("\n".join(bare))
for text, users in texts.items():
    print("\n" + "=" * 100)
    print("\n".join(users))
    print("-" * 100 + f"\n{text}")
