#!/usr/bin/env python3
"""SEV-SNP reports of real AMD hardware that a clone alone can judge: the samples of two packages.

usage: recorded_snp_test.py WARD sev|go-sev-guest

Exit 77 where the package's samples are not there.
"""
import dataclasses
import sys
import unittest

import recorded_snp

# What `ward verify` says: verdict, failed checks, absent checks.
WANTED = {
    "sev": {
        "report_milan.hex with vcek_milan.der": ("accepted", [], []),
        # A version 2 names no line, and a Turin's certificate fits neither chip nor TCB.
        "report_milan.hex with vcek_turin.der": ("undetermined", [], ["snp.vek.present"]),
    },
    "go-sev-guest": {
        # Its guest may be debugged.
        "attestation.bin": ("refused", ["snp.guest_policy.debug"], []),
    },
}


def checks(said, **facts):
    return [check["id"] for check in said["checks"] if all(check.get(key) == value for key, value in facts.items())]


def verdict(said):
    return said["verdict"], checks(said, outcome="failed"), checks(said, reason="absent")


class RealEvidence(unittest.TestCase):
    ward = ""
    package = ""
    samples = []

    def good(self):
        """The samples of which the report's own certificates are there, and what fails of them as they are."""
        for sample in self.samples:
            wanted, failed, _ = WANTED[self.package][sample.name]
            if wanted != "undetermined":
                yield sample, failed

    def failed(self, sample, **changes):
        return checks(recorded_snp.appraise(self.ward, dataclasses.replace(sample, **changes)), outcome="failed")

    def test_every_sample_has_its_verdict(self):
        said = {sample.name: verdict(recorded_snp.appraise(self.ward, sample)) for sample in self.samples}
        self.assertEqual(said, WANTED[self.package])

    def test_without_its_certificate_the_address_of_it_is_named(self):
        for sample, _ in self.good():
            chain = {role: der for role, der in sample.chain.items() if role != "vek"}
            said = recorded_snp.appraise(self.ward, dataclasses.replace(sample, chain=chain))
            self.assertEqual(checks(said, reason="absent"), ["snp.vek.present"])
            missing = next(check for check in said["checks"] if check["id"] == "snp.vek.present")
            self.assertIn("/" + sample.report[0x1a0:0x1e0].hex() + "?blSPL=", missing["expected"])

    def test_one_changed_octet_of_a_measurement_or_a_signature_is_refused(self):
        for sample, failed in self.good():
            for at in (0x50, 0x90, 0xbf, 0x2a0, 0x2e8):
                changed = bytearray(sample.report)
                changed[at] ^= 1
                self.assertEqual(set(self.failed(sample, report=bytes(changed))), {*failed, "snp.report.signature"})

    def test_before_and_after_its_time_the_certificate_is_refused(self):
        for sample, failed in self.good():
            self.assertEqual(set(self.failed(sample, at="2021-06-01T00:00:00Z")), {*failed, "snp.vek_chain.not_before"})
            self.assertEqual(set(self.failed(sample, at="2031-06-01T00:00:00Z")), {*failed, "snp.vek_chain.not_after"})


def main():
    _, RealEvidence.ward, RealEvidence.package = sys.argv
    there, samples = {"sev": (recorded_snp.have_crate, recorded_snp.crate_samples),
                      "go-sev-guest": (recorded_snp.have_go, recorded_snp.go_samples)}[RealEvidence.package]
    if not there():
        print(f"skipped: no samples of {RealEvidence.package}: ./run test fetches them", file=sys.stderr)
        return 77
    RealEvidence.samples = list(samples())
    return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
