#!/usr/bin/env python3
"""Counts the instructions of the hot paths and compares them with bench/instructions.json.

usage: callgrind.py [--update] PROGRAM   PROGRAM is ward_hot_paths_count of the release build.

Only instructions inside PROGRAM itself are counted (its own code and the headers compiled into it):
what libcrypto, libstdc++ and libc execute depends on the processor's features and is left out. The
counts are those of Debian 12's g++; a path may differ from its record by TOLERANCE either way. A
change that is meant is recorded with --update and read in review.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOLERANCE = 0.03
RECORD = pathlib.Path(__file__).resolve().parent.parent / "bench/instructions.json"


def own_instructions(text, program):
    """own_instructions adds up the self cost that a callgrind file gives to the object `program`.

    In the format (callgrind format 1) `ob=(id) name` sets the object and later `ob=(id)` refers to it;
    the line after `calls=` is the cost of the callee, which is counted where the callee stands.
    """
    names, current, total, callee = {}, None, 0, False
    for line in text.splitlines():
        match = re.match(r"ob=\((\d+)\)(?: (.*))?$", line)
        if match:
            if match.group(2):
                names[match.group(1)] = match.group(2)
            current = names.get(match.group(1))
        elif re.match(r"cob=\((\d+)\) ", line):
            number, name = re.match(r"cob=\((\d+)\) (.*)$", line).groups()
            names[number] = name
        elif line.startswith("calls="):
            callee = True
        elif re.match(r"[+\-*\d]", line):
            if not callee and current == program:
                total += int(line.split()[1])
            callee = False
    return total


def count(program, name):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        run = subprocess.run(["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=hot_path_once",
                              f"--callgrind-out-file={out}", program, name],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"callgrind: {name} failed ({run.returncode}):\n{run.stderr}")
        return own_instructions(out.read_text(), program)


def compare(counts, record):
    """compare returns one line per path that is unknown, gone, or off by more than TOLERANCE."""
    faults = [f"{name}: recorded, but no longer a hot path" for name in sorted(record.keys() - counts.keys())]
    for name, now in counts.items():
        was = record.get(name)
        if was is None:
            faults.append(f"{name}: {now} instructions, not recorded")
        elif abs(now - was) > TOLERANCE * was:
            faults.append(f"{name}: {now} instructions, recorded are {was} ({100 * (now - was) / was:+.1f} %)")
    return faults


def main(argv):
    update = "--update" in argv
    program = str(pathlib.Path([a for a in argv[1:] if a != "--update"][0]).resolve())
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    counts = {name: count(program, name) for name in names}
    if update:
        RECORD.write_text(json.dumps(counts, indent=2) + "\n")
        return 0
    faults = compare(counts, json.loads(RECORD.read_text()))
    for fault in faults:
        print(f"callgrind: {fault}")
    if faults:
        print("callgrind: if the change is meant: tools/callgrind.py --update build/release/test-bin/ward_hot_paths_count")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
