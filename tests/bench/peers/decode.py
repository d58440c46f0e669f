"""Decrypts and parses a file of frames with the Python package dsmr-parser: FILE KEY."""

import sys

from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser


def frames(stream):
    """Frames one after another, as long as their headers say."""
    at = 0
    while at < len(stream):
        end = at + 13 + int.from_bytes(stream[at + 11 : at + 13], "big")
        yield stream[at:end]
        at = end


def main():
    path, key = sys.argv[1:]
    parser = TelegramParser(telegram_specifications.MSN)
    with open(path, "rb") as file:
        stream = file.read()
    count = 0
    for frame in frames(stream):
        parser.parse(frame.hex(), encryption_key=key)
        count += 1
    print(count, "telegrams")


main()
