"""What Phala's dcap-qvl 0.7.0 (PyPI) thinks of a case, and why ward may differ."""
import importlib.util
import json
import subprocess
import sys

import recorded

# Checks that dcap-qvl 0.7.0 does not make, or makes weaker, and why ward's refusal is right. A refusal
# by other checks as well is a disagreement: the peer should have found those.
STRICTER = {
    "quote.size": "octets behind the quote are signed by nobody; Intel's QVL takes none either",
    "quote.reserved": "sgx_report_body_t, SDM 3D 38.15: reserved octets are zero",
    "qe_report.reserved": "sgx_report_body_t, SDM 3D 38.15: reserved octets are zero",
    "qe_report.report_data": "SGX ECDSA Quote Library Reference A.4: SHA-256 of key and data, then 32 zeros",
    "tcb_info.pce_id": "PCS API, TCB info: pceId must be the PCK certificate's (Intel's QVL: the same)",
    "pck_chain.form": "a chain is leaf, intermediate, root, each once (SGX ECDSA QLR A.4, type 5)",
    "pck_chain.root": "the last certificate of the chain is the pinned root; here the order was changed",
    "pck_chain.signature": "each certificate is signed by the next; here the order was changed",
    "pck_chain.names": "RFC 5280 6.1.3 (a)(4) for every certificate, and the root's name is Intel's",
    "pck_chain.constraints": "RFC 5280 6.1.4 (k), (n) and unknown critical extensions, the root's too",
    "pck_chain.not_before": "the root's validity counts as well: it comes as a certificate",
    "pck_chain.not_after": "the root's validity counts as well: it comes as a certificate",
    "tcb_signing.constraints": "RFC 5280 6.1.4 (k), (n), the root's too",
    "tcb_signing.not_before": "the root's validity counts as well",
    "tcb_signing.not_after": "the root's validity counts as well",
    "td_attributes.reserved": "TDX Module ABI, ATTRIBUTES: bits 15:8 and 26:17 of SEC are reserved",
    "root_crl.this_update": "RFC 5280 6.3.3: a CRL that is not yet issued says nothing",
    "pck_crl.this_update": "RFC 5280 6.3.3: a CRL that is not yet issued says nothing",
    "root_crl.extensions": "RFC 5280 5.2, 6.3.3: its issuer must be one that may sign CRLs",
    "tcb_info.form": "RFC 8259 with no member twice; PCS API: SVNs are numbers, levels are sorted",
    "qe_identity.form": "RFC 8259 with no member twice; PCS API: levels are sorted",
}

# The peer refuses what ward accepts, by its own words: (text of its refusal, why ward is right).
LAXER = {
    "Invalid QE auth data length": "SGX ECDSA QLR A.4: the size stands before the data; 32 is one of many",
    "CrlExpired { time: UnixTime(1790086400), next_update: UnixTime(1790086400)":
        "RFC 5280 6.3.3: a CRL is current up to nextUpdate, that second included",
    "Invalid MR service TD": "TDX Module ABI, MRSERVICETD: a claim, for the relying party's policy",
    "TD migration is enabled": "TDX Module ABI, ATTRIBUTES.MIGRATABLE: a claim, for the relying party's policy",
    "SEPT_VE_DISABLE is not enabled": "TDX Module ABI, ATTRIBUTES: a claim, for the relying party's policy",
    "Reserved bits in TD attributes": "TDX Module ABI, ATTRIBUTES: ICSSD, LASS and TPA have a meaning today",
    "Failed to evaluate the current TDX TCB (TEE_TCB_SVN2)":
        "Intel's QVL (TDRelaunchCheck) asks about TEE_TCB_SVN2 where the TD's own TCB is out of date, and else not",
    "Unrecognized TCB status": "ward takes the worst of platform and QE; the policy decides about it",
}


def module_status(case):
    """The status of a TD's module by its identity, or None: TEE_TCB_SVN is the first 16 octets of the body."""
    quote = bytes.fromhex(case["quote"])
    body = 54 if quote[0] == 5 else 48
    svn, version = quote[body], quote[body + 1]
    for module in json.loads(case["collateral"]["tcb_info"]).get("tdxModuleIdentities", []):
        if module["id"].upper() == f"TDX_{version:02X}":
            return next((x["tcbStatus"] for x in module["tcbLevels"] if svn >= x["tcb"]["isvsvn"]), None)
    return None


def newest_microcode_now(case):
    """Whether TEE_TCB_SVN2, behind the body of TDX 1.0, has the microcode of the newest TCB level (component 2)."""
    quote = bytes.fromhex(case["quote"])
    newest = json.loads(case["collateral"]["tcb_info"])["tcbLevels"][0]["tcb"]
    return quote[54 + 584 + 2] >= newest["tdxtcbcomponents"][2]["svn"]


def outside_its_mask(case):
    """Whether the QE identity states a value with a bit that its mask has not."""
    identity = json.loads(case["collateral"]["qe_identity"])
    return any(int(identity[name], 16) & ~int(identity[name + "Mask"], 16) for name in ("miscselect", "attributes"))


def explanation(case, peer):
    """The name of the rule that explains this pair, or None."""
    ward = case["ward"]
    failed = [check.split(".", 1)[1] for check in ward["failed"]]
    if peer["accepted"] and failed and all(check in STRICTER for check in failed):
        return "stricter: " + failed[0]
    if peer["accepted"] and failed and outside_its_mask(case) and \
            all(check in (*STRICTER, "qe_report.misc_select", "qe_report.attributes") for check in failed):
        return "stricter: a golden value with a bit outside its mask fits nothing (PCS API, enclave identity)"
    if peer["accepted"] and ward["verdict"] == "undetermined" and "certificate_names" in case["mutations"]:
        return "stricter: a signer of TCB documents is known by its name"
    if case["face"].startswith("tdx_5_report_15") and peer.get("why", "").endswith("TCB status is invalid: Revoked"):
        return "laxer: the TCB of TEE_TCB_SVN2 is asked about as Intel's QVL does (TDRelaunchCheck)"
    if not peer["accepted"] and ward["verdict"] == "accepted":
        if "missing field `sgxtcbcomponents`" in peer["why"] and json.loads(case["collateral"]["tcb_info"])["version"] == 2:
            return "laxer: a TCB info of version 2 says the same as one of version 3 (PCS API v3, v4)"
        return next(("laxer: " + text for text in LAXER if text in peer["why"]), None)
    if str(peer.get("status")).startswith("TDRelaunchAdvised") and str(ward["status"]).startswith("OutOfDate") \
            and (module_status(case) != "OutOfDate" or not newest_microcode_now(case)):
        return "worse: relaunch is advised where the module was old, and all is newest now (QVL, checkForRelaunch)"
    if "cpu_svn_of_certificate" in case["mutations"]:
        return "components: the PCK certificate's components decide, not its CPUSVN as it stands"
    identity = json.loads(case["collateral"]["qe_identity"])
    statuses = {level["tcbStatus"] for level in identity["tcbLevels"]}
    if statuses - {"UpToDate", "OutOfDate", "Revoked"} and ward["advisories"] == peer["advisories"]:
        return "worse: a QE that needs configuration or hardening is not UpToDate"
    return None


def agree(ward, peer):
    accepted = ward["verdict"] == "accepted"
    if not accepted or not peer["accepted"]:
        return accepted == peer["accepted"]
    return ward["status"] == peer["status"] and ward["advisories"] == peer["advisories"]


def peer_verdict(dcap_qvl, case):
    try:
        collateral = dcap_qvl.QuoteCollateralV3.from_json(json.dumps(case["collateral"]))
        report = dcap_qvl.verify_with_root_ca(
            bytes.fromhex(case["quote"]), collateral, bytes.fromhex(case["root"]), case["now"])
    except ValueError as error:
        return {"accepted": False, "why": str(error)}
    return {"accepted": True, "status": report.status, "advisories": sorted(set(report.advisory_ids))}


def serve_peer():
    """The peer's process: a case a line in, a verdict a line out. A panic of dcap-qvl ends it."""
    import dcap_qvl
    for line in sys.stdin:
        print(json.dumps(peer_verdict(dcap_qvl, json.loads(line))), flush=True)


class Peer:
    """dcap-qvl in a process of its own, started again where it aborts."""

    name = "dcap-qvl"
    recorded = staticmethod(recorded.lines)
    absent = None if importlib.util.find_spec("dcap_qvl") else (
        "dcap-qvl is not installed: python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt")

    def __init__(self):
        self.process = None

    agree = staticmethod(agree)
    explanation = staticmethod(explanation)

    @staticmethod
    def reads(_peer):
        return True

    def judge(self, line):
        if self.process is None:
            self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer:
            return json.loads(answer)
        self.close()
        return {"accepted": False, "why": "the peer aborted"}

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


if __name__ == "__main__":
    serve_peer()
