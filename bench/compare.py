#!/usr/bin/env python3
"""Times ward, the libraries below it and its peers, and prints ratios: one table per area.

usage: compare.py [--quick] [--area NAME] [--peers] [--json | --markdown] [--svg FILE] [--rounds N] [--reference]

Programs are taken from WARD_BIN (build/release/bin). Each row is compared with its base in the same round;
the table has the median of those ratios and their quartiles, and microseconds for information. With --json
stdout is two lines: the whole document, and {"results":[{"name":...,"ratio":...,"base":...},...]}.
Exit: 0; 1 a contestant did not do its work; 2 usage; 3 a program, or a peer that --peers asks for, is missing.
"""
import argparse
import datetime
import json
import os
import pathlib
import sys
import tempfile

import chart
import contestants
import machine
import results
import rounds
import tables

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("WARD_BIN", ROOT / "build/release/bin"))
# Rounds and milliseconds of each chunk. Short chunks follow each other closely; many rounds bear the noise.
FULL, QUICK = (101, 5), (25, 4)
# Of docs/benchmarks.md: what stands between is one run's.
BEGIN, END = "<!-- the reference run begins -->", "<!-- the reference run ends -->"


class Part:
    """Part is a table's entries and rows."""

    absent, refused, named = {}, {}, ()

    def groups(self):
        return []

    def close(self):
        """Ends what was started for it alone."""


class Paths(Part):
    """Paths are ward's own, each with its base: crypto, parsing, cold and warm."""

    def __init__(self, ward, listed):
        self.paths = listed
        self.entries, self.bases = {}, {}
        for path in listed:
            self.entries[path["name"]] = rounds.Entry(ward, path["name"])
            if path["base"] and path["base"] not in self.bases:
                self.bases[path["base"]] = rounds.Entry(ward, path["base"])

    def groups(self):
        """What has the same base, or none, is one group."""
        out = {}
        for path in self.paths:
            key = path["base"] or path["name"]
            group = out.setdefault(key, [self.bases[key]] if path["base"] else [])
            group.append(self.entries[path["name"]])
        return list(out.values())

    def rows(self):
        for path in self.paths:
            entry = self.entries[path["name"]]
            more = results.ratio_of(entry, self.bases[path["base"]]) if path["base"] else {}
            yield results.row(path["area"], path["name"], us=results.microseconds(entry), base=path["base_label"] or None, **more)


class Threads(Part):
    """Threads of one process verify at the same time: what they share shows."""

    def __init__(self, ward, listed):
        cores = len(os.sched_getaffinity(0))
        numbers = sorted({1, *(n for n in (2, 4, 8, 16, 32, 64) if n < cores), cores})
        self.sets = {path["name"]: {n: rounds.Entry(ward, path["name"], rounds.WALL, n) for n in numbers}
                     for path in listed if path["area"] in ("cold", "warm")}
        self.sets |= {name: {n: rounds.Entry(ward, name, rounds.WALL, n) for n in numbers}
                      for name in (f"{path['name']}.batch" for path in listed if path.get("batch"))}

    def groups(self):
        return [list(entries.values()) for entries in self.sets.values()]

    def rows(self):
        for name, entries in self.sets.items():
            for number, entry in entries.items():
                if number == 1:
                    continue
                # How many times one thread's throughput: the inverse of the time of a run.
                faster = results.ratio_of(entries[1], entry)
                yield results.row("threads", f"threads.{name.removeprefix('verify.')}.{number}", us=results.microseconds(entry),
                          base=f"1 thread; {number} would be linear", ratio=faster["ratio"],
                          quartiles=faster["quartiles"], base_us=results.microseconds(entries[1]))


class Memory(Part):
    """Memory is counted, not timed."""

    def __init__(self, ward, listed):
        self.ward = ward
        self.names = [path["name"] for path in listed if path["area"] in ("cold", "warm")]

    def rows(self):
        for name in self.names:
            yield results.row("memory", f"memory.{name.removeprefix('verify.')}", **self.ward.memory(name))


class Platforms(Part):
    """Platforms that are remembered: how many a relying party can know, and what each costs."""

    def __init__(self, ward, count):
        self.ward, self.count = ward, count

    def rows(self):
        made = self.ward.many(self.count)
        yield results.row("platforms", f"platforms.sgx.{self.count}", us=made["known_ns"] / 1000, base_us=made["first_ns"] / 1000,
                          found=made["found"], counted=made["counted"], allocated=made["allocated"])


def keep_rows(quick):
    """The start of a keep with the real programs (keep_start.py), which times itself."""
    import keep_start
    made = keep_start.measure(5 if quick else 20)
    for name in ("keep.start", "keep.hashing", "keep.start.beyond_hashing"):
        first = name == "keep.start"
        yield results.row("keep", name, us=made[name]["median_ms"] * 1000, quartiles_ms=made[name]["quartiles_ms"],
                  ratio=made["ratio"] if first else None, base="1 x keep.hashing" if first else None)


def softd_rows(rows, quick):
    """Evidence through softd (softd_quotes.py), against the same evidence made in this process."""
    import softd_quotes
    alone = {row["name"]: row["us"] for row in rows}
    for (face, clients), us in softd_quotes.measure(500 if quick else 4000, 1 if quick else 5).items():
        name = f"quotes.{face}"
        yield results.row("quotes", f"{name}.softd.{clients}", us=us, ratio=us / alone[name], base=f"1 x {name}", base_us=alone[name])


def service_rows(quick):
    """Whole handshakes with a real wardd (service.py), against the cryptography in one."""
    import service
    connection, handshakes = service.measure(quick)
    yield results.row("connection", "service.connection", **connection)
    for tee, members in handshakes.items():
        yield results.row("service", f"service.rcar.{tee}", **members)


def wanted(options, area):
    return options.area in (None, area)


def parts_of(options, ward, folder):
    """What is measured, by the options."""
    listed = ward.paths()
    out = [Paths(ward, [path for path in listed if wanted(options, path["area"])])]
    if wanted(options, "peers") and (options.peers or not options.quick):
        import peers  # reads the samples of the differential tests
        out.append(peers.Peers(ward, listed, folder))
    if wanted(options, "threads"):
        out.append(Threads(ward, listed))
    if wanted(options, "memory"):
        out.append(Memory(ward, listed))
    if wanted(options, "platforms"):
        out.append(Platforms(ward, options.platforms))
    return out


def measure(options, ward):
    """All rows, in the tables' order, what was not there, and which peer refused what."""
    with tempfile.TemporaryDirectory() as folder:
        parts = parts_of(options, ward, pathlib.Path(folder))
        try:
            groups = [group for part in parts for group in part.groups()]
            rounds.run(groups, options.rounds, options.chunk_ms * 1_000_000, seed=options.rounds)
            out = [made for part in parts for made in part.rows()]
        finally:
            for part in parts:
                part.close()
    if options.keep and wanted(options, "keep"):
        out += keep_rows(options.quick)
    if options.keep and wanted(options, "quotes"):
        out += softd_rows(out, options.quick)
    if options.keep and (wanted(options, "service") or wanted(options, "connection")):
        out += service_rows(options.quick)
    order = list(tables.TITLES)
    return {"rows": sorted(out, key=lambda made: order.index(made["area"])),
            "peers": [name for part in parts for name in part.named],
            "absent": {name: why for part in parts for name, why in part.absent.items()},
            "refused": {name: why for part in parts for name, why in part.refused.items()}}


def arguments():
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no peers: less than half a minute")
    parser.add_argument("--area", choices=tables.TITLES, help="one table alone")
    parser.add_argument("--peers", action="store_true", help="exit 3 where a peer is missing")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--platforms", type=int, metavar="N",
                        help="of the table of platforms that are remembered (10000; with --quick 500)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="a chart of the ratios beside the tables")
    parser.add_argument("--reference", action="store_true", help="writes the run into docs/benchmarks.md and its chart")
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)  # the programs of a keep are built
    options = parser.parse_args()
    number, options.chunk_ms = QUICK if options.quick else FULL
    options.rounds = number if options.rounds is None else options.rounds
    if options.platforms is None:
        options.platforms = 500 if options.quick else 10_000
    if not 1 <= options.platforms <= 10_000_000:
        parser.error("--platforms: 1 to 10000000")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.reference and (options.quick or options.area):
        parser.error("--reference is a whole run")
    return options


def compare(options):
    """The document of one run."""
    ward = contestants.Contestant("ward_bench", [str(BIN / "ward_bench")])
    try:
        about = json.loads(ward.ask("about"))
        described = machine.describe(about)
        made = measure(options, ward)
    finally:
        ward.close()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"schema": "ward.bench/1", "at": now, "machine": described, "rounds": options.rounds,
            "chunk_ms": options.chunk_ms, **made}


def write_reference(document, docs):
    """Puts the tables between the marks of benchmarks.md, and the chart beside it."""
    page = docs / "benchmarks.md"
    head, rest = page.read_text(encoding="utf-8").split(BEGIN)
    tail = rest.split(END)[1]
    page.write_text(f"{head}{BEGIN}\n\n{tables.markdown(document)}\n{END}{tail}", encoding="utf-8")
    (docs / "benchmarks.svg").write_text(chart.svg(document), encoding="utf-8")


def main():
    options = arguments()
    if not os.access(BIN / "ward_bench", os.X_OK):
        print(f"ward: error: there is no program {BIN}/ward_bench\nward: hint: ./run bench builds it", file=sys.stderr)
        return 3
    try:
        document = compare(options)
    except contestants.Failed as error:
        print(f"ward: error: {error}", file=sys.stderr)
        return 1
    if options.svg:
        options.svg.write_text(chart.svg(document), encoding="utf-8")
    if options.reference:
        write_reference(document, ROOT / "docs")
    if options.json:
        print(json.dumps(document))
        print(tables.results(document))
    else:
        print((tables.markdown if options.markdown else tables.text)(document), end="")
    for name, why in document["absent"].items():
        print(f"ward: {name} is missing: {why}", file=sys.stderr)
    return 3 if options.peers and document["absent"] else 0


if __name__ == "__main__":
    sys.exit(main())
