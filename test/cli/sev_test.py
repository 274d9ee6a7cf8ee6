#!/usr/bin/env python3
"""What `ward sev` writes for a platform of AMD SEV's first generation, and what it refuses. The firmware's side is
computed here again, with Python's own HMAC and SHA-256."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
AMD = ROOT / "tee/sev/testdata/amd"
VALID = ROOT / "tee/sev/testdata/valid"
INVALID = ROOT / "tee/sev/testdata/invalid"
GUID = "736869e5-84f0-4973-92ec-06879ce3da0b"
API, BUILD, POLICY = (1, 55), 8, 0b1111
DIGEST = "ab" * 32
MNONCE = bytes(range(16))


def ward(*args):
    done = subprocess.run([WARD, "sev", *map(str, args)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def measure_of(tik, digest=DIGEST, api=API, build=BUILD, policy=POLICY, mnonce=MNONCE):
    data = bytes([4, *api, build]) + policy.to_bytes(4, "little") + bytes.fromhex(digest) + mnonce
    return hmac.new(tik, data, hashlib.sha256).digest()


def stated(measure):
    return base64.b64encode(measure + MNONCE).decode()


class Sev(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = self.folder / "launch"

    def session(self, *more, chain=None, out=None):
        paths = chain or [AMD / "rome_platform.cert", AMD / "ask_ark_rome.cert"]
        words = [word for path in paths for word in ("--chain", path)]
        return ward("session", *words, "-o", out or self.out, *more)

    def keys(self):
        code, _, said = self.session()
        self.assertEqual(code, 0, said)
        tik = self.out / "tik.key"
        common = ["--tik", tik, "--api", "1.55", "--build", BUILD]
        return tik.read_bytes(), common

    def check(self, text):
        told = json.loads(text)
        name = told["schema"].removesuffix("/1")
        jsonschema.validate(told, json.loads((ROOT / f"docs/schemas/{name}-1.json").read_text()))
        return told

    def test_a_session_is_written_for_platforms_of_real_machines(self):
        for line in ("naples", "rome"):
            out = self.folder / line
            code, told, said = self.session("--json", chain=[AMD / f"{line}_platform.cert", AMD / f"ask_ark_{line}.cert"],
                                            out=out)
            self.assertEqual((code, said), (0, ""))
            told = self.check(told)
            self.assertIn("CEK", told["warnings"][0])
            self.assertEqual((told["product_line"], told["development"], told["policy"]),
                             (line.capitalize(), False, POLICY))
            sizes = {path.name: path.stat().st_size for path in out.iterdir()}
            self.assertEqual(sizes, {"godh.cert": 2084, "godh.b64": 2780, "session.bin": 128, "session.b64": 172,
                                     "tek.key": 16, "tik.key": 16})
            for name in ("tek.key", "tik.key"):
                self.assertEqual(stat.S_IMODE((out / name).stat().st_mode), 0o600)
            self.assertEqual(base64.b64decode((out / "godh.b64").read_bytes()), (out / "godh.cert").read_bytes())
            session = (out / "session.bin").read_bytes()
            self.assertEqual(base64.b64decode((out / "session.b64").read_bytes()), session)
            policy_mac = hmac.new((out / "tik.key").read_bytes(), POLICY.to_bytes(4, "little"), hashlib.sha256).digest()
            self.assertEqual(session[96:], policy_mac)

    def test_every_session_has_its_own_keys_and_replaces_none(self):
        self.assertEqual(self.session()[0], 0)
        code, _, said = self.session()
        self.assertEqual(code, 2)
        self.assertIn("a folder of its own for each guest", said)
        self.assertEqual(self.session(out=self.folder / "two")[0], 0)
        for name in ("tek.key", "tik.key", "godh.cert", "session.bin"):
            self.assertNotEqual((self.out / name).read_bytes(), (self.folder / "two" / name).read_bytes())

    def test_a_platform_that_is_not_right_gets_no_session(self):
        unsigned = self.folder / "unsigned.cert"
        naples = (AMD / "naples_platform.cert").read_bytes()
        cek = bytearray(naples[3 * 2084:])
        cek[0x414:] = bytes.fromhex("00100000") + bytes(516) + bytes.fromhex("00100000") + bytes(516)
        unsigned.write_bytes(naples[:3 * 2084] + cek)
        made = VALID / "rome_report"
        cases = (
            (1, "sev.cek.signature", [unsigned, AMD / "ask_ark_naples.cert"], ()),
            (1, "sev.cek.signature", [AMD / "naples_platform.cert", AMD / "ask_ark_rome.cert"], ()),
            (1, "sev.ark.root", [made / "platform.cert", made / "ask_ark.cert"], ()),
            (1, "sev.platform.development", [made / "platform.cert", made / "ask_ark.cert"],
             ("--trust-root", made / "root_ca.pem")),
            (1, "sev.chip.accepted", [AMD / "rome_platform.cert", AMD / "ask_ark_rome.cert"], ("--chip", "00" * 32)),
            (3, "ASK", [AMD / "rome_platform.cert"], ()),
            (3, "PDH", [AMD / "ask_ark_rome.cert"], ()),
            (3, "several", [AMD / "rome_platform.cert", AMD / "naples_platform.cert", AMD / "ask_ark_rome.cert"], ()),
        )
        for code, words, chain, more in cases:
            with self.subTest(words=words):
                got, told, said = self.session(*more, chain=chain)
                self.assertEqual((got, told), (code, ""), said)
                self.assertIn(words, said)
                self.assertIn("ward: hint: ", said)
                self.assertNotIn("--collateral", said)
                self.assertFalse(self.out.exists())
        self.assertIn("--chain", self.session(chain=[AMD / "rome_platform.cert"])[2])
        chain = [made / "platform.cert", made / "ask_ark.cert"]
        code, told, said = self.session("--hardware-root", f"tpm={made / 'root_ca.pem'}", chain=chain)
        self.assertEqual((code, told), (1, ""), said)
        self.assertIn("sev.ark.root", said)
        code, told, said = self.session("--trust-root", made / "root_ca.pem", "--allow-development", chain=chain)
        self.assertEqual(code, 0, said)
        self.assertIn("DEVELOPMENT", told)

    def test_that_keys_of_chips_were_extracted_is_said_where_no_chip_is_named(self):
        told = self.session()[1]
        self.assertIn("warning: keys of chips (CEK) were extracted", told)
        chip = json.loads(self.session("--json", out=self.folder / "two")[1])["chip"]
        code, told, said = self.session("--chip", chip, out=self.folder / "three")
        self.assertEqual((code, said), (0, ""))
        self.assertNotIn("warning", told)
        told = json.loads(self.session("--chip", chip, "--json", out=self.folder / "four")[1])
        self.assertEqual(told["warnings"], [])

    def test_mistakes_are_told_before_anything_is_written(self):
        for words in (("--policy", "nodbg,no"), ("--policy", "0x40"), ("--policy", "0x1ffffffff"), ("--min-api", "1"),
                      ("--policy", "0x15010000", "--min-api", "1.2"), ("--chip", "00")):
            with self.subTest(words=words):
                code, _, said = self.session(*words)
                self.assertEqual(code, 2, said)
                self.assertIn("ward: error: ", said)
                self.assertFalse(self.out.exists())

    def test_the_policy_is_the_number_that_its_words_say(self):
        code, told, _ = self.session("--policy", "nodbg,sev", "--min-api", "1.21", "--json")
        self.assertEqual((code, json.loads(told)["policy"]), (0, 0x15010021))

    def test_the_measurement_is_the_firmwares(self):
        tik, common = self.keys()
        code, told, said = ward("measure", *common, "--digest", DIGEST, "--mnonce", MNONCE.hex(), "--json")
        self.assertEqual(code, 0, said)
        told = self.check(told)
        self.assertEqual(told["measurement"], measure_of(tik).hex())
        self.assertFalse(told["compared"])
        code, told, said = ward("measure", *common, "--digest", DIGEST, "--measured", stated(measure_of(tik)), "--json")
        self.assertEqual(code, 0, said)
        self.assertTrue(self.check(told)["compared"])

    def test_another_measurement_is_refused_whatever_differs(self):
        tik, common = self.keys()
        others = ({"digest": "ac" * 32}, {"api": (1, 54)}, {"build": 7}, {"policy": 0b1110}, {"mnonce": bytes(16)})
        secret = self.folder / "secret"
        secret.write_text("x")
        for other in others:
            with self.subTest(other=other):
                words = [*common, "--digest", DIGEST, "--measured", stated(measure_of(tik, **other))]
                code, told, said = ward("measure", *words)
                self.assertEqual((code, told), (1, ""))
                self.assertIn("the measurement is another", said)
                code, _, said = ward("secret", *words, "--tek", self.out / "tek.key", "--secret", f"{GUID}:{secret}",
                                     "-o", self.folder / "packet")
                self.assertEqual(code, 1, said)
                self.assertFalse((self.folder / "packet").exists())

    def test_firmware_kernel_and_processors_are_measured(self):
        _, common = self.keys()
        firmware = self.folder / "firmware"
        firmware.write_bytes(bytes(4096))
        plain = [*common, "--mnonce", MNONCE.hex(), "--firmware", firmware, "--json"]
        code, told, said = ward("measure", *plain, "--policy", "nodbg")
        self.assertEqual(code, 0, said)
        self.assertEqual(json.loads(told)["launch_digest"], hashlib.sha256(bytes(4096)).hexdigest())
        code, told, said = ward("measure", *plain, "--vcpus", 1, "--vcpu-sig", "0x800f12")
        self.assertEqual(code, 0, said)
        self.assertNotEqual(json.loads(told)["launch_digest"], hashlib.sha256(bytes(4096)).hexdigest())
        for more, words in (((), "--vcpus"), (("--vcpus", 2, "--vcpu-sig", "0x800f12"), "reset vector"),
                            (("--vcpus", 9999, "--vcpu-sig", "0x1"), "from 1 to 512"),
                            (("--policy", "nodbg", "--vcpus", 1, "--vcpu-sig", "0x1"), "without ES"),
                            (("--policy", "nodbg", "--kernel", firmware), "no place"),
                            (("--policy", "nodbg", "--initrd", firmware), "--kernel"),
                            (("--policy", "nodbg", "--digest", DIGEST), "either --digest")):
            with self.subTest(words=words):
                code, _, said = ward("measure", *plain, *more)
                self.assertEqual(code, 2, said)
                self.assertIn(words, said)

    def test_a_secret_is_packed_as_the_firmware_opens_it(self):
        tik, common = self.keys()
        secret = self.folder / "secret"
        secret.write_text("a passphrase")
        measure = measure_of(tik)
        words = [*common, "--digest", DIGEST, "--measured", stated(measure), "--tek", self.out / "tek.key", "--secret",
                 f"{GUID}:{secret}", "-o", self.folder / "packet", "--json"]
        code, told, said = ward("secret", *words)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.check(told)["secrets"], 1)
        header, data = ((self.folder / "packet" / name).read_bytes() for name in ("header.bin", "secret.bin"))
        self.assertEqual((len(header), len(data) % 16), (52, 0))
        size = len(data).to_bytes(4, "little")
        mac = hmac.new(tik, b"\1" + header[:20] + size + size + data + measure, hashlib.sha256).digest()
        self.assertEqual(header[20:], mac)
        self.assertEqual(base64.b64decode((self.folder / "packet/header.b64").read_bytes()), header)
        done = subprocess.run(["openssl", "enc", "-d", "-aes-128-ctr", "-K", (self.out / "tek.key").read_bytes().hex(),
                               "-iv", header[4:20].hex()], input=data, capture_output=True, check=True)
        self.assertEqual(done.stdout[:20], bytes.fromhex("42f5741edd71664d963eef4287ff173b") + (52).to_bytes(4, "little"))
        self.assertEqual(done.stdout[40:52], b"a passphrase")
        self.assertEqual(done.stdout[52:], bytes(12))

    def test_a_secret_needs_a_measurement_that_was_compared(self):
        _, common = self.keys()
        code, _, said = ward("secret", *common, "--digest", DIGEST, "--mnonce", MNONCE.hex(), "--tek",
                             self.out / "tek.key", "--secret", f"{GUID}:{self.out}/tek.key", "-o", self.folder / "packet")
        self.assertEqual(code, 2)
        self.assertIn("--measured", said)

    def test_secrets_are_named_by_guids_each_once(self):
        tik, common = self.keys()
        words = [*common, "--digest", DIGEST, "--measured", stated(measure_of(tik)), "--tek", self.out / "tek.key", "-o",
                 self.folder / "packet"]
        for secrets in (["disk:x"], [f"{GUID}:{self.out}/tek.key", f"{GUID}:{self.out}/tek.key"]):
            code, _, said = ward("secret", *words, *(word for s in secrets for word in ("--secret", s)))
            self.assertEqual(code, 2, said)
            self.assertIn("--secret", said)
        code, _, _ = ward("secret", *words, "--secret", f"{GUID}:{self.folder}/absent")
        self.assertEqual(code, 3)
        empty = self.folder / "empty"
        empty.touch()
        for secret, text in ((f"{GUID}:", "no file"), (f"{GUID}:{empty}", "is empty")):
            code, _, said = ward("secret", *words, "--secret", secret)
            self.assertEqual(code, 2, said)
            self.assertIn(text, said)
            self.assertFalse((self.folder / "packet").exists())

    def test_keys_of_another_size_are_none(self):
        tik, common = self.keys()
        wrong = self.folder / "wrong"
        wrong.write_bytes(bytes(15))
        wrong.chmod(0o600)
        code, _, said = ward("measure", "--tik", wrong, *common[2:], "--digest", DIGEST, "--mnonce", MNONCE.hex())
        self.assertEqual(code, 2)
        self.assertIn("16 octets", said)


class Verify(unittest.TestCase):
    """`ward verify` of this evidence: what anybody can judge."""

    def test_a_report_is_judged_with_its_certificates(self):
        for face in ("naples_chain", "rome_report", "milan_sha384", "naples_p256"):
            folder = VALID / face
            facts = dict(line.split(maxsplit=1) for line in (folder / "case.txt").read_text().splitlines())
            words = ["verify", folder / "evidence", "--collateral", folder, "--trust-root", folder / "root_ca.pem",
                     "--allow-development", "--report-data", facts["report_data"], "--measurement", facts["measurement"]]
            done = subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"SEV-SNP is what answers them", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
