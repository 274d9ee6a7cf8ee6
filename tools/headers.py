#!/usr/bin/env python3
"""Prints the headers that no source file includes first.

A header that a source of its own includes first compiles alone, because the build compiled that
source (tools/includes.py sees to std's headers, which CI's builds have precompiled); the others are
compiled by `./run lint headers`. Headers of tests (they include gtest) are left out: they may need
their target's definitions.
"""
import pathlib
import re
import sys

FOLDERS = ("src", "tee", "lib", "include", "apps", "test")


def first_include(path):
    match = re.search(r'^\s*#include\s+"([^"]+)"', path.read_text(), re.M)
    return match.group(1) if match else None


def main(root):
    files = [p for f in FOLDERS for p in sorted((root / f).rglob("*")) if p.suffix in {".h", ".cc"}]
    proved = set()
    for path in files:
        if path.suffix == ".cc":
            included = first_include(path)
            for base in (root / "src", root, root / "include"):
                if included and (base / included).is_file():
                    proved.add((base / included).resolve())
    for path in files:
        if path.suffix == ".h" and path.resolve() not in proved and "<gtest/" not in path.read_text():
            print(path.relative_to(root))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
