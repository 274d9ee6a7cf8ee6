#!/usr/bin/env python3
"""What a sender can put into evidence and collateral to exhaust a verifier: `ward verify` answers, or
refuses, within the bounds below. They guard against hanging and growing, and are far above what is
needed; `ward verify` of a good quote takes some milliseconds and 20 MiB.
"""
import base64
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
MEMORY = 1 << 30  # octets of address space
SECONDS = 60  # of processor time
GOOD = ROOT / "tee/sgx/testdata/valid/sgx_3"
FACTS = dict(line.split() for line in (GOOD / "case.txt").read_text().splitlines())


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def pem(label, octets):
    text = base64.encodebytes(octets).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def der_of(text):
    lines = [line for line in text.splitlines() if "-----" not in line]
    return base64.b64decode("".join(lines))


class Hostile(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.collateral = self.folder / "collateral"
        self.collateral.mkdir()
        for name in ("pck_platform_ca.crl", "qe_identity.json", "root_ca.crl", "root_ca.pem", "tcb_info.json",
                     "tcb_signing.pem"):
            shutil.copy(GOOD / name, self.collateral)
        self.evidence = self.folder / "evidence"
        shutil.copy(GOOD / "evidence", self.evidence)

    def verify(self):
        done = subprocess.run(
            [WARD, "verify", self.evidence, "--collateral", self.collateral, "--at", FACTS["at"], "--json",
             "--trust-root", GOOD / "root_ca.pem", "--allow-development"],
            capture_output=True, preexec_fn=limits, check=False)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr.decode()[-2000:])
        result = json.loads(done.stdout) if done.stdout else {}
        if done.returncode != 0 and "checks" not in result:
            self.assertEqual(len([line for line in done.stderr.decode().splitlines() if "error:" in line]), 1)
        return done.returncode, [c["id"] for c in result.get("checks", []) if c["outcome"] == "failed"]

    def put(self, name, octets):
        (self.collateral / name).write_bytes(octets)

    def certificates(self, count):
        """A PEM text of `count` certificates that differ in their serial."""
        leaf = der_of((GOOD / "root_ca.pem").read_text())
        at = leaf.index(bytes([0x02, 0x10])) + 2
        for i in range(count):
            yield pem("CERTIFICATE", leaf[:at + 8] + i.to_bytes(4, "big") + leaf[at + 12:])

    def test_the_good_quote_is_accepted_within_the_bounds(self):
        self.assertEqual(self.verify(), (0, []))

    def test_a_chain_of_thousands_of_certificates_in_the_quote(self):
        quote = self.evidence.read_bytes()
        at = quote.index(b"-----BEGIN") - 4
        for count in (50, 4000):
            chain = "".join(self.certificates(count)).encode()
            self.evidence.write_bytes(quote[:at] + len(chain).to_bytes(4, "little") + chain)
            code, failed = self.verify()
            self.assertEqual(code, 1)
            self.assertTrue(failed)

    def test_thousands_of_certificates_beside_the_good_documents(self):
        self.put("many.pem", "".join(self.certificates(8000)).encode())
        self.assertEqual(self.verify(), (0, []))
        for i, certificate in enumerate(self.certificates(4000)):
            self.put(f"certificate{i}.pem", certificate.encode())
        self.assertEqual(self.verify(), (0, []))

    def test_a_tcb_info_of_a_hundred_thousand_levels(self):
        info = json.loads((GOOD / "tcb_info.json").read_text())
        info["tcbInfo"]["tcbLevels"] *= 50000
        self.put("tcb_info.json", json.dumps(info).encode())
        self.assertNotEqual(self.verify()[0], 0)

    def test_thousands_of_tcb_infos(self):
        text = (GOOD / "tcb_info.json").read_text()
        for i in range(4000):
            self.put(f"tcb_info{i}.json", text.replace('"signature":"', f'"signature":"{i:08x}', 1).encode())
        self.assertEqual(self.verify(), (0, []))

    def test_deep_json(self):
        for opening, closing in (("[", "]"), ('{"tcbInfo":', "}")):
            self.put("deep.json", (opening * 100000 + "1" + closing * 100000).encode())
            self.assertEqual(self.verify(), (0, []))

    def test_a_giant_crl(self):
        time = der(0x17, b"260921141320Z")
        crl = (GOOD / "pck_platform_ca.crl").read_bytes()
        entries = b"".join(der(0x30, der(0x02, b"\x41" + i.to_bytes(15, "big")), time) for i in range(99999))
        version = crl.index(b"\x02\x01\x01")
        tbs_end = version + crl[version - 1]  # its length is one octet
        tbs = crl[version:crl.index(time)] + time + der(0x17, b"261021141320Z") + der(0x30, entries)
        forged = der(0x30, der(0x30, tbs), crl[tbs_end:])
        (self.collateral / "pck_platform_ca.crl").unlink()
        self.put("giant.crl", forged)
        self.assertEqual(self.verify(), (1, ["sgx.pck_crl.signature"]))
        self.put("giant.crl", forged * 2)  # beyond the limit of one document
        self.assertEqual(self.verify(), (3, []))

    def test_octets_without_end(self):
        for octets in (b"\0" * (64 << 20), b"-----BEGIN CERTIFICATE-----\n" + b"A" * (9 << 20), b"[" + b"1," * (4 << 20)):
            self.put("big", octets)
            code, failed = self.verify()
            self.assertEqual((code in (0, 3), failed), (True, []))
            self.evidence.write_bytes(octets)
            self.assertNotEqual(self.verify()[0], 0)
            shutil.copy(GOOD / "evidence", self.evidence)


class HostileSnp(unittest.TestCase):
    """The same of SEV-SNP, whose certificates may also come with the report."""

    GOOD = ROOT / "tee/snp/testdata/valid/turin_5_vcek"
    FACTS = dict(line.split() for line in (GOOD / "case.txt").read_text().splitlines())
    REPORT = 1184
    TABLE = 256 << 10

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.collateral = self.folder / "collateral"
        self.collateral.mkdir()
        for name in ("ask.der", "crl.der", "root_ca.pem", "vcek.der"):
            shutil.copy(self.GOOD / name, self.collateral)
        self.evidence = self.folder / "evidence"
        shutil.copy(self.GOOD / "evidence", self.evidence)

    def verify(self):
        done = subprocess.run(
            [WARD, "verify", self.evidence, "--collateral", self.collateral, "--at", self.FACTS["at"], "--json",
             "--trust-root", self.GOOD / "root_ca.pem", "--allow-development"],
            capture_output=True, preexec_fn=limits, check=False)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr.decode()[-2000:])
        result = json.loads(done.stdout) if done.stdout else {}
        return done.returncode, [c["id"] for c in result.get("checks", []) if c["outcome"] == "failed"]

    def certificates(self, count):
        """VCEK certificates that differ in their serial: of another chip, since their signature does not fit."""
        leaf = (self.GOOD / "vcek.der").read_bytes()
        serial = leaf.index(bytes([0x02, 0x08])) + 2
        chip = leaf.index(bytes.fromhex("2b060104019c780104")) + 9 + 2  # the hwID's octets
        for i in range(count):
            other = bytearray(leaf)
            other[serial + 4:serial + 8] = i.to_bytes(4, "big")
            other[chip] ^= 1
            yield bytes(other)

    def test_the_good_report_is_accepted_within_the_bounds(self):
        self.assertEqual(self.verify(), (0, []))

    def test_thousands_of_certificates_beside_the_good_documents(self):
        for i, certificate in enumerate(self.certificates(4000)):
            (self.collateral / f"a{i}.der").write_bytes(certificate)
        self.assertEqual(self.verify(), (0, []))
        (self.collateral / "many.pem").write_text("".join(pem("CERTIFICATE", c) for c in self.certificates(5000)))
        self.assertEqual(self.verify(), (0, []))

    def test_a_table_of_the_largest_size(self):
        report = self.evidence.read_bytes()
        guid = bytes.fromhex("63da758de6644564adc5f4b93be8accd")
        header = 65 * 24
        chain = "".join(pem("CERTIFICATE", c) for c in self.certificates(64)).encode()

        def table(sizes):
            rows = b"".join(guid + header.to_bytes(4, "little") + size.to_bytes(4, "little") for size in sizes)
            return (rows + bytes(max(0, header - len(rows))) + chain).ljust(self.TABLE, b"\0")

        self.evidence.write_bytes(report + table([len(chain)] + [0] * 63))
        self.assertEqual(self.verify(), (0, []))
        for sizes in ([len(chain)] + [0] * 64, [len(chain)] * 2, [len(chain)] * 64):  # one too many; entries that overlap
            self.evidence.write_bytes(report + table(sizes))
            self.assertEqual(self.verify(), (1, ["snp.report.form"]))
        rows = guid + (24 * 2).to_bytes(4, "little") + (self.TABLE - 48).to_bytes(4, "little")
        self.evidence.write_bytes(report + (rows + bytes(24)).ljust(self.TABLE, b"\x30"))
        self.assertEqual(self.verify(), (0, []))
        self.evidence.write_bytes(report + (rows + bytes(24)).ljust(self.TABLE + 1, b"\x30"))
        self.assertEqual(self.verify(), (1, ["snp.report.form"]))

    def test_json_without_end(self):
        for text in ('{"attestation_report":' + "[" * 100000, '{"attestation_report":[' + "0," * (2 << 20) + "0]}",
                     '{"attestation_report":{"' + "a" * (4 << 20) + '":1}}', '{"attestation_report":{}' + " " * (64 << 20) + "}"):
            self.evidence.write_text(text)
            self.assertIn(self.verify()[0], (1, 3))  # 3: larger than any evidence

    def test_a_giant_crl(self):
        time = der(0x17, b"260921141320Z")
        crl = (self.GOOD / "crl.der").read_bytes()
        entries = b"".join(der(0x30, der(0x02, b"\x41" + i.to_bytes(15, "big")), time) for i in range(99999))
        at = crl.index(time)
        nexts = der(0x17, b"261021141320Z")
        version = crl.index(b"\x02\x01\x01")
        tbs_size = int.from_bytes(crl[version - 2:version], "big") if crl[version - 3] == 0x82 else crl[version - 1]
        forged = der(0x30, der(0x30, crl[version:at] + time + nexts + der(0x30, entries)), crl[version + tbs_size:])
        (self.collateral / "crl.der").unlink()
        (self.collateral / "giant.crl").write_bytes(forged)
        code, failed = self.verify()
        self.assertEqual((code, failed), (1, ["snp.crl.signature"]))


if __name__ == "__main__":
    unittest.main()
