#!/usr/bin/env python3
"""`ward verify --ear` writes the verdict as a signed result, and `ward token verify` reads it."""
import base64
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
CASE = ROOT / "tee/sgx/testdata/valid/sgx_3"
SCHEMA = json.loads((ROOT / "docs/schemas/ward.token-1.json").read_text())
CURVES = {"ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
          "EdDSA": ["ed25519"], "RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}


class Results(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.facts = dict(line.split() for line in (CASE / "case.txt").read_text().splitlines())

    def key(self, algorithm):
        private, public = self.folder / f"{algorithm}.pem", self.folder / f"{algorithm}.pub.pem"
        os.umask(0o077)
        subprocess.run(["openssl", "genpkey", "-algorithm", *CURVES[algorithm], "-out", private], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        return private, public

    def ward(self, *words, code=0):
        done = subprocess.run([WARD, *map(str, words)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code in (0, 1) else done.stderr

    def verify(self, *words, code=0):
        return self.ward("verify", CASE / "evidence", "--collateral", CASE, "--at", self.facts["at"], "--trust-root",
                         CASE / "root_ca.pem", *words, code=code)

    def asked(self):
        return ["--allow-development", "--report-data", self.facts["report_data"], "--measurement", self.facts["measurement"]]

    def result(self, algorithm, profile, *words, code=0):
        private, public = self.key(algorithm)
        out = self.folder / f"{algorithm}.{profile}"
        self.verify(*words, "--ear", out, "--ear-key", private, "--ear-profile", profile, code=code)
        return out, public

    def judge(self, token, public, *words, code=0):
        told = json.loads(self.ward("token", "verify", token, "--key", public, "--at", self.facts["at"], "--issuer", "ward",
                                    "--json", *words, code=code))
        jsonschema.validate(told, SCHEMA)
        return told

    def test_each_profile_and_algorithm(self):
        nonce = base64.b64encode(bytes.fromhex(self.facts["report_data"])).decode()
        for algorithm in ("ES256", "ES384", "EdDSA"):
            for profile in ("trustee", "ietf", "cwt"):
                with self.subTest(algorithm=algorithm, profile=profile):
                    token, public = self.result(algorithm, profile, *self.asked())
                    told = self.judge(token, public, "--allow-development", code=0)
                    self.assertEqual((told["profile"], told["verdict"]), (profile, "accepted"))
                    self.assertEqual(told["not_compared"], ["audience", "nonce"])
                    self.assertEqual(told["submods"][0]["vector"]["hardware"], 97)
                    self.assertEqual(told["submods"][0]["vector"]["executables"], 3)
                    self.assertTrue(all(check["outcome"] == "passed" for check in told["submods"][0]["checks"]))
                    # It is of the development platform.
                    self.assertEqual(self.judge(token, public, code=1)["verdict"], "refused")
                    if profile != "trustee":
                        self.judge(token, public, "--allow-development", "--nonce", nonce)
                        self.judge(token, public, "--allow-development", "--nonce", "b3RoZXJub25jZQ==", code=1)

    def test_what_was_not_compared_is_not_affirmed(self):
        token, public = self.result("ES256", "ietf", "--allow-development")
        told = self.judge(token, public, "--allow-development", code=1)
        self.assertEqual(told["submods"][0]["unchecked"], ["report_data", "measurement"])
        self.assertEqual(told["submods"][0]["vector"]["executables"], 0)

    def test_a_refusal_is_a_result_too(self):
        token, public = self.result("EdDSA", "cwt", "--allow-development", "--measurement", "00" * 32, code=1)
        told = self.judge(token, public, "--allow-development", code=1)
        self.assertEqual(told["submods"][0]["status"], "contraindicated")
        self.assertEqual(told["submods"][0]["vector"]["executables"], 33)
        self.assertEqual([c["id"] for c in told["submods"][0]["checks"] if c["outcome"] == "failed"],
                         ["sgx.measurement.expected"])

    def test_mistakes(self):
        private, _ = self.key("ES256")
        rsa, _ = self.key("RS256")
        out = self.folder / "out"
        for words, code, says in (
                (["--ear", out], 2, "--ear"),
                (["--ear-key", private], 2, "--ear"),
                (["--ear-profile", "cwt"], 2, "--ear"),
                (["--ear", out, "--ear-key", private, "--ear-profile", "eat"], 2, "--ear-profile"),
                (["--ear", "-", "--ear-key", private], 2, "--ear writes a file"),
                (["--ear", out, "--ear-key", private, "--html", out], 2, "name one file"),
                (["--ear", out, "--ear-key", rsa], 2, "an RSA key signs no results"),
                (["--ear", out, "--ear-key", CASE / "root_ca.pem"], 2, "--ear-key takes a private key"),
                (["--ear", out, "--ear-key", self.folder / "none"], 3, "none"),
                (["--ear", private, "--ear-key", private], 2, "ES256.pem")):
            self.assertIn(says, self.verify(*self.asked(), *words, code=code))
            self.assertFalse(out.exists(), words)


if __name__ == "__main__":
    unittest.main()
