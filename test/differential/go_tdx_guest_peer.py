"""What Google's go-tdx-guest v0.3.1 thinks of a case, and why ward may differ.

It knows TDX quotes of version 4, accepts no other status than UpToDate, and names no advisories. Read with
its verify/verify.go, abi/abi.go and pcs/pcs.go beside; its package validate holds what a relying party asks
of a TD, and is not called.
"""
import os
import re

import line_peer
import recorded

# Checks that go-tdx-guest does not make, and why ward's refusal is right. A refusal by other checks as
# well is a disagreement: the peer should have found those.
STRICTER = {
    "quote.size": "octets behind the quote are signed by nobody (ExtraBytes); Intel's QVL takes none either",
    "quote.reserved": "TDX DCAP Quoting Library API A.3.1: octets 8 to 11 are reserved; abi.go reads SVNs there",
    "quote.qe_vendor_id": "TDX DCAP Quoting Library API A.3.1: the QE is Intel's; here package validate may look",
    "qe_report.reserved": "sgx_report_body_t, SDM 3D 38.15: reserved octets are zero",
    "td_attributes.reserved": "TDX Module ABI, ATTRIBUTES: reserved bits are zero; here package validate looks",
    "attributes.debug": "TDX Module ABI, ATTRIBUTES.TUD: ward's policy refuses debug; here package validate does",
    "root_crl.this_update": "RFC 5280 6.3.3: a CRL that is not yet issued says nothing; only NextUpdate is read",
    "pck_crl.this_update": "RFC 5280 6.3.3: a CRL that is not yet issued says nothing; only NextUpdate is read",
    "root_crl.extensions": "RFC 5280 5.2: a CRL with an unknown critical extension must not be used",
    "pck_crl.extensions": "RFC 5280 5.2: a CRL with an unknown critical extension must not be used",
    "tcb_info.issue_date": "PCS API, TCB info: issueDate; only nextUpdate is read",
    "qe_identity.issue_date": "PCS API, enclave identity: issueDate; only nextUpdate is read",
    "tcb_info.form": "PCS API: levels are sorted; RFC 8259 4: no member twice, and encoding/json takes the last",
    "qe_identity.form": "PCS API: levels are sorted; RFC 8259 4: no member twice, and encoding/json takes the last",
    "pck_chain.constraints": "RFC 5280 4.2.1.3, 4.2.1.9: the leaf signs data and is no CA; x509 asks CAs alone",
    "tcb_signing.constraints": "RFC 5280 4.2.1.3, 4.2.1.9: the leaf signs data and is no CA; x509 asks CAs alone",
}

# The peer refuses what ward accepts, by its own words: (text of its refusal, why ward is right).
LAXER = {
    "PCK certificate extensions length found":
        "RFC 5280 4.2.1.9: a leaf without basicConstraints is no CA; the peer counts Intel's six extensions",
}

# From the best to the worst, as verifiers converge them (PCS API, "TCB status").
SEVERITY = ("UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
            "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked")


def module_version(case):
    """TEE_TCB_SVN[1] of a quote of version 4, whose body begins at octet 48."""
    return bytes.fromhex(case["quote"])[49]


def refused_status(peer):
    """The status for which the peer refused, or None where it refused for something else."""
    why = peer.get("why", "")
    if 'TCB Status is not "UpToDate", found "' not in why:
        return None
    return why.rsplit('found "', 1)[1].rstrip('"')


def agree(ward, peer):
    accepted = ward["verdict"] == "accepted"
    if not accepted:
        return not peer["accepted"]
    if peer["accepted"]:
        return ward["status"] == "UpToDate"
    # It ends at the first part that is not up to date; ward joins all parts, so its status is no better.
    found = refused_status(peer)
    return found in SEVERITY and ward["status"] in SEVERITY and \
        0 < SEVERITY.index(found) <= SEVERITY.index(ward["status"])


def fmspc_by_case_alone(why):
    """Whether the peer compared an FMSPC as text with the upper case of Intel's own TCB infos."""
    found = re.match(r'FMSPC from PCK Certificate\("(\w+)"\) is not equal to .*\("(\w+)"\)$', why)
    return found is not None and found[1] != found[2] and found[1] == found[2].lower()


def explanation(case, peer):
    """The name of the rule that explains this pair, or None."""
    ward = case["ward"]
    failed = [check.split(".", 1)[1] for check in ward["failed"]]
    if peer["accepted"] and failed and all(check in STRICTER for check in failed):
        return "stricter: " + failed[0]
    if peer["accepted"] and "module.mr_signer" in failed and module_version(case) > 0 and \
            all(check in (*STRICTER, "module.mr_signer") for check in failed):
        # verifyTdQuoteBody compares with tdxModule whatever the version.
        return "stricter: from module 1.5 on tdxModuleIdentities name the signer (PCS API, TCB info)"
    if not peer["accepted"] and ward["verdict"] == "accepted":
        if fmspc_by_case_alone(peer["why"]):
            return "laxer: an FMSPC is a number in hexadecimal (PCS API); the peer compares text in lower case"
        return next(("laxer: " + text for text in LAXER if text in peer["why"]), None)
    return None


class Peer(line_peer.LinePeer):
    """ward-go-tdx-guest (test/differential/gotdx), which ./run test builds; it lives as long as this."""

    name = "go-tdx-guest"
    recorded = staticmethod(recorded.lines)
    program = os.environ.get("WARD_GO_TDX_GUEST", "build/go/ward-go-tdx-guest")
    absent = None if os.access(program, os.X_OK) else f"no go-tdx-guest: ./run test builds {program}"

    agree = staticmethod(agree)
    explanation = staticmethod(explanation)

    @staticmethod
    def reads(peer):
        """Whether the form of the quote is one that the peer knows: another is no opinion of it."""
        return "quote format not supported" not in peer.get("why", "")
