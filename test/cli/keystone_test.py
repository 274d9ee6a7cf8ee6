#!/usr/bin/env python3
"""What `ward keystone measure` computes, done again with Python's hashlib, and that a report is accepted by it."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VALID = ROOT / "tee/keystone/testdata/valid/keystone"
SCHEMA = json.loads((ROOT / "docs/schemas/ward.keystone-measurement-1.json").read_text())
MONITOR_SIZE = 0x1FF000


def ward(*args):
    done = subprocess.run([WARD, *map(str, args)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def pages(octets):
    return octets + bytes(-len(octets) % 4096)


def enclave_hash(*files):
    sizes = b"".join(len(pages(octets)).to_bytes(8, "little") for octets in files)
    return hashlib.sha3_512(sizes + b"".join(map(pages, files))).hexdigest()


class Keystone(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def enclave(self, **files):
        return [word for name, octets in files.items() for word in ("--" + name, self.file(name, octets))]

    def test_an_enclave(self):
        files = {"loader": b"l" * 5000, "runtime": b"r" * 4096, "eapp": b"e"}
        code, out, said = ward("keystone", "measure", *self.enclave(**files))
        self.assertEqual((code, out, said), (0, f"workload {enclave_hash(*files.values())}\n", ""))

    def test_a_monitor_with_linux_behind_it(self):
        image = b"\x13" * MONITOR_SIZE
        expected = hashlib.sha3_512(image).hexdigest()
        for more in (b"", b"linux"):
            code, out, _ = ward("keystone", "measure", "--sm", self.file("fw_payload.bin", image + more))
            self.assertEqual((code, out), (0, f"measurement {expected}\n"))
        code, out, _ = ward("keystone", "measure", "--sm", self.file("short", b"short"), "--sm-size", 8)
        self.assertEqual((code, out), (0, f"measurement {hashlib.sha3_512(b'short' + bytes(3)).hexdigest()}\n"))

    def test_both_accept_the_report_that_was_made_of_them(self):
        monitor = self.file("monitor", b"ward development keystone monitor")
        files = self.enclave(loader=b"loader", runtime=b"runtime", eapp=b"eapp")
        code, out, _ = ward("keystone", "measure", "--sm", monitor, *files, "--json")
        told = json.loads(out)
        jsonschema.validate(told, SCHEMA)
        facts = dict(line.split() for line in (VALID / "case.txt").read_text().splitlines())
        self.assertEqual((code, told["measurement"], told["workload"]), (0, facts["measurement"], facts["workload"]))
        words = ["verify", VALID / "evidence", "--at", facts["at"], "--report-data", facts["report_data"],
                 "--trust-root", VALID / "root_ca.pem", "--allow-development"]
        expected = ["--measurement", told["measurement"], "--workload", told["workload"]]
        self.assertEqual(ward(*words, *expected)[0], 0)
        expected[1], expected[3] = expected[3], expected[1]
        code, out, _ = ward(*words, *expected)
        self.assertEqual(code, 1)
        self.assertIn("keystone.measurement.expected", out)

    def test_what_it_refuses(self):
        some = self.file("some", b"some")
        empty = self.file("empty", b"")
        for words, code, text in (
                ((), 2, "nothing to measure"),
                (("--eapp", some), 2, "an enclave is made of three files"),
                (("--sm-size", 8, "--loader", some, "--runtime", some, "--eapp", some), 2, "--sm-size is of the image"),
                (("--sm", empty), 2, "empty"),
                (("--sm", some, "--sm-size", 0), 2, "no size"),
                (("--sm", some, "--sm-size", 1 << 40), 2, "size of the monitor"),
                (("--loader", some, "--runtime", empty, "--eapp", some), 2, "--runtime: "),
                (("--sm", self.folder / "absent"), 3, "absent")):
            got, out, said = ward("keystone", "measure", *words)
            self.assertEqual((got, out), (code, ""), said)
            self.assertIn(text, said)


if __name__ == "__main__":
    unittest.main()
