#!/usr/bin/env python3
"""Disables each check of every TEE in turn and sees that a named test fails: a check that could vanish
without a test noticing is none.

usage: check_kill.py WARD TESTS

TESTS is the test program linked with test/support/killed_check.cc; WARD lists the checks. Exit 1 where a check's death
goes unnoticed, or where a test fails with no check killed.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(program, killed):
    """The names of the tests that fail, or how the program ended."""
    names = f"*__{killed.replace('.', '_')}__*" if killed else "*"
    done = subprocess.run([program, f"--gtest_filter={names}", "--gtest_brief=1"], capture_output=True, text=True,
                          env={**os.environ, "WARD_KILLED_CHECK": killed}, check=False)
    if done.returncode < 0:  # what rests on the check broke an assertion: nobody overlooks that
        return [f"the program ends by signal {-done.returncode}"]
    failed = re.findall(r"^\[  FAILED  \] ([\w./]+)(?:,|$| )", done.stdout, re.MULTILINE)
    if bool(failed) != (done.returncode != 0):
        sys.exit(f"{program}: exit {done.returncode} with {killed or 'no check'} killed:\n{done.stdout}{done.stderr}")
    return failed


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    ward, program = sys.argv[1:]
    listed = subprocess.run([ward, "checks", "--json"], capture_output=True, text=True, check=True)
    tees = tuple(f"{scheme.parent.name}." for scheme in ROOT.glob("tee/*/scheme.h")) + ("composite.",)
    checks = [c["id"] for c in json.loads(listed.stdout)["checks"] if c["id"].startswith(tees)]
    if run(program, ""):
        print("a test fails although no check is killed")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(zip(checks, pool.map(lambda check: run(program, check), checks)))
    unnoticed = [check for check, failed in results if not failed]
    for check, failed in results:
        print(f"{check:40} {failed[0] if failed else 'NOBODY NOTICED'}")
    print(f"{len(checks)} checks killed, {len(unnoticed)} unnoticed")
    return 0 if checks and not unnoticed else 1


if __name__ == "__main__":
    sys.exit(main())
