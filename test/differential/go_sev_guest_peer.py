"""What Google's go-sev-guest v0.15.0 thinks of a case, and why ward may differ.

Read with its verify/verify.go, validate/validate.go, kds/kds.go and abi/abi.go beside. Both packages are
called: validate with what ward's policy judges by default (no debugging, no migration agent). It knows no
Turin: AMD's extension fmcSPL is none of its own.
"""
import os

import line_peer
import recorded_snp

# Checks that go-sev-guest does not make, and why ward's refusal is right. A refusal by other checks as
# well is a disagreement: the peer should have found those. ABI = AMD 56860, VCEK = AMD 57230.
STRICTER = {
    "report.vmpl_range": "ABI, ATTESTATION_REPORT, VMPL: above 3 the host asked; it is compared where a caller names one",
    "report.reserved": "ABI, ATTESTATION_REPORT: before version 5 there are no mitigation vectors; they are read always",
    "product.known": "ABI, CPUID_FAM_ID: family 0 is no processor; it is taken for a report without CPUID",
    "vek.product_name": "VCEK 3.1, productName, structVersion: another line's; they are read in version 2 alone",
    "vek.extensions": "VCEK 3.1, hwID: KDS gives the octets; in an OCTET STRING they are read, too",
    "vek_chain.constraints": "VCEK 3: ARK, ASK and ASVK are signed with RSA-PSS and SHA-384; the leaf alone is looked at",
    "vek_chain.signature": "RFC 5280 6.1: the root is trusted by its key, which vouches for its certificate's facts",
    "vek_chain.names": "VCEK 2.2: the ARK is its own issuer; verify takes it as it is",
    "crl.this_update": "RFC 5280 6.3.3: a CRL that is not yet issued says nothing; no time of a fetched one is read",
    "crl.next_update": "RFC 5280 6.3.3: an old CRL may hide what was revoked since; no time of a fetched one is read",
    "crl.extensions": "RFC 5280 5.2: a CRL with an unknown critical extension, or a delta CRL, must not be used",
    "ask.revocation": "VCEK 2.3: the list is of ASVKs, too; verifyCRL looks for the ASK alone, whoever issued the key",
    "tcb.reserved": "ABI, TCB_VERSION: octets 2 to 5 have no meaning; they are compared as four more parts",
    "tcb.launch_current": "ABI, LAUNCH_TCB: CURRENT_TCB when the guest was launched or imported, which does not fall",
    "tcb.reported_committed": "ABI, REPORTED_TCB: at most COMMITTED_TCB; it is compared with CURRENT_TCB",
}

# The peer refuses what ward accepts, by its own words: (text of its refusal, why ward is right).
LAXER = {
    "not an AMD KDS OID": "RFC 5280 4.2: an extension that is not critical may be unknown",
    "no extension for field Spl": "VCEK 3.1: spl_4 to spl_7 are reserved; of Turin one is not there",
    "TCB part is": "ABI, TCB_VERSION: every part is an octet; 128 and above are refused",
    "ASK was revoked": "VCEK 2.3: the ASVK issued the VLEK; verifyCRL looks for the ASK whoever issued the key",
    "could not be verified by any trusted roots. Last error: <nil>":
        "ABI, CPUID_MOD_ID: models 0h to 0fh are Milan, 10h to 1fh and a0h to afh Genoa; the peer knows one each",
    "unknown AMD SEV product": "VCEK 3.1, productName: a stepping may stand behind the line, of a VLEK as well",
    "unknown product name": "VCEK 3.1, productName: a stepping may stand behind the line, new ones as well",
    "committed build number": "ABI, COMMITTED_MAJOR: the build counts within a minor version; the peer compares it alone",
    "missing VLEK certificate": "GHCB, certificate table: nobody signs a GUID; the certificate says what it is",
    "missing VCEK certificate": "GHCB, certificate table: nobody signs a GUID; the certificate says what it is",
}


def stepping(case):
    """CPUID_STEP of a report from version 3 on; the peer keeps the four bits that CPUID has."""
    return bytes.fromhex(case["evidence"])[0x18a]


def agree(ward, peer):
    return (ward["verdict"] == "accepted") == peer["accepted"]


def explanation(case, peer):
    """The name of the rule that explains this pair, or None."""
    ward = case["ward"]
    failed = [check.split(".", 1)[1] for check in ward["failed"]]
    if peer["accepted"]:
        if failed and all(check in STRICTER for check in failed):
            return "stricter: " + failed[0]
        if not failed and ward["absent"] == ["snp.crl.present"]:
            return "stricter: RFC 5280 6.3.3 (b): a CRL of another issuer is none of this root's; its name is not read"
        return None
    if "report signature verification error" in peer["why"] and stepping(case) > 15:
        return "laxer: ABI, SIGNATURE: over the octets as they stand; the peer writes them anew from what it read"
    return next(("laxer: " + text for text in LAXER if text in peer["why"]), None)


class Peer(line_peer.LinePeer):
    """ward-go-sev-guest (test/differential/gosev), which ./run test builds; it lives as long as this."""

    name = "go-sev-guest"
    program = os.environ.get("WARD_GO_SEV_GUEST", "build/go/ward-go-sev-guest")
    absent = None if os.access(program, os.X_OK) else f"no go-sev-guest: ./run test builds {program}"
    recorded = staticmethod(recorded_snp.lines)

    agree = staticmethod(agree)
    explanation = staticmethod(explanation)

    @staticmethod
    def reads(peer):
        """Turin's fmcSPL is what the peer ends at: no opinion of a platform."""
        return "not an AMD KDS OID: 1.3.6.1.4.1.3704.1.3.9" not in peer.get("why", "")
