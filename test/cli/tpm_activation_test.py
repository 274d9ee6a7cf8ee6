#!/usr/bin/env python3
"""Credential activation with a software TPM (swtpm) whose EK its own CA certified: ward alone, and with tpm2-tools on
either side."""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

import schemas_test
from tpm_test import NONCE, WARD, SoftwareTpm, run

NEEDED = ("swtpm", "swtpm_setup", "swtpm_localca", "certtool", "openssl", "tpm2_createek", "tpm2_createak",
          "tpm2_makecredential", "tpm2_activatecredential", "tpm2_evictcontrol")
AK_HANDLE = "0x81010002"
RSA_EK, P384_EK = "0x81010001", "0x81010016"  # where swtpm_setup leaves them
EK_EXTENSIONS = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement\nextendedKeyUsage=2.23.133.8.1\n"


def must(*args, env=None):
    code, out, error = run(*args, env=env)
    if code != 0:
        raise AssertionError(f"{args[0]}: {code}: {out}{error}")
    return out


def certify_with_swtpm(folder):
    """A TPM's state with EKs, and the certificates that swtpm's local CA gives them."""
    ca = folder / "ca"
    ca.mkdir()
    (folder / "options").write_text("--platform-manufacturer Ward\n--platform-version 1\n--platform-model Test\n")
    (folder / "localca.conf").write_text(
        f"statedir = {ca}\nsigningkey = {ca}/signkey.pem\nissuercert = {ca}/issuercert.pem\ncertserial = {ca}/serial\n")
    (folder / "setup.conf").write_text(
        f"create_certs_tool = {shutil.which('swtpm_localca')}\ncreate_certs_tool_config = {folder}/localca.conf\n"
        f"create_certs_tool_options = {folder}/options\nactive_pcr_banks = sha256\n")
    state = folder / "state"
    state.mkdir()
    must("swtpm_setup", "--tpm2", "--tpm-state", state, "--create-ek-cert", "--config", folder / "setup.conf")
    return ca


@unittest.skipUnless(all(map(shutil.which, NEEDED)) or "swtpm" in os.environ.get("WARD_REQUIRE", ""),
                     "no swtpm with its CA, or no tpm2-tools")
class ActivationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.ca = certify_with_swtpm(cls.dir)
        cls.tpm = SoftwareTpm(cls.folder.name)
        at, tool = cls.dir, cls.tpm.tool
        tool("tpm2_nvread", "0x1c00002", "-o", at / "rsa_ek.der")
        tool("tpm2_nvread", "0x1c00016", "-o", at / "p384_ek.der")
        tool("tpm2_createak", "-C", RSA_EK, "-c", at / "ak.ctx", "-G", "ecc", "-g", "sha256", "-s", "ecdsa", "-u", at / "ak.pub",
             "-n", at / "ak.name")
        tool("tpm2_flushcontext", "-t")
        tool("tpm2_evictcontrol", "-c", at / "ak.ctx", AK_HANDLE)
        tool("tpm2_readpublic", "-c", AK_HANDLE, "-f", "pem", "-o", at / "ak.pem")
        must(WARD, "attest", "--tee", "tpm", "--report-data", NONCE, "--tcti", cls.tpm.tcti, "-o", at / "quote.bin")

    @classmethod
    def tearDownClass(cls):
        cls.tpm.end()
        cls.folder.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory()
        self.at = pathlib.Path(self.own.name)
        self.addCleanup(self.own.cleanup)

    def challenge(self, *more, cert="rsa_ek.der", ak="quote.bin", root=None, out="cred", secret="secret"):
        root = root or self.ca / "swtpm-localca-rootca-cert.pem"
        return run(WARD, "tpm", "challenge", "--ek-cert", self.dir / cert, "--ek-root", root, "--ak", self.dir / ak,
                   "-o", self.at / out, "--secret", self.at / secret, *more)

    def challenged(self, **given):
        code, out, error = self.challenge("--collateral", self.ca / "issuercert.pem", **given)
        self.assertEqual(code, 0, out + error)
        return out

    def respond(self, ak="ecc", *more):
        return run(WARD, "tpm", "respond", self.at / "cred", "--ak", ak, "--tcti", self.tpm.tcti, "-o", self.at / "response", *more)

    def accept(self, response="response", *more):
        return run(WARD, "tpm", "accept", "--response", self.at / response, "--secret", self.at / "secret", "-o",
                   self.at / "trusted.pem", *more)

    def accepted(self, evidence=None):
        done = self.accept()
        self.assertEqual(done[0], 0, done[2])
        if evidence:
            done = run(WARD, "verify", self.dir / evidence, "--hardware-root", f"tpm={self.at / 'trusted.pem'}", "--report-data", NONCE)
            self.assertEqual(done[0], 0, done[1] + done[2])

    def test_an_ak_is_trusted_once_the_tpm_of_the_ek_has_opened_the_credential(self):
        out = self.challenged()
        self.assertIn("id:", out, "the TPM's maker, as its certificate has it")
        self.assertIn("not looked at: revocation by", out)
        self.assertEqual(stat.S_IMODE((self.at / "secret").stat().st_mode), 0o600)
        done = self.respond()
        self.assertEqual(done[0], 0, done[2])
        self.assertEqual(stat.S_IMODE((self.at / "response").stat().st_mode), 0o600)
        self.accepted("quote.bin")

    def test_every_step_is_told_in_json(self):
        told = []
        for done in (self.challenge("--collateral", self.ca / "issuercert.pem", "--json"), self.respond("ecc", "--json"),
                     self.accept("response", "--json")):
            self.assertEqual((done[0], done[2]), (0, ""), done)
            told.append(schemas_test.check(done[1])[1])
        self.assertEqual([(one["command"], list(one["files"])) for one in told],
                         [("challenge", ["credential", "secret"]), ("respond", ["response"]), ("accept", ["ak"])])
        self.assertEqual(told[0]["ak_name"], told[2]["ak_name"])
        self.assertIn("id:", told[0]["tpm"])
        self.assertNotEqual(told[0]["revocation_unread"], [])
        self.assertIn(str(self.at / "trusted.pem"), told[2]["next"])

    def test_a_bank_that_a_tpm_lacks_is_3_with_a_hint(self):
        code, _, error = run(WARD, "attest", "--tee", "tpm", "--report-data", NONCE, "--tcti", self.tpm.tcti, "-o", self.at / "x",
                             "--pcrs", "sha384:0")
        self.assertEqual(code, 3, error)
        self.assertIn("--pcrs takes the banks that this TPM has", error)

    def test_one_name_for_two_files_is_a_mistake(self):
        code, _, error = self.challenge("--collateral", self.ca / "issuercert.pem", secret="both", out="both")
        self.assertEqual(code, 2)
        self.assertIn("two files of this name", error)
        self.assertFalse((self.at / "both").exists())

    def test_eks_on_curves_open_credentials_too(self):
        self.challenged(cert="p384_ek.der")
        done = self.respond()
        self.assertEqual(done[0], 3, "ward has no template of this EK")
        self.assertIn("--ek", done[2])
        done = self.respond("ecc", "--ek", P384_EK)
        self.assertEqual(done[0], 0, done[2])
        self.accepted("quote.bin")

    def test_an_ek_on_p256_opens_it_by_its_template(self):
        self.tpm.tool("tpm2_createek", "-c", self.at / "ek.ctx", "-G", "ecc", "-u", self.at / "ek.pem", "-f", "pem")
        self.tpm.tool("tpm2_flushcontext", "-t")
        must("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.at / "ca.key", "-out",
             self.at / "ca.pem", "-subj", "/CN=Root", "-days", "2", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        must("openssl", "req", "-new", "-key", self.at / "ca.key", "-subj", "/CN=EK", "-out", self.at / "ek.csr")
        (self.at / "ek.ext").write_text(EK_EXTENSIONS)
        must("openssl", "x509", "-req", "-in", self.at / "ek.csr", "-force_pubkey", self.at / "ek.pem", "-CA", self.at / "ca.pem",
             "-CAkey", self.at / "ca.key", "-CAcreateserial", "-days", "1", "-extfile", self.at / "ek.ext", "-out",
             self.at / "ek_cert.pem")
        self.challenged(cert=self.at / "ek_cert.pem", root=self.at / "ca.pem")
        done = self.respond()
        self.assertEqual(done[0], 0, done[2])
        self.accepted("quote.bin")

    def test_credentials_of_tpm2_tools_are_opened(self):
        (self.at / "plain").write_bytes(bytes(range(32)))
        for kind, handle in (("rsa", RSA_EK), ("ecc", P384_EK)):
            with self.subTest(kind):
                self.tpm.tool("tpm2_readpublic", "-c", handle, "-o", self.at / "ek.pub")
                must("tpm2_makecredential", "-Q", "-T", "none", "-u", self.at / "ek.pub", "-s", self.at / "plain", "-n",
                     (self.dir / "ak.name").read_bytes().hex(), "-o", self.at / "cred")
                done = self.respond(AK_HANDLE, "--force", "--ek", handle)
                self.assertEqual(done[0], 0, done[2])
                self.assertEqual((self.at / "response").read_bytes(), bytes(range(32)))

    def test_tpm2_tools_open_credentials_of_ward(self):
        self.challenged(ak="ak.pub")
        session = self.at / "session"
        self.tpm.tool("tpm2_startauthsession", "--policy-session", "-S", session)
        self.tpm.tool("tpm2_policysecret", "-S", session, "-c", "e")
        self.tpm.tool("tpm2_activatecredential", "-c", AK_HANDLE, "-C", RSA_EK, "-i", self.at / "cred", "-o", self.at / "response",
                      "-P", f"session:{session}")
        self.tpm.tool("tpm2_flushcontext", session)
        self.accepted()
        der = [must("openssl", "pkey", "-pubin", "-in", path) for path in (self.at / "trusted.pem", self.dir / "ak.pem")]
        self.assertEqual(der[0], der[1])

    def test_another_ak_or_another_ek_opens_nothing(self):
        self.challenged(ak="ak.pub")
        for more in (("ecc",), ("rsa",), (AK_HANDLE, "--ek", P384_EK)):
            done = self.respond(*more)
            self.assertEqual(done[0], 1, done)
            self.assertIn("another EK (--ek) or another AK (--ak)", done[2])
            self.assertFalse((self.at / "response").exists())
        self.assertEqual(self.respond("0x81010099")[0], 3, "no such key")
        self.assertEqual(self.respond(AK_HANDLE)[0], 0)
        cred = bytearray((self.at / "cred").read_bytes())
        for place in (12, 60, 100, len(cred) - 1):
            cred[place] ^= 1
            (self.at / "cred").write_bytes(cred)
            done = self.respond(AK_HANDLE, "--force")
            self.assertEqual(done[0], 1, (place, done))
            cred[place] ^= 1

    def test_another_response_is_refused(self):
        self.challenged()
        self.assertEqual(self.respond()[0], 0)
        right = (self.at / "response").read_bytes()
        for wrong in (right[:-1], right + b"\0", bytes(32), b"", bytes([right[0] ^ 1]) + right[1:]):
            (self.at / "wrong").write_bytes(wrong)
            done = self.accept("wrong")
            self.assertEqual(done[0], 1, done)
            self.assertFalse((self.at / "trusted.pem").exists())
        self.assertEqual(self.accept("none")[0], 3)
        (self.at / "secret").write_bytes((self.at / "secret").read_bytes()[:-1])
        self.assertEqual(self.accept()[0], 2, "the verifier's own file is damaged")

    def test_a_certificate_that_does_not_lead_to_the_root_is_not_challenged(self):
        other = self.at / "other.pem"
        must("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.at / "o.key", "-out", other, "-subj",
             "/CN=Other", "-days", "2")
        for code, more, given in (
                (1, ("--collateral", self.ca), {"root": other}),
                (3, (), {}),  # the certificate between
                (3, ("--collateral", self.ca, "--require-crl"), {}),
                (1, ("--collateral", self.ca, "--at", "2000-01-01T00:00:00Z"), {}),
                (1, ("--collateral", self.ca), {"cert": "ca/issuercert.pem"}),  # a CA
                (1, ("--collateral", self.ca), {"cert": "quote.bin"}),
                (2, ("--collateral", self.ca), {"root": self.dir / "quote.bin"})):
            done = self.challenge(*more, **given)
            self.assertEqual(done[0], code, (more, given, done))
            self.assertFalse((self.at / "cred").exists() or (self.at / "secret").exists())

    def test_what_is_no_ak_is_not_challenged(self):
        self.tpm.tool("tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", self.at / "key.ctx", "-a",
                      "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign")
        self.tpm.tool("tpm2_readpublic", "-c", self.at / "key.ctx", "-o", self.at / "unrestricted.pub")
        self.tpm.tool("tpm2_flushcontext", "-t")
        self.tpm.tool("tpm2_readpublic", "-c", RSA_EK, "-o", self.at / "ek.pub")
        for name, why in ((self.at / "unrestricted.pub", "not"), (self.at / "ek.pub", "not decrypt"), ("ak.pem", "attributes")):
            done = self.challenge("--collateral", self.ca, ak=name)
            self.assertEqual(done[0], 1, done)
            self.assertIn(why, done[2])
            self.assertFalse((self.at / "cred").exists())

    def test_mistakes_are_usage(self):
        self.challenged()
        for more in (("none",), ("0x40000001",), ("ecc", "--ek", "rsa")):
            self.assertEqual(self.respond(*more)[0], 2, more)
        self.assertEqual(self.challenge("--collateral", self.ca)[0], 2, "the files exist")
        (self.at / "cred").write_bytes(b"no credential")
        self.assertEqual(self.respond()[0], 1)


if __name__ == "__main__":
    unittest.main()
