#!/usr/bin/env python3
"""`ward verify --with`: several devices in one verdict, and what is wrong with a command line for it.

usage: composite_test.py
"""
import json
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
SGX = ROOT / "tee/sgx/testdata/valid/sgx_3"
TDX = ROOT / "tee/tdx/testdata/valid/tdx_4"
GPU = ROOT / "tee/nvidia/testdata/valid/hopper_list"
PATIENCE_S = 60


def facts(folder):
    return dict(line.split(maxsplit=1) for line in (folder / "case.txt").read_text().splitlines())


def verify(*words):
    done = subprocess.run([WARD, "verify", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def roots(folder):
    return ["--trust-root", folder / "root_ca.pem", "--allow-development", "--at", facts(folder)["at"]]


class Composite(unittest.TestCase):
    # The vectors' report data is 1, 2, 3 and zeros in SGX and TDX: two parts of one binding under one root.
    GOOD = [SGX / "evidence", "--with", TDX / "evidence", "--collateral", SGX, "--collateral", TDX, *roots(SGX)]

    def test_parts_of_one_binding_are_accepted_in_one_verdict(self):
        self.assertEqual(facts(SGX)["report_data"], facts(TDX)["report_data"])
        code, out, err = verify(*self.GOOD)
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out.startswith("accepted: 2 parts as of 2026-09-22T14:13:20Z (DEVELOPMENT PLATFORM"), out)
        self.assertIn("\n  sgx0: accepted", out)
        self.assertIn("\n  tdx0: accepted", out)

    def test_a_part_of_another_binding_is_refused_by_name(self):
        code, out, _ = verify(*self.GOOD[:1], "--with", GPU / "evidence", *self.GOOD[3:], "--collateral", GPU)
        self.assertEqual(code, 1)
        self.assertIn("failed composite.binding.same", out)
        self.assertIn("found    nvidia0: ", out)

    def test_values_go_to_the_part_that_is_named(self):
        measurement = [f"--measurement={facts(SGX)['measurement']}", f"--measurement=tdx0={facts(TDX)['measurement']}"]
        code, out, err = verify(*self.GOOD, *measurement, "--json")
        self.assertEqual((code, err), (0, ""))
        told = json.loads(out)
        self.assertEqual([part["name"] for part in told["parts"]], ["sgx0", "tdx0"])
        for part in told["parts"]:
            self.assertNotIn("measurement", part["appraisal"]["unchecked"])
        wrong = "00" + facts(TDX)["measurement"][2:]
        code, out, _ = verify(*self.GOOD, f"--measurement=tdx0={wrong}", "--json")
        self.assertEqual(code, 1)
        failed = [c["id"] for part in json.loads(out)["parts"] for c in part["appraisal"]["checks"] if c["outcome"] == "failed"]
        self.assertEqual(failed, ["tdx.measurement.expected"])

    def test_a_part_that_is_required_and_left_out_is_refused(self):
        self.assertEqual(verify(*self.GOOD, "--require-part", "tdx")[0], 0)
        code, out, _ = verify(*self.GOOD, "--require-part", "tdx=2")
        self.assertEqual(code, 1)
        self.assertIn("failed composite.parts.required", out)
        self.assertEqual(verify(*self.GOOD[:1], *self.GOOD[3:], "--require-part", "tdx")[0], 1)

    def test_explained_each_part_has_its_tree(self):
        code, out, _ = verify(*self.GOOD, "--explain")
        self.assertEqual(code, 0)
        self.assertIn("sgx0\n", out)
        self.assertGreater(out.count("├─"), 40)

    def test_mistakes_are_told_in_a_line_with_what_to_do(self):
        for words, code, told in (
                (["--report-data", "00" * 64], 2, "64 octets"),
                (["--report-data", "00" * 31], 2, "31 octets"),
                (["--measurement", "gpu0=00"], 2, "no part gpu0"),
                (["--measurement", "tdx0=00"], 2, "1 octets"),
                (["--require-part", "gpu"], 2, "no such TEE: gpu"),
                (["--require-part", "tdx=0"], 2, "tdx=0: not a number of devices from 1 to"),
                (["--require-part", "tdx=x"], 2, "tdx=x"),
                (["--accept-value", "snp.report.vmpl=0"], 2, "no part has it"),
                (["--html", "page.html"], 2, "one part"),
                (["--show-work", "work.sh"], 2, "one part"),
                (["--then", "2026-01-01T00:00:00Z"], 2, "one part"),
                (["--with", ROOT / "LICENSE"], 3, "LICENSE"),
                (["--with", "/nowhere"], 3, "/nowhere")):
            words = self.GOOD[:-2] + words if words[0] == "--then" else self.GOOD + words
            with self.subTest(words=words[-2:]):
                got, out, err = verify(*words)
                self.assertEqual((got, out), (code, ""), err)
                self.assertIn(told, err)
                self.assertLessEqual(len(err.splitlines()), 2)


if __name__ == "__main__":
    unittest.main()
