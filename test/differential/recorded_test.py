#!/usr/bin/env python3
"""Quotes of real hardware that a clone alone can judge: the samples of two packages, with their documents.

usage: recorded_test.py WARD dcap-qvl|go-tdx-guest

Exit 77 where the package's samples are not there.
"""
import dataclasses
import sys
import unittest

import recorded

# What `ward verify --accept-tcb any` says: verdict, status, advisories, failed checks. Checks that were not
# done are those that a failed one blocked, and those that nobody asked for: none for want of a document.
WANTED = {
    "dcap-qvl": {
        "sgx_quote": ("accepted", "ConfigurationAndSWHardeningNeeded", ["INTEL-SA-00289", "INTEL-SA-00615"], []),
        # The guest's buffer was longer than the quote, and zeros behind it are signed by nobody.
        "tdx_quote": ("refused", None, [], ["tdx.quote.size"]),
        "tdx_quote, cut": ("accepted", "UpToDate", [], []),
        "tdx-quote.hex": ("refused", None, [], ["tdx.quote.size"]),
        # Early platforms, below every TCB level of 2025.
        "tdx-quote.hex, cut": ("refused", None, [], ["tdx.tcb.level"]),
        "quote-from-tappd.hex": ("refused", None, [], ["tdx.quote.size"]),
        "quote-from-tappd.hex, cut": ("refused", None, [], ["tdx.tcb.level"]),
        "tdx_quote_outdated": ("refused", None, [], ["tdx.tcb.level"]),
        # TD report of type 4 (TDX 1.5 extended).
        "tdx_quote_td15ex": ("accepted", "UpToDate", [], []),
    },
    "go-tdx-guest": {
        "tdx_prod_quote_SPR_E4.dat": ("refused", None, [], ["tdx.quote.size"]),
        # Its own tests, too, demand "no matching TCB level found".
        "tdx_prod_quote_SPR_E4.dat, cut": ("refused", None, [], ["tdx.tcb.level"]),
    },
}


def verdict(said):
    failed = [check["id"] for check in said["checks"] if check["outcome"] == "failed"]
    return said["verdict"], said["tcb"]["status"], said["tcb"]["advisories"], failed


class RealEvidence(unittest.TestCase):
    ward = ""
    package = ""
    samples = []

    def test_every_sample_has_its_verdict(self):
        said = {sample.name: verdict(recorded.appraise(self.ward, sample)) for sample in self.samples}
        self.assertEqual(said, WANTED[self.package])

    def test_nothing_is_undone_but_what_was_blocked_or_not_asked(self):
        for sample in self.samples:
            said = recorded.appraise(self.ward, sample)
            reasons = {check["reason"] for check in said["checks"] if check["outcome"] == "not_done"}
            with self.subTest(sample.name):
                self.assertLessEqual(reasons, {"blocked", "not asked"} if said["verdict"] == "refused" else {"not asked"})

    def test_one_changed_octet_of_the_signed_part_is_refused(self):
        for sample in self.samples:
            changed = bytearray(sample.quote)
            changed[200] ^= 1
            said = recorded.appraise(self.ward, dataclasses.replace(sample, quote=bytes(changed)))
            with self.subTest(sample.name):
                self.assertEqual(said["verdict"], "refused")

    def test_a_year_later_the_documents_are_too_old(self):
        for sample in self.samples:
            later = f"{int(sample.at[:4]) + 1}{sample.at[4:]}"
            said = recorded.appraise(self.ward, dataclasses.replace(sample, at=later))
            failed = verdict(said)[3]
            with self.subTest(sample.name):
                self.assertEqual(said["verdict"], "refused")
                if WANTED[self.package][sample.name][0] == "accepted":
                    tee = said["tee"]
                    self.assertLessEqual({f"{tee}.tcb_info.next_update", f"{tee}.qe_identity.next_update",
                                          f"{tee}.pck_crl.next_update"}, set(failed))


def main():
    _, RealEvidence.ward, RealEvidence.package = sys.argv
    there, samples = {"dcap-qvl": (recorded.have_crate, recorded.crate_samples),
                      "go-tdx-guest": (recorded.have_go, recorded.go_samples)}[RealEvidence.package]
    if not there():
        print(f"skipped: no samples of {RealEvidence.package}: ./run test fetches them", file=sys.stderr)
        return 77
    RealEvidence.samples = list(samples())
    return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
