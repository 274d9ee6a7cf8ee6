#!/usr/bin/env python3
"""What `ward advisories FILE` prints of stored evidence equals the golden files: our own vectors in every clone, real
evidence where WARD_VECTORS is. `golden_test.py --update` writes them anew; read what changed."""
import csv
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WARD = os.environ["WARD_PROGRAM"]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
GOLDEN = HERE / "golden"
UPDATE = "--update" in sys.argv
UNKNOWN = {"tdx_no_level_ev18": 1, "snp_milan_2_no_vek": 3}  # exit codes of evidence that is not shown to be genuine


def own():
    """own gives name and arguments of every valid vector of the tree."""
    for folder in sorted(ROOT.glob("tee/*/testdata/valid/*")):
        facts = dict(line.split() for line in (folder / "case.txt").read_text().splitlines())
        yield f"own_{folder.parts[-4]}_{folder.name}", [
            folder / "evidence", "--collateral", folder, "--trust-root", folder / "root_ca.pem", "--at", facts["at"]]


def stored():
    with (HERE / "cases.tsv").open() as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            more = [word for path in row["collateral"].split() for word in ("--collateral", VECTORS / path)]
            yield row["name"], [VECTORS / row["evidence"], *more, "--at", row["at"]]


class Golden(unittest.TestCase):
    def compare(self, cases):
        names = []
        for name, args in cases:
            with self.subTest(name):
                done = subprocess.run([WARD, "advisories", *map(str, args)], capture_output=True, text=True, timeout=60,
                                      check=False)
                self.assertEqual(done.returncode, UNKNOWN.get(name, 0), done.stderr)
                golden = GOLDEN / f"{name}.txt"
                if UPDATE:
                    golden.write_text(done.stdout)
                self.assertEqual(done.stdout, golden.read_text())
                names.append(name)
        return names

    def test_our_own_evidence(self):
        self.assertGreaterEqual(len(self.compare(own())), 11)

    @unittest.skipUnless(VECTORS.is_dir(), f"no vectors at {VECTORS}: real evidence is not compared")
    def test_real_evidence(self):
        names = self.compare(stored())
        print(f"{len(names)} stored reports")
        self.assertGreaterEqual(len(names), 10)

    def test_every_golden_file_is_of_a_case(self):
        names = {name for name, _ in [*own(), *stored()]}
        self.assertEqual(names, {path.stem for path in GOLDEN.glob("*.txt")})


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--update"])
