#!/usr/bin/env python3
"""Replays each fuzz target's committed seeds and asserts how much of its parser they reach.

usage: fuzz_coverage.py [--json] [--missing] [--minimum PERCENT] BUILD [TARGET...]
BUILD is the folder of a build with WARD_COVERAGE and its replay programs. Its fuzzers.tsv has a row
`target TAB folder of seeds TAB parser's files, separated by ;` for each target: what ward_library's
FUZZ says. FILE!FUNCTION!... leaves functions out that are no part of the parser. --missing names the lines that no seed reaches. Exit: 0; 1 a target is below the minimum,
or a named file or function is not in its program; 3 a program is missing or failed.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MINIMUM = 90.0


class Failure(Exception):
    """A step that could not be done."""


def read_targets(text):
    """read_targets returns [(target, seeds, [parser's files])] of a fuzzers.tsv."""
    rows = []
    for line in text.splitlines():
        target, seeds, parsers = line.split("\t")
        rows.append((target, seeds, [parser for parser in parsers.split(";") if parser]))
    return rows


def line_counts(lcov, root):
    """line_counts returns file -> {line: times run} of an lcov report, files relative to root."""
    files, lines = {}, {}
    for row in lcov.splitlines():
        kind, _, rest = row.partition(":")
        if kind == "SF":
            lines = files.setdefault(os.path.relpath(os.path.join(root, rest), root), {})
        elif kind == "DA":
            line, count = rest.split(",")[:2]
            lines[int(line)] = max(lines.get(int(line), 0), int(count))
    return files


def function_spans(export, root):
    """function_spans returns file -> [(mangled name, first line, last line)] of llvm-cov's JSON."""
    spans = {}
    for function in export["data"][0]["functions"]:
        first, _, last, *_ = function["regions"][0]
        path = os.path.relpath(os.path.join(root, function["filenames"][0]), root)
        name = function["name"].replace("12_GLOBAL__N_1", "")  # an anonymous namespace ends in a digit
        spans.setdefault(path, []).append((name, first, last))
    return spans


def judge(target, parsers, counts, spans):
    """judge returns the row of one target; what is named and not there is in `absent`."""
    files, absent = [], []
    for parser in parsers:
        path, *left_out = parser.split("!")
        lines = dict(counts.get(path, {}))
        if not lines:
            absent.append(path)
        for name in left_out:
            found = [span for span in spans.get(path, []) if re.search(rf"\D{len(name)}{name}", span[0])]
            if not found:
                absent.append(f"{path}!{name}")
            lines = {line: count for line, count in lines.items()
                     if not any(first <= line <= last for _, first, last in found)}
        missing = sorted(line for line, count in lines.items() if count == 0)
        files.append({"file": path, "without": left_out, "lines": len(lines), "covered": len(lines) - len(missing),
                      "missing": missing})
    lines, covered = sum(f["lines"] for f in files), sum(f["covered"] for f in files)
    return {"target": target, "files": files, "lines": lines, "covered": covered,
            "percent": 100.0 * covered / lines if lines else 0.0,
            "absent": absent}


def faults(rows, minimum):
    """faults returns one line for everything that is not as it must be."""
    found = []
    for row in rows:
        if not row["files"]:
            found.append(f"{row['target']}: no file is named as its parser")
        elif row["absent"]:
            found.append(f"{row['target']}: not in its program: {', '.join(row['absent'])}")
        elif row["percent"] < minimum:
            found.append(f"{row['target']}: its seeds reach {row['percent']:.1f} % of its parser, not {minimum:g} %")
    return found


def ranges(lines):
    """ranges writes line numbers as 3-5 7."""
    spans = []
    for line in lines:
        if spans and spans[-1][1] == line - 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def table(rows, missing=False):
    """table returns the lines for people."""
    wide = max([len("target")] + [len(row["target"]) for row in rows])
    lines = [f"{'target':<{wide}} {'lines':>6} {'covered':>8} {'percent':>8}  parser"]
    for row in rows:
        lines.append(f"{row['target']:<{wide}} {row['lines']:>6} {row['covered']:>8} {row['percent']:>8.1f}  "
                     + " ".join("!".join([f["file"], *f["without"]]) for f in row["files"]))
        for f in row["files"] if missing else []:
            if f["missing"]:
                lines.append(f"  not reached in {f['file']}: {ranges(f['missing'])}")
    return lines


def find_tool(name):
    """find_tool returns the LLVM program of clang 14, or of the default clang."""
    for candidate in (f"{name}-14", name):
        if shutil.which(candidate):
            return candidate
    raise Failure(f"there is no {name}-14")


def run(*command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def measure(build, root, target, seeds, parsers):
    program = os.path.join(build, "test-bin", target + "_replay")
    if not os.path.exists(program):
        raise Failure(f"there is no {program}")
    with tempfile.TemporaryDirectory() as folder:
        raw, profile = os.path.join(folder, "raw"), os.path.join(folder, "profile")
        run(program, seeds, LLVM_PROFILE_FILE=raw)
        run(find_tool("llvm-profdata"), "merge", "-o", profile, raw)
        lcov = run(find_tool("llvm-cov"), "export", "-format=lcov", "-instr-profile", profile, program)
        export = run(find_tool("llvm-cov"), "export", "-skip-expansions", "-instr-profile", profile, program)
    return judge(target, [os.path.relpath(parser, root) for parser in parsers], line_counts(lcov, root),
                 function_spans(json.loads(export), root))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--minimum", type=float, default=MINIMUM)
    parser.add_argument("build")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_intermixed_args(arguments)
    root = str(pathlib.Path(__file__).resolve().parent.parent)
    targets = read_targets((pathlib.Path(options.build) / "fuzzers.tsv").read_text())
    unknown = set(options.targets) - {target for target, _, _ in targets}
    if unknown or not targets:
        parser.error(f"no such fuzz target: {' '.join(sorted(unknown))}")
    rows = [measure(options.build, root, *row) for row in targets if not options.targets or row[0] in options.targets]
    if options.json:
        print(json.dumps({"schema": "ward.fuzz-coverage/1", "minimum": options.minimum, "targets": rows}, indent=1))
    else:
        print("\n".join(table(rows, options.missing)))
    found = faults(rows, options.minimum)
    for fault in found:
        print(f"fuzz_coverage: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Failure, OSError) as failure:
        print(f"fuzz_coverage: {failure}", file=sys.stderr)
        sys.exit(3)
