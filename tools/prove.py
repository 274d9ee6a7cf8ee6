#!/usr/bin/env python3
"""Runs the models of formal/ and compares what the tools find with what formal/claims.json says.

usage: prove.py --verifpal PROGRAM [--quick] [--json] [--only WORD] [--work FOLDER]

A row of claims.json is one run: a model with flags, and for each query `holds` or `attack`. A row that removes a binding, or
an assumption, names the row that it is made from (`of`) and the flag (`removes`), and says `attack` of something that holds there. What was not
searched to the end never holds. Exit: 0 all as claimed; 1 something was found otherwise; 2 usage; 3 something could not be told.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

FORMAL = pathlib.Path(__file__).resolve().parent.parent / "formal"
HOLDS, ATTACK, UNTOLD = "holds", "attack", "not told"
LIMIT_S = 900  # of one call of a tool
FLAG = re.compile(r"^#if(?:n?def) +(\w+)", re.M)
CONSTANTS = {"ENDS", "REQUESTS"}  # numbers, not flags
PROGRESS = "no_invalid_end"  # Spin's own: nobody waits for ever


class Failed(Exception):
    """A tool that did not do its work: its words."""


def call(command, folder=None):
    try:
        done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    return done


def checked(command, folder=None):
    done = call(command, folder)
    if done.returncode != 0:
        raise Failed((done.stderr or done.stdout).strip() or f"{command[0]}: {done.returncode}")
    return done.stdout


def defines(row):
    return [f"-D{flag}" for flag in flags(row)]


def flags(row):
    return [*row.get("flags", []), *([row["removes"]] if "removes" in row else [])]


def read_verifpal(text):
    """read_verifpal gives {query: (found, note)} of the prover's report; an attack has a trace, what holds was searched to the end."""
    models = json.loads(text)["models"]
    if len(models) != 1 or not models[0]["ok"]:
        raise Failed("the report is not about one model that was judged")
    out = {}
    for query in models[0]["analysis"]["queries"]:
        envelope = query["envelope"]
        if query["resolved"] is True:
            found = ATTACK
        elif query["resolved"] is False and envelope["exhausted"] is True and not envelope["truncations"]:
            found = HOLDS
        else:
            found = UNTOLD
        out[re.sub(r"\[.*", "", query["query"])] = (found, envelope["summary"])
    return out


def run_verifpal(row, program, folder):
    model = folder / f"{row['name']}.vp"
    model.write_text(checked(["cpp", "-P", "-undef", "-nostdinc", *defines(row), FORMAL / row["model"]]))
    return read_verifpal(checked([program, str(row.get("sessions", 1)), model]))


def read_pan(text):
    """read_pan gives (found, note) of a verifier's output: an error is an attack; none holds where the search was whole."""
    errors = re.search(r"errors: (\d+)", text)
    states = re.search(r"([\d.e+]+) states, stored", text)
    if not errors or not states:
        return UNTOLD, "no result"
    note = f"{states[1]} states"
    if int(errors[1]) > 0:
        broken = "assertion violated" in text or "invalid end state" in text
        return (ATTACK if broken else UNTOLD), note
    if re.search(r"not completed|max search depth too small|out of memory|aborting", text):
        return UNTOLD, note
    return HOLDS, note


def run_spin(row, folder):
    place = folder / row["name"]
    place.mkdir()
    made = checked(["spin", "-a", *defines(row), FORMAL / row["model"]], place)
    known = re.findall(r"^ltl (\w+):", made, re.M)
    asked = [query for query in [*known, PROGRESS] if "removes" not in row or query in row["queries"]]
    checked(["gcc", "-O0", "-w", "-o", "pan", "pan.c"], place)
    if PROGRESS in asked:
        checked(["gcc", "-O0", "-w", "-DNOCLAIM", "-o", "pan_ends", "pan.c"], place)
    out = {}
    for query in asked:
        if query == PROGRESS:
            done = call(["./pan_ends", "-m200000"], place)
        else:
            done = call(["./pan", "-a", "-E", "-m200000", "-N", query], place)
        out[query] = read_pan(done.stdout)
    return out


def judge(row, found):
    """judge compares a row's claims with what was found: [(query, expected, found, note, as claimed)]. A query on one side alone differs."""
    out = []
    for query in [*row["queries"], *(q for q in found if q not in row["queries"])]:
        expected = row["queries"].get(query, "no claim")
        got, note = found.get(query, (UNTOLD, "the model has no such query"))
        out.append((query, expected, got, note, expected == got))
    return out


def check_claims(rows, texts):
    """check_claims lists what is wrong with the claims themselves. texts: {model: its text}."""
    wrong = []
    names = {row["name"]: row for row in rows}
    if len(names) != len(rows):
        wrong.append("two rows have one name")
    for row in rows:
        name = row["name"]
        unknown = [flag for flag in flags(row) if flag not in FLAG.findall(texts[row["model"]])]
        wrong += [f"{name}: the model does not know {flag}" for flag in unknown]
        if any(value not in (HOLDS, ATTACK) for value in row["queries"].values()) or not row["queries"]:
            wrong.append(f"{name}: a query is claimed to hold or to have an attack")
        if "removes" not in row:
            continue
        base = names.get(row.get("of"))
        if base is None or "removes" in base:
            wrong.append(f"{name}: it is made from no row")
            continue
        if sorted(flags(base)) != sorted(row.get("flags", [])) or any(
                row.get(key, 1) != base.get(key, 1) for key in ("model", "sessions")):
            wrong.append(f"{name}: it differs from {base['name']} in more than {row['removes']}")
        if not any(value == ATTACK and base["queries"].get(query) == HOLDS for query, value in row["queries"].items()):
            wrong.append(f"{name}: nothing that holds in {base['name']} is attacked here")
    for model, text in texts.items():
        used = {flag for row in rows if row["model"] == model for flag in flags(row)}
        wrong += [f"{model}: no row uses {flag}" for flag in sorted(set(FLAG.findall(text)) - used - CONSTANTS)]
    return wrong


def run_row(row, program, folder):
    begun = time.monotonic()
    try:
        found = run_spin(row, folder) if row["model"].endswith(".pml") else run_verifpal(row, program, folder)
        error = ""
    except (Failed, ValueError, KeyError, TypeError) as fault:
        found, error = {}, f"{type(fault).__name__}: {fault}" if not isinstance(fault, Failed) else str(fault)
    took = time.monotonic() - begun
    return [{"row": row["name"], "model": row["model"], "removes": row.get("removes", ""), "query": query,
             "expected": expected, "found": "error" if error else got, "note": error or note,
             "as_claimed": same and not error, "seconds": round(took, 2)}
            for query, expected, got, note, same in judge(row, found)]


def exit_of(lines):
    if any(line["found"] in (HOLDS, ATTACK) and not line["as_claimed"] for line in lines):
        return 1
    return 0 if lines and all(line["as_claimed"] for line in lines) else 3


def show(line, out):
    mark = "ok" if line["as_claimed"] else "DIFFERS"
    print(f"{line['row']:32} {line['query'][:58]:58} {line['expected']:8} {line['found']:8} {line['seconds']:7.2f} s  "
          f"{line['note'].splitlines()[0] if line['note'] else '':36} {mark}", file=out, flush=True)


def main(argv):
    parser = argparse.ArgumentParser(prog="./run prove", description="models of formal/, against formal/claims.json")
    parser.add_argument("--verifpal", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="without the rows that take long")
    parser.add_argument("--json", action="store_true", help="ward.prove/1 instead of the table")
    parser.add_argument("--only", default="", help="rows whose name has this word in it")
    args = parser.parse_args(argv)
    rows = json.loads((FORMAL / "claims.json").read_text())
    wrong = check_claims(rows, {name: (FORMAL / name).read_text() for name in sorted({row["model"] for row in rows})})
    for text in wrong:
        print(f"ward: error: formal/claims.json: {text}", file=sys.stderr)
    if wrong:
        return 3
    chosen = [row for row in rows if args.only in row["name"] and not (args.quick and row.get("long"))]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for row in chosen:
            for line in run_row(row, args.verifpal, pathlib.Path(folder)):
                lines.append(line)
                show(line, sys.stderr if args.json else sys.stdout)
    if args.json:
        print(json.dumps({"schema": "ward.prove/1", "lines": lines}, indent=1))
    else:
        good = sum(line["as_claimed"] for line in lines)
        print(f"{good} of {len(lines)} queries of {len(chosen)} models are as claimed")
    return exit_of(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
