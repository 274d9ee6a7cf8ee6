#!/usr/bin/env python3
"""Counts the tests of the gtest programs that ctest ran: ctest sees each program as one.

usage: cases.py FOLDER   (their XML: --gtest_output=xml:FOLDER/NAME.xml)

Prints one line. In CI (the variable CI is set) a test that was skipped is a failed test: they are named on
stderr, and the exit is 1.
"""

import os
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(folder):
    """(programs, tests, those skipped by their names); a program that crashed left no XML, and ctest says so."""
    programs, tests, skipped = 0, 0, []
    for path in sorted(pathlib.Path(folder).glob("*.xml")):
        programs += 1
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            tests += 1
            if case.get("result") == "skipped":
                skipped.append(f"{path.stem}: {case.get('classname')}.{case.get('name')}")
    return programs, tests, skipped


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    programs, tests, skipped = count(sys.argv[1])
    print(f"{tests} tests in {programs} programs, {len(skipped)} of them skipped")
    for name in skipped:
        print(f"skipped: {name}", file=sys.stderr)
    if skipped and os.environ.get("CI"):
        sys.exit("in CI a skipped test is a failed test: the ones above")


if __name__ == "__main__":
    main()
