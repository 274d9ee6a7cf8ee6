#!/usr/bin/env python3
"""Prints the table of evidence that the tests judged, and fails where the rows contradict the list.

usage: report.py REPORT   REPORT has a row `kind TAB in_manifest TAB judged TAB differences` for each
call of ward::test::report_vectors. Rows of one kind are added up. WARD_VECTORS names the folder of
MANIFEST.tsv; the kinds of it that no test judged are shown with 0.
"""
import collections
import os
import pathlib
import sys


def manifest_counts():
    """manifest_counts returns kind -> number of files; empty where there is no MANIFEST."""
    folder = pathlib.Path(os.environ.get("WARD_VECTORS", "../shared/vectors"))
    path = folder / "MANIFEST.tsv"
    if not path.is_file():
        return {}
    rows = [line.split("\t") for line in path.read_text().splitlines() if line.strip()]
    column = rows[0].index("kind")
    return collections.Counter(row[column] for row in rows[1:])


def merge(lines, counts):
    """merge returns (table, faults): one [in manifest, judged, differences] per kind."""
    table = {kind: [count, 0, 0] for kind, count in counts.items()}
    faults = []
    for line in lines:
        kind, in_manifest, judged, differences = line.split("\t")
        row = table.setdefault(kind, [int(in_manifest), 0, 0])
        if row[0] != int(in_manifest):
            faults.append(f"{kind}: a test counted {in_manifest} files, the list has {row[0]}")
        row[1] += int(judged)
        row[2] += int(differences)
    for kind, row in table.items():
        if row[1] > row[0]:
            faults.append(f"{kind}: {row[1]} files judged of {row[0]}")
    return table, faults


def main(path):
    lines = pathlib.Path(path).read_text().splitlines()
    table, faults = merge(lines, manifest_counts())
    print(f"{'kind':<28} {'in MANIFEST':>11} {'judged':>7} {'differences':>11}")
    for kind in sorted(table):
        print(f"{kind:<28} {table[kind][0]:>11} {table[kind][1]:>7} {table[kind][2]:>11}")
    for fault in faults:
        print(f"report: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
