#!/usr/bin/env python3
"""Fails when a linked program, or a shared library, lacks RELRO, BIND_NOW, PIE or a non-executable stack.

usage: hardening.py PLACE...   each ELF program or library, or those directly in a folder, is read with readelf.
"""
import pathlib
import subprocess
import sys


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True, capture_output=True, text=True).stdout


def faults(path):
    """faults returns what is wrong with one program."""
    header, segments, dynamic = (readelf(o, path) for o in ("-h", "-l", "-d"))
    stack = [line for line in segments.splitlines() if "GNU_STACK" in line]
    out = []
    if "DYN (" not in header or ("PIE" not in dynamic and "SONAME" not in dynamic):
        out.append("not position independent (PIE)")
    if "GNU_RELRO" not in segments:
        out.append("no RELRO")
    if not any("FLAGS" in line and "NOW" in line for line in dynamic.splitlines()):
        out.append("no BIND_NOW")
    if not stack or "RWE" in stack[0]:
        out.append("executable stack")
    return out


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def main(places):
    paths = [pathlib.Path(place) for place in places]
    files = [p for path in paths for p in (sorted(path.glob("*")) if path.is_dir() else [path])]
    programs = [p for p in files if p.is_file() and is_elf(p)]
    bad = 0
    for path in programs:
        for fault in faults(path):
            print(f"{path}: {fault}")
            bad += 1
    if not programs:
        print("hardening: no program found: build first")
    return 1 if bad or not programs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
