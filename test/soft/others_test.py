#!/usr/bin/env python3
"""Other people's verifiers accept what keeps on the development platform show where they are given its root, and
refuse it without: go-tdx-guest, go-sev-guest and dcap-qvl, each as its users call it, with revocation and collateral.

The evidence is asked for by `ward attest`: of real keeps, through softd.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/differential"))

import go_sev_guest_peer  # noqa: E402
import go_tdx_guest_peer  # noqa: E402
import recorded  # noqa: E402

try:
    import dcap_qvl
except ImportError:
    dcap_qvl = None
ABSENT = [peer.absent for peer in (go_tdx_guest_peer.Peer, go_sev_guest_peer.Peer) if peer.absent]
if dcap_qvl is None:
    ABSENT.append("dcap-qvl is not installed (tools/requirements.txt)")

WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
REPORT_DATA = bytes(range(64))
LINE = "Genoa"
# What each of them knows: go-tdx-guest reads TDX quotes of version 4 alone, dcap-qvl SGX quotes of version 3 alone.
QVL = ("sgx", "tdx", "tdx-v5", "tdx-v5-1.5")
UNKNOWN_TO_QVL = ("sgx-v4", "sgx-v5")
SNP = ("snp", "snp-v2", "snp-v3", "snp-vlek", "snp-v2-vlek", "snp-v3-vlek")


def run(*words):
    done = subprocess.run([WARD, *words], capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(f"{words}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout


class Platform:
    """A development platform, and evidence of a keep on each face."""

    def __init__(self, folder):
        self.folder = folder
        run("dev", "init", folder)
        self.collateral = folder / "collateral"

    def evidence(self, face):
        path = self.folder / f"{face}.evidence"
        if not path.exists():
            run("attest", "--tee", f"soft-{face}", "--device", self.folder, "--report-data", REPORT_DATA.hex(), "-o", path)
        return path.read_bytes()

    def der(self, name):
        octets = (self.collateral / name).read_bytes()
        return recorded.certificates(octets.decode())[0] if octets.startswith(b"-----") else octets

    def qvl_collateral(self, quote, tee):
        """The documents in the form of Intel's QVL."""
        info = recorded.document_parts((self.collateral / f"{tee}_tcb_info.json").read_text(), "tcbInfo")
        identity = recorded.document_parts(
            (self.collateral / ("td_qe_identity.json" if tee == "tdx" else "qe_identity.json")).read_text(), "enclaveIdentity")
        chain = recorded.certificates(quote[quote.find(b"-----BEGIN"):].decode("latin-1"))
        signing = (self.collateral / "tcb_signing.pem").read_text()
        return {"pck_crl_issuer_chain": recorded.pem(chain[1]) + recorded.pem(chain[2]),
                "root_ca_crl": self.der("root_ca.crl").hex(), "pck_crl": self.der("pck_platform_ca.crl").hex(),
                "tcb_info_issuer_chain": signing, "tcb_info": info[0], "tcb_info_signature": info[1],
                "qe_identity_issuer_chain": signing, "qe_identity": identity[0], "qe_identity_signature": identity[1]}


class Others(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        folder = pathlib.Path(cls.temporary.name)
        cls.mine, cls.other = Platform(folder / "mine"), Platform(folder / "other")
        cls.now = int(time.time())

    def ask(self, peer, case):
        return peer.judge(json.dumps(case) + "\n")

    def test_go_tdx_guest(self):
        peer = go_tdx_guest_peer.Peer()
        self.addCleanup(peer.close)
        quote = self.mine.evidence("tdx")
        case = {"quote": quote.hex(), "now": self.now, "collateral": self.mine.qvl_collateral(quote, "tdx")}
        self.assertEqual(self.ask(peer, {**case, "root": self.mine.der("root_ca.pem").hex()}), {"accepted": True})
        for name, root in (("Intel's", ""), ("another platform's", self.other.der("root_ca.pem").hex())):
            refused = self.ask(peer, {**case, "root": root})
            self.assertFalse(refused["accepted"], name)
            self.assertRegex(refused["why"], "root|authority|trusted", name)

    def test_go_sev_guest(self):
        peer = go_sev_guest_peer.Peer()
        self.addCleanup(peer.close)
        for face in SNP:
            with self.subTest(face=face):
                def case(platform):
                    return {"evidence": self.mine.evidence(face).hex(), "line": LINE, "now": self.now, "vek": "",
                            "ark": platform.der("ark.pem").hex(), "ask": platform.der("ask.der").hex(),
                            "asvk": platform.der("asvk.der").hex(), "crl": self.mine.der("amd_crl.der").hex()}
                self.assertEqual(self.ask(peer, case(self.mine)), {"accepted": True})
                for name, given in (("AMD's", {**case(self.mine), "ark": ""}), ("another platform's", case(self.other))):
                    refused = self.ask(peer, given)
                    self.assertFalse(refused["accepted"], name)
                    self.assertRegex(refused["why"], "root|authority|signed|verification", name)

    def test_dcap_qvl(self):
        for face in QVL:
            with self.subTest(face=face):
                quote = self.mine.evidence(face)
                collateral = dcap_qvl.QuoteCollateralV3.from_json(json.dumps(self.mine.qvl_collateral(quote, face[:3])))
                report = dcap_qvl.verify_with_root_ca(quote, collateral, self.mine.der("root_ca.pem"), self.now)
                self.assertEqual((report.status, list(report.advisory_ids)), ("UpToDate", []))
                with self.assertRaises(ValueError):
                    dcap_qvl.verify(quote, collateral, self.now)
                with self.assertRaises(ValueError):
                    dcap_qvl.verify_with_root_ca(quote, collateral, self.other.der("root_ca.pem"), self.now)
        for face in UNKNOWN_TO_QVL:
            quote = self.mine.evidence(face)
            collateral = dcap_qvl.QuoteCollateralV3.from_json(json.dumps(self.mine.qvl_collateral(quote, "sgx")))
            with self.assertRaisesRegex(ValueError, "must have version 3"):
                dcap_qvl.verify_with_root_ca(quote, collateral, self.mine.der("root_ca.pem"), self.now)

    def test_a_changed_octet_is_refused_by_each(self):
        tdx, sev = go_tdx_guest_peer.Peer(), go_sev_guest_peer.Peer()
        self.addCleanup(tdx.close)
        self.addCleanup(sev.close)
        quote, report = bytearray(self.mine.evidence("tdx")), bytearray(self.mine.evidence("snp"))
        quote[48 + 520] ^= 1  # REPORTDATA of each
        report[0x50] ^= 1
        collateral = self.mine.qvl_collateral(self.mine.evidence("tdx"), "tdx")
        root = self.mine.der("root_ca.pem")
        self.assertFalse(self.ask(tdx, {"quote": quote.hex(), "now": self.now, "collateral": collateral, "root": root.hex()})["accepted"])
        self.assertFalse(self.ask(sev, {
            "evidence": report.hex(), "line": LINE, "now": self.now, "vek": "", "ark": self.mine.der("ark.pem").hex(),
            "ask": self.mine.der("ask.der").hex(), "asvk": self.mine.der("asvk.der").hex(),
            "crl": self.mine.der("amd_crl.der").hex()})["accepted"])
        with self.assertRaises(ValueError):
            dcap_qvl.verify_with_root_ca(bytes(quote), dcap_qvl.QuoteCollateralV3.from_json(json.dumps(collateral)), root, self.now)


if __name__ == "__main__":
    if ABSENT:
        print("skipped:", "; ".join(ABSENT))
        sys.exit(77)
    unittest.main()
