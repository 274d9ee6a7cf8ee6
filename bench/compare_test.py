#!/usr/bin/env python3
"""The harness: statistics, rounds, tables and chart by themselves, and the whole in its smallest form.

WARD_BIN holds ward_bench. Nothing is said of how long anything takes.
"""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import chart  # noqa: E402
import compare as harness  # noqa: E402
import contestants  # noqa: E402
import rounds  # noqa: E402
import stats  # noqa: E402
import tables  # noqa: E402

BIN = pathlib.Path(os.environ.get("WARD_BIN", HERE.parent / "build/release/bin"))
COLD = {"verify.sgx.cold", "verify.tdx.cold", "verify.snp.cold"}


def compare(*words, **environment):
    return subprocess.run([sys.executable, HERE / "compare.py", *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "WARD_BIN": str(BIN), **environment})


class Statistics(unittest.TestCase):
    def test_median_and_quartiles(self):
        for samples, want in (([1, 2, 3, 4, 5], (2, 3, 4)), ([5, 1, 4, 2, 3], (2, 3, 4)), ([7], (7, 7, 7)),
                              ([1, 3], (1.5, 2, 2.5)), ([1, 1, 1, 100], (1, 1, 25.75))):
            self.assertEqual(stats.spread(samples), stats.Spread(*want), samples)

    def test_of_nothing_there_is_none(self):
        with self.assertRaises(ValueError):
            stats.spread([])

    def test_ratios_are_taken_within_a_round(self):
        # The machine is ten times slower in the second round: the ratio is the same in both.
        self.assertEqual(stats.ratios([20, 200, 20], [10, 100, 10]), [2, 2, 2])
        # The ratio of the medians would be 1.
        self.assertEqual(stats.spread(stats.ratios([1, 4, 30], [4, 8, 3])).median, 0.5)

    def test_rounds_that_do_not_pair_are_refused(self):
        with self.assertRaises(ValueError):
            stats.ratios([1, 2], [1])


class Fake:
    """A contestant whose runs take a fixed time each; it writes down what it is asked for."""

    name = "fake"

    def __init__(self):
        self.asked = []

    def run(self, name, count):
        self.asked.append(name)
        return [1000 * count, 2000 * count]

    def threads(self, name, number, count):
        self.asked.append((name, number))
        return [1000 * count * number, 1000 * count]


class Rounds(unittest.TestCase):
    def test_each_is_timed_once_in_each_round_and_a_group_keeps_together(self):
        fake = Fake()
        groups = [[rounds.Entry(fake, f"{letter}{i}", count=1) for i in range(3)] for letter in "abcd"]
        rounds.run(groups, 0, 1000, seed=1)  # finds the counts
        fake.asked.clear()
        rounds.run(groups, 8, 1000, seed=1)
        asked = fake.asked[-8 * 12:]
        orders = set()
        for i in range(0, len(asked), 12):
            one = asked[i:i + 12]
            orders.add(tuple(one))
            self.assertEqual(sorted(one), [f"{letter}{n}" for letter in "abcd" for n in range(3)])
            for k in range(0, 12, 3):
                self.assertEqual(len({name[0] for name in one[k:k + 3]}), 1, one)
        self.assertGreater(len(orders), 1)
        for entry in sum(groups, []):
            self.assertEqual(entry.samples, [1000.0] * 8)

    def test_count_follows_the_time_of_a_run(self):
        entry = rounds.Entry(Fake(), "a")
        entry.calibrate(50_000)
        self.assertEqual(entry.count, 50)

    def test_of_threads_a_run_is_shared(self):
        entry = rounds.Entry(Fake(), "a", rounds.WALL, threads=4, count=10)
        entry.time()
        self.assertEqual(entry.samples, [250.0])


def document():
    rows = [{"area": "cold", "name": "verify.<a>", "ratio": 2.5, "quartiles": [2.4, 2.7], "us": 1234.5, "base": "10 x one",
             "base_us": 493.8, "to_ward": None, "checks": None},
            {"area": "peers", "name": "peers.b", "ratio": 12.0, "quartiles": [11, 13], "us": 6000.0, "base": "10 x one",
             "base_us": 493.8, "to_ward": 4.8, "checks": "no revocation", "contestant": "b 1.0"},
            {"area": "parsing", "name": "base.hex", "ratio": None, "quartiles": None, "us": 0.1, "base": None,
             "base_us": None, "to_ward": None, "checks": None},
            {"area": "memory", "name": "memory.a", "ratio": None, "allocations": 4938, "octets": 635056, "peak": 189888}]
    return {"schema": "ward.bench/1", "at": "2026-11-29T12:00:00Z", "rounds": 2, "chunk_ms": 4, "rows": rows,
            "absent": {"b": "it is away"}, "refused": {"peers.c": "not mine"}, "peers": ["b 1.0"],
            "machine": {"cpu": "A & B", "cores": 2, "kernel": "Linux", "compiler": "g++", "libraries": ["OpenSSL 3"],
                        "ward": "abc", "load": 0.1}}


class Outputs(unittest.TestCase):
    def test_text_has_every_row_and_what_is_missing(self):
        text = tables.text(document())
        for word in ("verify.<a>", "2.50", "2.40 to 2.70", "1,234.5", "10 x one", "4.80", "no revocation", "4,938", "635",
                     "not there: b: it is away", "not accepted: peers.c: not mine"):
            self.assertIn(word, text)

    def test_markdown_has_a_table_per_area(self):
        self.assertEqual(tables.markdown(document()).count("\n### "), 4)

    def test_line_for_scripts_has_the_rows_with_a_ratio(self):
        line = tables.results(document())
        self.assertNotIn("\n", line)
        self.assertEqual(json.loads(line), {"results": [{"name": "verify.<a>", "ratio": 2.5, "base": "10 x one"},
                                                        {"name": "peers.b", "ratio": 12.0, "base": "10 x one"}]})

    def test_chart_is_a_drawing(self):
        tree = xml.etree.ElementTree.fromstring(chart.svg(document()))
        texts = [element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("verify.<a>", texts)
        self.assertEqual(len(list(tree.iter("{http://www.w3.org/2000/svg}rect"))), 2)


class Reference(unittest.TestCase):
    def test_the_page_keeps_what_stands_around_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            docs = pathlib.Path(folder)
            page = docs / "benchmarks.md"
            page.write_text(f"before\n{harness.BEGIN}\nthe last run\n{harness.END}\nafter\n", encoding="utf-8")
            for _ in range(2):
                harness.write_reference(document(), docs)
                text = page.read_text(encoding="utf-8")
                self.assertTrue(text.startswith("before\n") and text.endswith("\nafter\n"), text)
                self.assertEqual((text.count("verify.<a>"), text.count("the last run")), (1, 0))
            self.assertIn("<svg", (docs / "benchmarks.svg").read_text(encoding="utf-8"))

    def test_the_page_has_the_marks(self):
        text = (HERE.parent / "docs/benchmarks.md").read_text(encoding="utf-8")
        self.assertLess(text.index(harness.BEGIN), text.index(harness.END))


def program(folder, text):
    """A ward_bench of another's making."""
    path = pathlib.Path(folder) / "ward_bench"
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(folder)


class Whole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.whole = compare("--quick", "--json", "--rounds", "2")
        ward = contestants.Contestant("ward_bench", [str(BIN / "ward_bench")])
        cls.paths = ward.paths()
        ward.close()

    def test_stdout_is_a_document_and_the_line(self):
        self.assertEqual(self.whole.returncode, 0, self.whole.stderr)
        lines = self.whole.stdout.splitlines()
        self.assertEqual(len(lines), 2)
        whole, line = json.loads(lines[0]), json.loads(lines[1])
        self.assertEqual(whole["schema"], "ward.bench/1")
        self.assertEqual(whole["rounds"], 2)
        self.assertEqual(list(line), ["results"])
        for made in line["results"]:
            self.assertEqual(list(made), ["name", "ratio", "base"])
            self.assertGreater(made["ratio"], 0)
            self.assertTrue(made["base"])
        names = [made["name"] for made in line["results"]]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual(COLD, set(names))

    def test_every_path_really_ran(self):
        rows = {row["name"]: row for row in json.loads(self.whole.stdout.splitlines()[0])["rows"]}
        self.assertTrue(self.paths)
        for path in self.paths:
            made = rows[path["name"]]
            self.assertGreater(made["us"], 0, path)
            self.assertEqual(made["area"], path["area"])
            self.assertEqual(made["base"] or "", path["base_label"])
            self.assertEqual(made["ratio"] is None, path["base"] == "", path)
            if path["base"]:
                low, high = made["quartiles"]
                self.assertTrue(0 < low <= made["ratio"] <= high, made)
        for name in COLD:
            memory = rows[name.replace("verify", "memory")]
            self.assertTrue(0 < memory["peak"] <= memory["octets"] and memory["allocations"] > 0, memory)

    def test_bases_are_the_signatures(self):
        bases = {path["name"]: path["base_label"] for path in self.paths}
        for name in ("verify.sgx.cold", "verify.tdx.cold"):
            self.assertRegex(bases[name], r"^10 x ECDSA P-256 \(OpenSSL [\d.]+\)$")
        self.assertRegex(bases["verify.snp.cold"], r"^1 x ECDSA P-384 \([\w-]+ [\d.]+\) \+ 4 x RSA-4096-PSS \(OpenSSL [\d.]+\)$")

    def test_without_the_program_it_cannot_tell(self):
        with tempfile.TemporaryDirectory() as folder:
            run = compare("--quick", WARD_BIN=folder)
        self.assertEqual((run.returncode, run.stdout), (3, ""))
        self.assertIn("./run bench builds it", run.stderr)

    def test_what_does_not_do_its_work_is_no_result(self):
        lines = ('import sys\nfor line in sys.stdin:\n    print({"about\\n": \'{"compiler":"","libraries":[]}\', '
                 '"list\\n": \'[{"name":"a","area":"cold","bytes":1,"base":"","base_label":""}]\'}.get(line, '
                 '"error the path did not do its work"), flush=True)\n')
        with tempfile.TemporaryDirectory() as folder:
            run = compare("--quick", "--json", WARD_BIN=program(folder, f"#!{sys.executable}\n{lines}"))
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("the path did not do its work", run.stderr)

    def test_one_that_dies_is_no_result(self):
        with tempfile.TemporaryDirectory() as folder:
            run = compare("--quick", WARD_BIN=program(folder, "#!/bin/sh\nexit 0\n"))
        self.assertEqual(run.returncode, 1)

    def test_usage(self):
        for words in (("--rounds", "0"), ("--area", "none"), ("--json", "--markdown"), ("--reference", "--quick")):
            self.assertEqual(compare(*words).returncode, 2, words)

    def test_a_missing_peer_is_named_and_matters_where_it_was_asked_for(self):
        away = {"WARD_GO_TDX_GUEST": "/nonexistent", "WARD_GO_SEV_GUEST": "/nonexistent"}
        run = compare("--area", "peers", "--rounds", "1", **away)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("go-tdx-guest is missing", run.stderr)
        run = compare("--quick", "--peers", "--area", "peers", "--rounds", "1", **away)
        self.assertEqual(run.returncode, 3)

    def test_peers_that_are_at_hand_judge_what_ward_judges(self):
        run = compare("--area", "peers", "--rounds", "1", "--json")
        self.assertEqual(run.returncode, 0, run.stderr)
        whole = json.loads(run.stdout.splitlines()[0])
        names = {row["name"] for row in whole["rows"]}
        self.assertLessEqual({f"peers.{kind}.made.ward" for kind in ("sgx", "tdx", "snp")}, names)
        for peer, wanted in (("dcap-qvl", {"peers.sgx.made.dcap-qvl", "peers.tdx.made.dcap-qvl"}),
                             ("go-tdx-guest", {"peers.tdx.made.go-tdx-guest.full", "peers.tdx.made.go-tdx-guest.chain"}),
                             ("go-sev-guest", {"peers.snp.made.go-sev-guest"})):
            if peer not in whole["absent"]:
                self.assertLessEqual(wanted, names)


if __name__ == "__main__":
    unittest.main()
