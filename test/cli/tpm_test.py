#!/usr/bin/env python3
"""Quotes of a software TPM (swtpm): tpm2-tools' are accepted by ward, and ward's by tpm2_checkquote."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import schemas_test

WARD = os.environ["WARD_PROGRAM"]
NONCE = "0102030405060708090a0b0c0d0e0f10"
PCRS = "sha256:0,1,7,8,16"
NEEDED = ("swtpm", "tpm2_createek", "tpm2_createak", "tpm2_quote", "tpm2_checkquote", "tpm2_pcrextend")
SCHEMES = (("rsa", "rsassa"), ("rsa", "rsapss"), ("ecc", "ecdsa"))


def run(*args, env=None):
    done = subprocess.run([*map(str, args)], capture_output=True, timeout=120, env=env)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def free_pair():
    """Two ports side by side that the system gives: swtpm's commands and its control."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports side by side")


class SoftwareTpm:
    """One swtpm with the state in the folder, or a new one."""

    def __init__(self, folder):
        state = pathlib.Path(folder).resolve() / "state"
        state.mkdir(exist_ok=True)
        port = free_pair()
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--server", f"type=tcp,port={port}",
             "--ctrl", f"type=tcp,port={port + 1}", "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.tcti = f"swtpm:host=127.0.0.1,port={port}"
        self.env = dict(os.environ, TPM2TOOLS_TCTI=self.tcti)
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError("swtpm ended")
            if run("tpm2_getrandom", "--hex", "1", env=self.env)[0] == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("swtpm does not answer")

    def tool(self, name, *args):
        code, out, error = run(name, *args, env=self.env)
        if code != 0:
            raise AssertionError(f"{name}: {error}")
        return out

    def end(self):
        self.process.terminate()
        self.process.wait()


@unittest.skipUnless(all(map(shutil.which, NEEDED)) or "swtpm" in os.environ.get("WARD_REQUIRE", ""),
                     "no swtpm or no tpm2-tools")
class TpmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.tpm = SoftwareTpm(cls.folder.name)
        cls.tpm.tool("tpm2_pcrextend", "8:sha256=" + "ab" * 32)
        cls.tpm.tool("tpm2_createek", "-c", cls.dir / "ek.ctx", "-G", "rsa", "-u", cls.dir / "ek.pub")
        for kind, scheme in SCHEMES:
            cls.quote_with_tools(kind, scheme)

    @classmethod
    def tearDownClass(cls):
        cls.tpm.end()
        cls.folder.cleanup()

    @classmethod
    def quote_with_tools(cls, kind, scheme):
        tool, at = cls.tpm.tool, cls.dir
        tool("tpm2_flushcontext", "-t")
        tool("tpm2_createak", "-C", at / "ek.ctx", "-c", at / f"{scheme}.ctx", "-G", kind, "-g", "sha256", "-s", scheme,
             "-u", at / f"{scheme}.pub", "-f", "tss", "-n", at / f"{scheme}.name")
        tool("tpm2_flushcontext", "-t")
        tool("tpm2_readpublic", "-c", at / f"{scheme}.ctx", "-f", "pem", "-o", at / f"{scheme}.pem")
        tool("tpm2_flushcontext", "-t")
        tool("tpm2_quote", "-c", at / f"{scheme}.ctx", "-l", PCRS, "-q", NONCE, "-m", at / f"{scheme}.msg", "-s",
             at / f"{scheme}.sig", "-o", at / f"{scheme}.pcrs", "-g", "sha256", "--scheme", scheme)
        tool("tpm2_flushcontext", "-t")

    def pack(self, scheme, ak, name):
        out = self.dir / name
        done = run(WARD, "tpm", "pack", "--message", self.dir / f"{scheme}.msg", "--signature", self.dir / f"{scheme}.sig",
                   "--pcrs", self.dir / f"{scheme}.pcrs", "--ak", self.dir / ak, "-o", out, "--force")
        self.assertEqual(done[0], 0, done[2])
        return out

    def verify(self, evidence, ak, *more):
        return run(WARD, "verify", evidence, "--hardware-root", f"tpm={self.dir / ak}", *more)

    def test_quotes_of_tpm2_tools_are_accepted(self):
        for _, scheme in SCHEMES:
            with self.subTest(scheme):
                evidence = self.pack(scheme, f"{scheme}.pub", "evidence")
                code, out, error = self.verify(evidence, f"{scheme}.pem", "--report-data", NONCE, "--json")
                self.assertEqual(code, 0, out + error)
                claims = json.loads(run(WARD, "inspect", evidence, "--json")[1])["claims"]
                self.assertEqual(claims["quote.pcr_selection"], PCRS)
                self.assertEqual(claims["signature.scheme"], scheme)
                with_pem = self.pack(scheme, f"{scheme}.pem", "evidence.json")
                self.assertEqual(self.verify(with_pem, f"{scheme}.pem", "--report-data", NONCE)[0], 0)

    def test_another_nonce_value_or_key_is_refused(self):
        evidence = self.pack("ecdsa", "ecdsa.pub", "evidence")
        self.assertEqual(self.verify(evidence, "ecdsa.pem", "--report-data", NONCE[:-1] + "1")[0], 1)
        value = "tpm.pcr.8=" + "00" * 32
        self.assertEqual(self.verify(evidence, "ecdsa.pem", "--accept-value", value)[0], 1)
        self.assertEqual(self.verify(evidence, "rsassa.pem")[0], 3, "no certificate of this AK")

    def test_values_of_another_quote_are_refused(self):
        done = run(WARD, "tpm", "pack", "--message", self.dir / "ecdsa.msg", "--signature", self.dir / "ecdsa.sig", "--pcrs",
                   self.dir / "ecdsa.sig", "--ak", self.dir / "ecdsa.pub", "-o", self.dir / "none")
        self.assertEqual(done[0], 1)
        self.assertIn("not the values of " + PCRS, done[2])
        self.assertFalse((self.dir / "none").exists())

    def test_quotes_of_ward_are_accepted_by_tpm2_checkquote(self):
        for kind in ("ecc", "rsa"):
            with self.subTest(kind):
                at = {name: self.dir / f"{kind}.{name}" for name in ("evidence", "msg", "sig", "pcrs", "pem")}
                done = run(WARD, "attest", "--tee", "tpm", "--report-data", NONCE, "--pcrs", PCRS, "--ak", kind, "--tcti",
                           self.tpm.tcti, "-o", at["evidence"])
                self.assertEqual(done[0], 0, done[2])
                done = run(WARD, "tpm", "unpack", at["evidence"], "--message", at["msg"], "--signature", at["sig"], "--pcrs",
                           at["pcrs"], "--ak", at["pem"])
                self.assertEqual(done[0], 0, done[2])
                check = ("tpm2_checkquote", "-u", at["pem"], "-m", at["msg"], "-s", at["sig"], "-f", at["pcrs"], "-g", "sha256")
                self.tpm.tool(*check, "-q", NONCE)
                self.assertNotEqual(run(*check, "-q", "00" + NONCE[2:], env=self.tpm.env)[0], 0)
                code, out, error = self.verify(at["evidence"], at["pem"], "--report-data", NONCE)
                self.assertEqual(code, 0, out + error)

    def test_a_tpm_that_is_not_there_is_told(self):
        done = run(WARD, "attest", "--tee", "tpm", "--report-data", NONCE, "--tcti", "device:/dev/none", "-o", self.dir / "x")
        self.assertEqual(done[0], 3)
        self.assertIn("--tcti", done[2])
        self.assertFalse((self.dir / "x").exists())

    def test_a_key_that_a_tpm_lacks_is_3_with_a_hint(self):
        code, out, error = run(WARD, "attest", "--tee", "tpm", "--tcti", self.tpm.tcti, "-o", self.dir / "x", "--report-data", NONCE,
                               "--ak", "0x8101ff00")
        self.assertEqual((code, out), (3, ""), error)
        self.assertIn("handles-persistent", error)
        self.assertFalse((self.dir / "x").exists())

    def test_what_comes_next_is_said(self):
        evidence = self.dir / "next.bin"
        common = ("attest", "--tee", "tpm", "--tcti", self.tpm.tcti, "-o", evidence, "--force", "--report-data", NONCE)
        error = run(WARD, *common)[2]
        self.assertIn(f"ward: next: ward verify {evidence} --hardware-root tpm=AK.pem", error)
        self.assertIn("ward tpm challenge", error)
        told = schemas_test.check(run(WARD, *common, "--json")[1])[1]
        self.assertEqual(told["next"], f"ward verify {evidence} --hardware-root tpm=AK.pem --report-data {NONCE}")

    def test_json(self):
        files = [word for name in ("message", "signature", "pcrs", "ak") for word in ("--" + name, self.dir / f"apart.{name}")]
        evidence = self.pack("ecdsa", "ecdsa.pub", "evidence")
        code, out, error = run(WARD, "tpm", "unpack", evidence, *files, "--json")
        self.assertEqual((code, error), (0, ""))
        told = schemas_test.check(out)[1]
        self.assertEqual((told["command"], sorted(told["files"])), ("unpack", ["ak", "message", "pcrs", "signature"]))
        code, out, error = run(WARD, "tpm", "pack", *files, "-o", self.dir / "again", "--json")
        self.assertEqual((code, error), (0, ""))
        self.assertEqual(schemas_test.check(out)[1]["files"], {"evidence": str(self.dir / "again")})

    def test_one_name_for_two_files_is_a_mistake(self):
        evidence = self.pack("ecdsa", "ecdsa.pub", "evidence")
        one = self.dir / "one"
        code, _, error = run(WARD, "tpm", "unpack", evidence, "--message", one, "--signature", self.dir / "." / "one", "--pcrs",
                             self.dir / "p", "--ak", self.dir / "k")
        self.assertEqual(code, 2)
        self.assertIn("two files of this name", error)
        self.assertFalse(one.exists())

    def test_mistakes_are_usage(self):
        common = ("attest", "--tee", "tpm", "-o", self.dir / "x", "--report-data")
        for more in (("00" * 65,), ("0",), (NONCE, "--pcrs", "sha256"), (NONCE, "--pcrs", "sha256:24"), (NONCE, "--ak", "0x40000001"),
                     (NONCE, "--ak", "none")):
            self.assertEqual(run(WARD, *common, *more)[0], 2, more)


if __name__ == "__main__":
    unittest.main()
