#!/usr/bin/env python3
"""`ward advisories`: what it lists, filters and draws, what it refuses, and its exit codes."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
MILAN = ROOT / "tee/snp/testdata/valid/milan_2_vcek"
AT = "2026-09-22T14:13:20Z"
EVIDENCE = [MILAN / "evidence", "--collateral", MILAN, "--trust-root", MILAN / "root_ca.pem", "--at", AT]


def ward(*args):
    done = subprocess.run([WARD, "advisories", *map(str, args)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def ids(*args):
    code, out, err = ward(*args, "--json")
    assert code == 0, err
    return [attack["id"] for attack in json.loads(out)["attacks"]]


class Advisories(unittest.TestCase):
    def test_every_attack_is_listed_with_its_source(self):
        code, out, err = ward()
        self.assertEqual((code, err), (0, ""))
        tables = [ROOT / "src/advisory/attacks.tsv", *ROOT.glob("tee/*/attacks.tsv")]
        table = [row for path in tables for row in path.read_text().splitlines() if not row.startswith(("#tee\t", "id\t"))]
        blocks = out.split("\n    source  ")
        self.assertEqual(len(blocks), len(table) + 1)
        for row in table:
            self.assertIn(f"{row.split(chr(9))[1]}, ", out)
        self.assertNotIn("[u]", out)

    def test_what_is_unverified_says_so(self):
        out = ward("--tee", "amd")[1]
        self.assertIn("Inception, 2023-08-08 (unverified): transient execution\n    on      amd (unverified)\n", out)
        self.assertIn("AMD-SB-7005 (unverified)", out)

    def test_filters(self):
        snp = ids("--tee", "snp")
        self.assertIn("badram", snp)
        self.assertNotIn("downfall", snp)
        self.assertEqual(ids("--tee", "snp", "--since", "2026-06-01"), ["snpeek", "staleus", "aspbreaker", "ddrop"])
        code, out, _ = ward("--tee", "snp", "--since", "2026-06-01")
        self.assertEqual(code, 0)
        self.assertIn("left out by a date that is unverified (7)", out)
        self.assertEqual(ward("--tee", "nvidia", "--since", "2027-01-01"), (0, "no known attack\n", ""))
        self.assertEqual(set(ids(*EVIDENCE, "--since", "2026-06-01")), {"snpeek", "staleus", "aspbreaker", "ddrop"})

    def test_evidence_that_is_not_genuine_closes_nothing(self):
        with tempfile.TemporaryDirectory() as name:
            forged = pathlib.Path(name, "forged")
            octets = bytearray((MILAN / "evidence").read_bytes())
            octets[0x90] ^= 1  # the measurement
            forged.write_bytes(octets)
            code, out, err = ward(forged, *EVIDENCE[1:])
            self.assertEqual(code, 1)
            self.assertIn("EVIDENCE NOT SHOWN TO BE GENUINE", out)
            self.assertNotIn("\nclosed", out)
            self.assertIn("ward verify says why", err)
            code, out, err = ward(forged, *EVIDENCE[1:], "--json")
            self.assertEqual((code, err, json.loads(out)["platform"]["genuine"]), (1, "", False))
            self.assertEqual(ward(MILAN / "evidence", "--at", AT)[0], 3)  # no certificates
            self.assertEqual(ward(pathlib.Path(name, "nothing"))[0], 3)
            pathlib.Path(name, "empty").touch()
            self.assertEqual(ward(pathlib.Path(name, "empty"))[0], 1)

    def test_a_policy_that_would_refuse_does_not_change_what_is_shown(self):
        self.assertEqual(ward(*EVIDENCE)[0], 0)  # a development platform
        self.assertIn("DEVELOPMENT PLATFORM, NOT A TEE", ward(*EVIDENCE)[1])

    def test_mistakes_are_one_line_and_a_hint(self):
        for args, what in (
                (["--since", "2025"], "--since: not a day: 2025"),
                (["--since", "2025-02-30"], "--since: not a day: 2025-02-30"),
                (["--since", "2025-10-14T00:00:00Z"], "--since: not a day"),
                (["--since", "\x1b[31m"], "--since: not a day: ?[31m"),
                (["--since", ""], "--since"),
                (["--tee", "sgz"], "--tee"),
                (["--tee", "snp", *EVIDENCE], "--tee"),
                (["--at", AT], "name its FILE"),
                (["--collateral", MILAN], "name its FILE"),
                (["--trust-root", MILAN / "root_ca.pem"], "name its FILE"),
                ([*EVIDENCE[:-1], "yesterday"], "--at"),
                ([*EVIDENCE, "--nothing"], "--nothing"),
                (["--svg", ""], "--svg")):
            code, out, err = ward(*args)
            self.assertEqual((code, out), (2, ""), (args, err))
            self.assertIn(what, err)
            self.assertTrue(err.startswith("ward: error: "), err)
            self.assertLessEqual(len(err.splitlines()), 2, err)

    def test_the_timeline_is_written_whole_and_replaces_nothing_unasked(self):
        with tempfile.TemporaryDirectory() as name:
            svg = pathlib.Path(name, "t.svg")
            for args in ([], ["--tee", "tdx", "--since", "2026-01-01"], EVIDENCE, ["--since", "2030-01-01"]):
                self.assertEqual(ward(*args, "--svg", svg, "--force")[0], 0)
                root = xml.etree.ElementTree.fromstring(svg.read_text())
                self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            before = svg.read_bytes()
            code, out, err = ward("--svg", svg)
            self.assertEqual((code, out), (2, ""))
            self.assertIn("--force replaces it", err)
            self.assertEqual(svg.read_bytes(), before)
            self.assertEqual(ward("--svg", pathlib.Path(name, "no/t.svg"))[0], 3)
            self.assertEqual([path.name for path in pathlib.Path(name).iterdir()], ["t.svg"])


if __name__ == "__main__":
    unittest.main()
