"""The peers that a registry ships, and evidence of real hardware that they and ward judge alike.

The same evidence, collateral and time for all; what each of them checks stands beside its figure.
"""
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import sys

import contestants
import results
import rounds
import stats

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test/differential"))

import recorded  # noqa: E402  (the samples that the differential tests judge)
import recorded_snp  # noqa: E402

VENV = ROOT / ".venv/bin/python"
ALL = "signatures, chains, revocation, TCB, QE identity; the root by its key alone"


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
         {"full": "signatures, chains, revocation, TCB (UpToDate alone), QE identity", "chain": "quote, QE report, PCK chain: no collateral, no revocation, no TCB"}),
    Peer("go-sev-guest", "0.15.0 (Go)", [str(recorded_snp.GO_PROGRAM), "bench"], "snp",
         {"": "report, chain, certificate against report, policy; revocation where there is a list"}),
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


# Samples of real hardware that ward and at least one peer accept.
CHOSEN = {"sgx_quote": "sgx", "tdx_quote, cut": "tdx", "report_milan.hex with vcek_milan.der": "snp"}


def recorded_evidence():
    """The chosen samples that are at hand."""
    samples = []
    if recorded.have_crate():
        samples += [dcap(sample) for sample in recorded.crate_samples() if sample.name in CHOSEN]
    if recorded_snp.have_crate():
        samples += [snp(sample) for sample in recorded_snp.crate_samples() if sample.name in CHOSEN]
    return samples


class Peers:
    """The peers' rows: on the evidence that ward_bench makes, and on real evidence."""

    def __init__(self, ward, listed, folder):
        self.ward, self.folder = ward, folder
        self.absent, self.refused, self.running, self.sets = {}, {}, {}, []
        if not (recorded.have_crate() and recorded_snp.have_crate()):
            self.absent["evidence of real hardware"] = "the samples of tools/packages.txt were not fetched"
        for peer in PEERS:
            why = absent(peer)
            if why:
                self.absent[peer.name] = why
            else:
                self.running[peer.name] = contestants.Contestant(peer.name, peer.command)
        for path in listed:
            kind = path["name"].removeprefix("verify.").removesuffix(".cold")
            if path["area"] == "cold" and kind in ("sgx", "tdx", "snp"):
                self.add(f"peers.{kind}.made", kind, path, self.write(kind, ward.ask(f"case {kind}")))
        for sample in recorded_evidence():
            name = f"peers.{sample.kind}.recorded"
            place = self.unpack(sample)
            path = json.loads(ward.load(f"{name}.ward", f"{sample.at} {place}"))
            self.add(name, sample.kind, path, self.write(name, json.dumps(sample.case)))

    def write(self, name, text):
        path = self.folder / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        return path

    def unpack(self, sample):
        """A folder as ward_bench reads it."""
        place = self.folder / sample.kind
        (place / "collateral").mkdir(parents=True)
        (place / "evidence").write_bytes(sample.octets)
        for name, octets in sample.documents.items():
            (place / "collateral" / name).write_bytes(octets)
        return place

    def add(self, name, kind, path, case):
        """Entries of one piece of evidence: its signatures, ward, and every peer that accepts it."""
        base = rounds.Entry(self.ward, path["base"])
        rows = [(f"{name}.ward", None, "all of ward's", rounds.Entry(self.ward, path["name"]))]
        for peer in PEERS:
            if peer.name not in self.running or kind not in peer.reads.split():
                continue
            for mode, checks in peer.modes.items():
                called = ".".join(filter(None, (name, peer.name, mode)))
                try:
                    self.running[peer.name].load(called, f"{mode or '-'} {case}")
                except contestants.Failed as error:
                    self.refused[called] = str(error).rsplit(".json: ", 1)[-1]
                    continue
                rows.append((called, peer, checks, rounds.Entry(self.running[peer.name], called)))
        self.sets.append((base, path["base_label"], rows))

    def groups(self):
        return [[base, *(entry for *_, entry in rows)] for base, _, rows in self.sets]

    def rows(self):
        for base, label, rows in self.sets:
            ours = rows[0][-1]
            for name, peer, checks, entry in rows:
                made = results.ratio_of(entry, base)
                to_ward = stats.spread(stats.ratios(entry.samples, ours.samples)).median
                yield results.row("peers", name, us=results.microseconds(entry), base=label, checks=checks,
                                  contestant=f"{peer.name} {peer.version}" if peer else None,
                                  to_ward=round(to_ward, 3), **made)

    @property
    def named(self):
        return [f"{peer.name} {peer.version}" for peer in PEERS if peer.name in self.running]

    def close(self):
        for contestant in self.running.values():
            contestant.close()
