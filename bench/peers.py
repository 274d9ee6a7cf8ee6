"""The peers that a registry ships, and evidence of real hardware that they and ward judge alike.

The same evidence, collateral and time for all; what each of them checks stands beside its figure.
"""
import dataclasses
import datetime
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import contestants

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test/differential"))

import recorded  # noqa: E402  (the samples that the differential tests judge)
import recorded_snp  # noqa: E402

VENV = ROOT / ".venv/bin/python"
ALL = "signatures, chains, revocation, TCB, QE identity"


@dataclasses.dataclass(frozen=True)
class Peer:
    """Peer is one verifier; `modes` are the ways in which it is called, with what it then checks."""

    name: str
    version: str
    command: list[str]
    reads: str  # "sgx", "tdx", "snp": the kinds of evidence
    modes: dict[str, str]


PEERS = (
    Peer("dcap-qvl", "0.7.0 (PyPI, Rust)", [str(VENV), str(ROOT / "bench/peer_dcap_qvl.py")], "sgx tdx", {"": ALL}),
    Peer("go-tdx-guest", "0.3.1 (Go)", [str(recorded.GO_PROGRAM), "bench"], "tdx",
         {"full": ALL, "chain": "quote, QE report, PCK chain: no collateral, no revocation, no TCB"}),
    Peer("go-sev-guest", "0.15.0 (Go)", [str(recorded_snp.GO_PROGRAM), "bench"], "snp",
         {"": "report, chain, TCB of the certificate, policy; no revocation list in the sample"}),
)


def absent(peer):
    """Why the peer cannot be asked, or None."""
    if peer.name == "dcap-qvl":
        if VENV.exists() and subprocess.run([VENV, "-c", "import dcap_qvl"], stderr=subprocess.DEVNULL,
                                            check=False).returncode == 0:
            return None
        return "its wheel is not installed (tools/requirements.txt)"
    return None if os.access(peer.command[0], os.X_OK) else "it could not be built (test/differential)"


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Evidence is one sample in the forms that ward and the peers read."""

    name: str
    kind: str
    octets: bytes
    documents: dict[str, bytes]  # ward's, by file name
    case: dict  # the peers'
    at: int


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def dcap(sample):
    at = seconds(sample.at)
    kind = "tdx" if sample.quote[4] == 0x81 else "sgx"
    root = recorded.certificates(sample.collateral["tcb_info_issuer_chain"])[-1]
    return Evidence(sample.name, kind, sample.quote, dict(recorded.genuine.documents(sample.collateral)),
                    {"quote": sample.quote.hex(), "root": root.hex(), "now": at, "collateral": sample.collateral}, at)


def snp(sample):
    at = seconds(sample.at)
    return Evidence(sample.name, "snp", sample.report, {f"{role}.der": der for role, der in sample.chain.items()},
                    {"now": at, "line": sample.line, "evidence": sample.report.hex(), "crl": "",
                     **{role: sample.chain.get(role, b"").hex() for role in ("ark", "ask", "asvk", "vek")}}, at)


# One sample of each kind of evidence, and for TDX the one that go-tdx-guest's own tests accept.
CHOSEN = ("sgx_quote, cut", "tdx_quote, cut", "tdx_prod_quote_SPR_E4.dat, cut", "attestation.bin")


def evidence():
    """All samples at hand that are chosen."""
    out = []
    if recorded.have_crate():
        out += [dcap(sample) for sample in recorded.crate_samples()]
    if recorded.have_go():
        out += [dcap(sample) for sample in recorded.go_samples()]
    if recorded_snp.have_go():
        out += [snp(sample) for sample in recorded_snp.go_samples()]
    return out
