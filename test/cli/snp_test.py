#!/usr/bin/env python3
"""What `ward verify` and `ward inspect` print of SEV-SNP evidence, in each form that it comes in."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VALID = ROOT / "tee/snp/testdata/valid"
TURIN, GENOA, MILAN, EXTENDED = (VALID / name for name in (
    "turin_5_vcek", "genoa_3_vlek", "milan_2_vcek", "genoa_4_vcek_extended"))
SIZE = 1184


def ward(*args):
    done = subprocess.run([WARD, *map(str, args)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def facts(face):
    return dict(line.split() for line in (face / "case.txt").read_text().splitlines())


def common(face, collateral=None):
    return ["--collateral", collateral or face, "--trust-root", face / "root_ca.pem", "--allow-development",
            "--at", facts(face)["at"]]


def verify(face, *more, evidence=None, collateral=None):
    return ward("verify", evidence or face / "evidence", *common(face, collateral), *more)


def claims(face):
    return json.loads(ward("inspect", face / "evidence", "--json")[1])["claims"]


def number(octets):
    return int.from_bytes(octets, "little")


def tcb(octets, turin):
    places = (0, 1, 2, 3, 7) if turin else (None, 0, 1, 6, 7)
    names = ("fmc", "bootloader", "tee", "snp", "microcode")
    return {name: None if place is None else octets[place] for name, place in zip(names, places)}


def trustee_json(raw, turin, chain=None):
    """The report as a guest of Trustee sends it."""
    version = number(raw[:4])
    octets = {"family_id": (0x10, 16), "image_id": (0x20, 16), "report_data": (0x50, 64), "measurement": (0x90, 48),
              "host_data": (0xc0, 32), "id_key_digest": (0xe0, 48), "author_key_digest": (0x110, 48),
              "report_id": (0x140, 32), "report_id_ma": (0x160, 32), "chip_id": (0x1a0, 64)}
    numbers = {"version": (0, 4), "guest_svn": (4, 4), "policy": (8, 8), "vmpl": (0x30, 4), "sig_algo": (0x34, 4),
               "plat_info": (0x40, 8), "key_info": (0x48, 4)}
    tcbs = {"current_tcb": 0x38, "reported_tcb": 0x180, "committed_tcb": 0x1e0, "launch_tcb": 0x1f0}
    report = {name: number(raw[at:at + size]) for name, (at, size) in numbers.items()}
    report |= {name: list(raw[at:at + size]) for name, (at, size) in octets.items()}
    report |= {name: tcb(raw[at:at + 8], turin) for name, at in tcbs.items()}
    for name, at in (("current", 0x1e8), ("committed", 0x1ec)):
        report[name] = {"major": raw[at + 2], "minor": raw[at + 1], "build": raw[at]}
    for name, at in (("cpuid_fam_id", 0x188), ("cpuid_mod_id", 0x189), ("cpuid_step", 0x18a)):
        report[name] = raw[at] if version >= 3 else None
    for name, at in (("launch_mit_vector", 0x1f8), ("current_mit_vector", 0x200)):
        report[name] = number(raw[at:at + 8]) if version >= 5 else None
    report["signature"] = {"r": list(raw[0x2a0:0x2e8]), "s": list(raw[0x2e8:0x330])}
    return json.dumps({"attestation_report": report, "cert_chain": chain})


class Snp(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def put(self, octets):
        path = self.folder / "file"
        path.write_bytes(octets if isinstance(octets, bytes) else octets.encode())
        return path

    def without(self, face, *names):
        folder = self.folder / "collateral"
        shutil.copytree(face, folder, dirs_exist_ok=True)
        for name in (*names, "evidence", "case.txt"):
            (folder / name).unlink()
        return folder

    def test_every_form_is_accepted(self):
        for face in (TURIN, GENOA, MILAN, EXTENDED):
            raw = (face / "evidence").read_bytes()
            forms = {"raw": raw, "hex": raw.hex(), "lines of hex": "\n".join(raw.hex()[i:i + 60] for i in range(0, len(raw) * 2, 60)),
                     "base64": base64.encodebytes(raw), "base64url": base64.urlsafe_b64encode(raw).rstrip(b"=")}
            if face is not EXTENDED:
                forms["json"] = trustee_json(raw, face is TURIN)
            for name, octets in forms.items():
                with self.subTest(face=face.name, form=name):
                    code, out, err = verify(face, evidence=self.put(octets))
                    self.assertEqual((code, err), (0, ""), out)
                    self.assertTrue(out.startswith("accepted"), out)

    def test_json_with_its_chain_needs_no_other_certificate(self):
        raw = (TURIN / "evidence").read_bytes()
        chain = [{"cert_type": kind, "data": list((TURIN / name).read_bytes())}
                 for kind, name in (("VCEK", "vcek.der"), ("ASK", "ask.der"), ("ARK", "root_ca.pem"))]
        evidence = self.put(trustee_json(raw, True, chain))
        code, out, _ = verify(TURIN, evidence=evidence, collateral=TURIN / "crl.der")
        self.assertEqual((code, out.split()[0]), (0, "accepted"), out)

    def test_layout_covers_every_octet(self):
        for face in (TURIN, GENOA, MILAN, EXTENDED):
            at = 0
            for field in json.loads(ward("inspect", face / "evidence", "--layout", "--json")[1])["layout"]:
                self.assertEqual(field["offset"], at, field["name"])
                at += field["size"]
            self.assertEqual(at, (face / "evidence").stat().st_size)

    def test_inspect_says_the_same_of_every_form(self):
        raw = (TURIN / "evidence").read_bytes()
        want = claims(TURIN)
        self.assertEqual((want["product_line"], want["signing_key"], want["vmpl"]), ("Turin", "VCEK", 0))
        for octets in (raw.hex(), base64.b64encode(raw), trustee_json(raw, True)):
            code, out, err = ward("inspect", self.put(octets), "--json")
            self.assertEqual((code, err), (0, ""))
            self.assertEqual(json.loads(out)["claims"], want)

    def test_a_missing_certificate_is_named_with_its_address(self):
        code, out, _ = verify(TURIN, collateral=self.without(TURIN, "vcek.der"))
        self.assertEqual((code, out.splitlines()[0]), (3, "undetermined: snp.vek.present"))
        chip = claims(TURIN)["chip_id"][:16]
        self.assertIn(f"https://kdsintf.amd.com/vcek/v1/Turin/{chip}?fmcSPL=1&blSPL=4&teeSPL=0&snpSPL=24&ucodeSPL=219", out)
        code, out, _ = verify(GENOA, collateral=self.without(GENOA, "asvk.der"))
        self.assertEqual((code, out.splitlines()[0]), (3, "undetermined: snp.vek_chain.present"))
        self.assertIn("https://kdsintf.amd.com/vlek/v1/Genoa/cert_chain", out)

    def test_revocation_is_unchecked_or_demanded(self):
        folder = self.without(TURIN, "crl.der")
        code, out, _ = verify(TURIN, collateral=folder)
        self.assertEqual((code, out.splitlines()[0]),
                         (0, "accepted (platform only; not checked: revocation, report_data, measurement)"))
        told = facts(TURIN)
        expected = [word for name in ("report_data", "measurement", "workload")
                    for word in ("--" + name.replace("_", "-"), told[name])]
        code, out, _ = verify(TURIN, *expected, collateral=folder)
        self.assertEqual((code, out.splitlines()[0]), (0, "accepted (not checked: revocation)"))
        self.assertEqual(verify(TURIN, *expected)[1].splitlines()[0], "accepted")
        code, out, _ = verify(TURIN, "--require-crl", collateral=folder)
        self.assertEqual((code, out.splitlines()[0]), (3, "undetermined: snp.crl.present"))
        self.assertIn("https://kdsintf.amd.com/vcek/v1/Turin/crl", out)
        self.assertEqual(verify(TURIN, "--require-crl")[0], 0)

    def test_values_are_refused_accepted_and_have_a_least_one(self):
        chip = claims(TURIN)["chip_id"]
        rows = [
            (MILAN, "--refuse-value", "snp.product.line=Milan", 1),
            (MILAN, "--refuse-value", "snp.product.line=milan", 1),
            (TURIN, "--refuse-value", "snp.product.line=Milan", 0),
            (TURIN, "--accept-value", "snp.report.chip_id=" + chip, 0),
            (TURIN, "--accept-value", "snp.report.chip_id=" + chip.upper(), 0),
            (TURIN, "--accept-value", "snp.report.chip_id=" + "07" * 64, 1),
            (TURIN, "--accept-value", "snp.report.launch_mit_vector=1", 0),
            (TURIN, "--accept-value", "snp.report.launch_mit_vector=2", 1),
            (TURIN, "--accept-value", "snp.report.vmpl=0", 0),
            (TURIN, "--accept-value", "snp.platform_info.alias_check_complete=true", 0),
            (TURIN, "--min-value", "snp.reported_tcb.snp=24", 0),
            (TURIN, "--min-value", "snp.reported_tcb.snp=25", 1),
            (TURIN, "--min-value", "snp.reported_tcb.fmc=1", 0),
            (MILAN, "--min-value", "snp.reported_tcb.fmc=0", 3),  # Milan has none
            (MILAN, "--accept-value", "snp.report.launch_mit_vector=0", 3),  # nor version 2 this
            (TURIN, "--min-value", "snp.version.committed=1.55.40", 0),
            (TURIN, "--min-value", "snp.version.committed=1.55.41", 1),
            (TURIN, "--min-value", "snp.version.committed=1.9.99", 0),
            (TURIN, "--min-value", "snp.version.committed=2.0.0", 1),
        ]
        for face, option, value, want in rows:
            with self.subTest(value=value, option=option):
                code, out, err = verify(face, option, value)
                self.assertEqual((code, err), (want, ""), out)
                if want != 0:
                    word = "refused: " if want == 1 else "undetermined: "
                    self.assertEqual(out.splitlines()[0], word + value.split("=")[0])

    def test_values_that_could_never_be_are_one_line_and_a_hint(self):
        rows = [
            ("--refuse-value", "snp.product.line=Rome", "snp.product.line never has this value: Rome",
             "write one of: Milan, Genoa, Turin"),
            ("--accept-value", "snp.report.chip_id=00", "snp.report.chip_id never has this value: 00",
             "write 64 octets in hex"),
            ("--min-value", "snp.reported_tcb.snp=256", "snp.reported_tcb.snp never has this value: 256",
             "write a whole number of at most 255"),
            ("--min-value", "snp.product.line=Milan", "snp.product.line has no order",
             "only numbers and versions have a least value; name its values with --accept-value"),
            ("--min-value", "snp.report.launch_mit_vector=1", "snp.report.launch_mit_vector has no order",
             "only numbers and versions have a least value; name its values with --accept-value"),
            ("--accept-value", "snp.platform_info.unknown_bits=0x1", "snp.platform_info.unknown_bits never has this value: 0x1",
             f"write a mask of bits, as a whole number of at most {2**64 - 1}"),
            ("--min-value", "snp.reported_tcb=1", "no field: snp.reported_tcb", None),
            ("--refuse-value", "snp.product.line", "no value: snp.product.line", "write FIELD=VALUE"),
            ("--accept-value", "snp.report.vmpl=4", "snp.report.vmpl never has this value: 4",
             "write a whole number of at most 3"),
        ]
        for option, value, error, hint in rows:
            with self.subTest(value=value):
                code, out, err = verify(TURIN, option, value)
                self.assertEqual((code, out), (2, ""))
                lines = err.splitlines()
                self.assertEqual(lines[0], f"ward: error: {option}: {error}")
                self.assertEqual(len(lines), 2)
                if hint:
                    self.assertEqual(lines[1], "ward: hint: " + hint)
        for value in ("snp.version.committed=one", "snp.version.committed=1.", "snp.version.committed=1.55.x"):
            self.assertEqual(verify(TURIN, "--min-value", value)[0], 2)
        code, _, err = verify(TURIN, "--min-value", "snp.reported_tcb.snp=1", "--min-value", "snp.reported_tcb.snp=2")
        self.assertEqual((code, err.splitlines()[0]),
                         (2, "ward: error: --min-value: snp.reported_tcb.snp was given twice"))

    def test_evidence_that_is_altered_or_cut_is_refused(self):
        raw = (TURIN / "evidence").read_bytes()
        text = trustee_json(raw, True)
        rows = [
            (raw[:100], None), (raw + b"\1", "snp.report.form"), (raw[:-1], "snp.report.form"),
            (raw[:4] + b"\7" + raw[5:], "snp.report.signature"),
            (raw[:0x30] + b"\xff" * 4 + raw[0x34:], "snp.report.vmpl_range"),
            (raw.hex()[:-2], "snp.report.form"),
            (text[:-1], "snp.report.form"), (text.replace('"vmpl": 0', '"vmpl": true'), "snp.report.form"),
            (text.replace('"vmpl": 0', '"vmpl": 1'), "snp.report.signature"),
        ]
        for octets, check in rows:
            code, out, _ = verify(TURIN, evidence=self.put(octets))
            self.assertNotEqual(code, 0, out)
            if check:
                self.assertEqual((code, out.splitlines()[0]), (1, "refused: " + check))

    def test_the_json_member_that_is_wrong_is_named(self):
        raw = (TURIN / "evidence").read_bytes()
        text = trustee_json(raw, True).replace('"microcode": 219', '"microcode": 256', 1)
        _, out, _ = verify(TURIN, evidence=self.put(text))
        self.assertIn("found    attestation_report.current_tcb.microcode is not a number that fits", out)


if __name__ == "__main__":
    unittest.main()
