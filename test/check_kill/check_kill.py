#!/usr/bin/env python3
"""Disables each check of every TEE in turn and sees that a named test fails: a check that could vanish
without a test noticing is none.

usage: check_kill.py WARD TESTS

TESTS is the program of kill_main.cc; WARD lists the checks. Exit 1 where a check's death goes unnoticed, or where a
test fails with no check killed.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    ward, program = sys.argv[1:]
    listed = subprocess.run([ward, "checks", "--json"], capture_output=True, text=True, check=True)
    tees = tuple(f"{scheme.parent.name}." for scheme in ROOT.glob("tee/*/scheme.h")) + ("composite.",)
    checks = [c["id"] for c in json.loads(listed.stdout)["checks"] if c["id"].startswith(tees)]
    done = subprocess.run([program], input="".join(f"{check}\n" for check in checks), stdout=subprocess.PIPE, text=True,
                          check=False)
    noticed = dict(line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    if done.returncode != 0 or not set(checks) <= set(noticed):
        print(f"{program}: exit {done.returncode} after {len(noticed)} of {len(checks)} checks\n{done.stdout[-2000:]}")
        return 1
    for check in checks:
        print(f"{check:40} {noticed[check] or 'NOBODY NOTICED'}")
    unnoticed = [check for check in checks if not noticed[check]]
    print(f"{len(checks)} checks killed, {len(unnoticed)} unnoticed")
    return 0 if checks and not unnoticed else 1


if __name__ == "__main__":
    sys.exit(main())
