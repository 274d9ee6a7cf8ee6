"""What the Rust crate sev 8.0.0 (virtee) thinks of a case, and why ward may differ.

Read with its src/firmware/guest/types/snp.rs and src/certs/snp/{chain,cert_nossl}.rs beside. It verifies
signatures: the report's, and those of the signing key's certificate, the intermediate and the root. All else
is its caller's (snpguest), so that what it says is: a signature does not hold, or a report has no form.
"""
import os

import line_peer
import recorded_snp

# Where one of these failed the crate should have found it as well. All other checks are its caller's.
SIGNATURES = ("report.signature", "vek_chain.signature")

# The crate refuses what ward accepts, by its own words: (text of its refusal, why ward is right).
LAXER = {
    "MASK_CHIP_ID is enabled": "ABI, ATTESTATION_REPORT, version 2: the line is the certificate's; the crate guesses by CHIP_ID",
    "malformed OID": "X.690 8.19: an object identifier may have two octets; the crate takes none so short",
}

def agree(ward, peer):
    return (ward["verdict"] == "accepted") == peer["accepted"]


def looks_like_turin(case):
    """Whether a report of version 2 has a chip id of eight octets, for which the crate takes a Turin's TCB_VERSION."""
    report = bytes.fromhex(case["evidence"])
    return report[0] == 2 and not any(report[0x1a8:0x1e0])


def own(failed):
    """The failed checks that are the crate's own."""
    # It takes certificates by their place; ward by their names, so that another chain may be meant.
    by_name = "vek_chain.names" in failed
    # It writes the report anew from what it read, with zero where a TCB_VERSION has no meaning.
    anew = "tcb.reserved" in failed
    passed_over = {"vek_chain.signature"} if by_name else set()
    passed_over |= {"report.signature"} if anew else set()
    return [check for check in failed if check in SIGNATURES and check not in passed_over]


def explanation(case, peer):
    """The name of the rule that explains this pair, or None."""
    ward = case["ward"]
    failed = [check.split(".", 1)[1] for check in ward["failed"] + ward["absent"]]
    if peer["accepted"]:
        if own(failed):
            return None
        return "stricter: the crate verifies signatures alone: " + (failed[0] if failed else "form")
    if "VEK does not sign" in peer["why"] and looks_like_turin(case):
        return "laxer: ABI, SIGNATURE: over the octets as they stand; the crate writes them anew in the line's form that it guessed"
    return next(("laxer: " + text for text in LAXER if text in peer["why"]), None)


class Peer(line_peer.LinePeer):
    """ward-sev (test/differential/sev), which ./run soak builds where cargo is; it lives as long as this."""

    name = "sev"
    program = os.environ.get("WARD_SEV", "build/rust/release/ward-sev")
    absent = None if os.access(program, os.X_OK) else f"no crate sev: ./run soak builds {program} with cargo 1.85 or newer"
    recorded = staticmethod(recorded_snp.lines)

    agree = staticmethod(agree)
    explanation = staticmethod(explanation)

    @staticmethod
    def reads(peer):
        """The certificate table is its caller's."""
        return "no certificate beside the report" not in peer["why"]
