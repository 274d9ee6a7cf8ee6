#!/usr/bin/env python3
"""What `ward inspect` prints of event logs of measured boot, and with which exit code."""
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
SHA384 = 0x0C


def ward(*args, stdin=b""):
    done = subprocess.run([WARD, *map(str, args)], capture_output=True, input=stdin, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def header():
    spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHH", 0, 0, 2, 0, 2, 1, SHA384, 48) + b"\0"
    return struct.pack("<II20sI", 1, 3, b"", len(spec)) + spec


def event(index, kind, data):
    digest = hashlib.sha384(data).digest()
    return struct.pack("<IIIH", index, kind, 1, SHA384) + digest + struct.pack("<I", len(data)) + data


def extended(*datas):
    value = bytes(48)
    for data in datas:
        value = hashlib.sha384(value + hashlib.sha384(data).digest()).digest()
    return value.hex()


LOG = header() + event(1, 4, bytes(4)) + event(2, 0x80000007, b"act") + b"\xff" * 100


class Made(unittest.TestCase):
    """A log made here, by another writer than ward's."""

    def test_text(self):
        code, out, err = ward("inspect", "-", stdin=LOG)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("TCG event log of a measured boot, not authenticated\n", out)
        self.assertIn(f"  RTMR 0 = {extended(bytes(4))}\n  RTMR 1 = {extended(b'act')}\n", out)
        self.assertIn("  2  RTMR 1  EV_EFI_ACTION  what it says was hashed\n       text = act\n", out)

    def test_json(self):
        code, out, err = ward("inspect", "-", "--json", stdin=LOG)
        self.assertEqual((code, err), (0, ""))
        found = json.loads(out)
        self.assertEqual((found["schema"], found["registers"], found["padding"]), ("ward.event-log/1", "RTMR", 100))
        self.assertEqual(found["replayed"], [{"register": 0, "events": 1, "value": extended(bytes(4))},
                                             {"register": 1, "events": 1, "value": extended(b"act")}])
        self.assertEqual(found["events"][2]["says"], {"text": "act"})

    def test_layout_covers_every_octet(self):
        code, out, _ = ward("inspect", "-", "--layout", "--json", stdin=LOG)
        self.assertEqual(code, 0)
        at = 0
        for field in json.loads(out)["layout"]:
            self.assertEqual(field["offset"], at, field)
            at += field["size"]
        self.assertEqual(at, len(LOG))
        code, out, _ = ward("inspect", "-", "--layout", stdin=LOG)
        self.assertEqual(code, 0)
        self.assertIn("event1.digests.hash_alg", out)

    def test_what_is_wrong_is_refused_and_said(self):
        for octets, why in ((LOG[:100], "malformed event log: tcg.log: digest"),
                            (LOG + b"\1", "malformed event log: tcg.log:"),
                            (header() + event(9, 4, bytes(4)) + event(24, 4, bytes(4)), "tcg.replay: register index")):
            code, out, err = ward("inspect", "-", stdin=octets)
            self.assertEqual((code, out), (1, ""))
            self.assertTrue(err.startswith(f"ward: error: -: {why}"), err)

    def test_a_log_of_100_megabytes_is_refused_by_its_size(self):
        code, out, err = ward("inspect", "-", stdin=LOG + b"\xff" * 100_000_000)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("larger than any evidence that ward reads", err)

    def test_nothing_reaches_the_terminal_that_it_would_obey(self):
        code, out, _ = ward("inspect", "-", stdin=header() + event(2, 0x80000007, b"\x1b[2Jcleared"))
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", out)
        self.assertIn("data = 1b5b324a", out)

    def test_verify_says_what_it_is(self):
        code, out, err = ward("verify", "-", stdin=LOG)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("ward: hint: `ward inspect` prints what it says", err)


class Recorded(unittest.TestCase):
    def test_every_recorded_log_follows_the_published_schema(self):
        if not (VECTORS / "MANIFEST.tsv").exists():
            if "vectors" in os.environ.get("WARD_REQUIRE", ""):
                self.fail("WARD_REQUIRE=vectors, but none found")
            self.skipTest("no vectors: set WARD_VECTORS")
        import jsonschema

        schema = json.loads((ROOT / "docs/schemas/ward.event-log-1.json").read_text())
        logs = [*VECTORS.glob("tpm/eventlog_*"), *VECTORS.glob("tpm/ccel_[Ca]*"), *VECTORS.glob("atrest/tpm/*.bin")]
        for file in logs:
            with self.subTest(file.name):
                code, out, err = ward("inspect", file, "--json")
                self.assertEqual((code, err), (0, ""))
                jsonschema.validate(json.loads(out), schema)
        self.assertGreaterEqual(len(logs), 10)


if __name__ == "__main__":
    unittest.main()
