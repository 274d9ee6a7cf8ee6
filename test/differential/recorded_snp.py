"""SEV-SNP reports of real AMD hardware with AMD's certificates, as cases for ward and its peers.

Of the samples that two packages carry (tools/packages.txt, group crates; test/differential/gosev), and of the
recorded evidence (WARD_VECTORS, or ../shared/vectors) where it is at hand. None is part of this project, and
with none comes a revocation list.
"""
import csv
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import tempfile

from recorded import certificates

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRATE = ROOT / "build/data/crates/sev"
CRATE_FILES = ("report_milan.hex", "vcek_milan.der", "cert_chain_milan", "vcek_turin.der", "cert_chain_turin")
GO_PROGRAM = pathlib.Path(os.environ.get("WARD_GO_SEV_GUEST", ROOT / "build/go/ward-go-sev-guest"))


@dataclasses.dataclass(frozen=True)
class Sample:
    name: str
    report: bytes
    line: str
    chain: dict[str, bytes]  # DER: vek, ark, and ask or asvk
    at: str


def crate_samples(folder=CRATE):
    """The report of a Milan of the crate's tests, and with it a Turin's certificates, which do not fit."""
    report = bytes.fromhex((folder / "report_milan.hex").read_text().strip())
    for line in ("Milan", "Turin"):
        ask, ark = certificates((folder / f"cert_chain_{line.lower()}").read_text())
        vek = (folder / f"vcek_{line.lower()}.der").read_bytes()
        yield Sample(f"report_milan.hex with vcek_{line.lower()}.der", report, line,
                     {"vek": vek, "ask": ask, "ark": ark}, "2025-08-01T00:00:00Z")


def go_samples(program=GO_PROGRAM):
    """The sample of go-sev-guest's own tests, at the time that they take."""
    said = json.loads(subprocess.run([program, "samples"], stdout=subprocess.PIPE, check=True, text=True).stdout)
    ask, ark = certificates(said["cert_chain"])
    yield Sample(said["name"], bytes.fromhex(said["report"]), "Milan",
                 {"vek": bytes.fromhex(said["vcek"]), "ask": ask, "ark": ark}, said["at"])


def vector_samples(folder):
    """The reports of the manifest whose signing key's certificate is there, at a time when it was valid."""
    with open(folder / "MANIFEST.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def der(file):
        return certificates((folder / file).read_text())[0]

    named = {row["what"]: der(row["file"]) for row in rows
             if row["kind"] == "amd-cert" and row["expected_verdict"] == "valid"}
    for row in rows:
        if not row["kind"].startswith("snp-report-") or row["expected_verdict"] != "valid":
            continue
        vek = row["what"].rsplit(" ", 1)[1]
        line = pathlib.Path(vek).name.split("-")[2].split("_")[0]
        middle = ("asvk", f"SEV-VLEK-{line}") if "VLEK" in vek else ("ask", f"SEV-{line}")
        yield Sample(row["file"], (folder / row["file"]).read_bytes(), line,
                     {"vek": der(vek), middle[0]: named[middle[1]], "ark": named[f"ARK-{line}"]},
                     row["valid_time"].split("..")[0])


def appraise(ward, sample):
    """What `ward verify` says of the platform alone; it does without a revocation list."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "collateral").mkdir()
        for role, der in sample.chain.items():
            (folder / "collateral" / f"{role}.der").write_bytes(der)
        (folder / "report").write_bytes(sample.report)
        run = subprocess.run([ward, "verify", folder / "report", "--collateral", folder / "collateral", "--at", sample.at,
                              "--json"], stdout=subprocess.PIPE, check=False, text=True)
    return json.loads(run.stdout)


def case(ward, sample):
    """The sample in the form of ward-resigned-snp's lines; no revocation list is asked for."""
    said = appraise(ward, sample)
    now = datetime.datetime.fromisoformat(sample.at.replace("Z", "+00:00"))
    checks = said["checks"]
    return {"number": sample.name, "face": "recorded", "mutations": [], "now": int(now.timestamp()),
            "line": sample.line, "evidence": sample.report.hex(), "crl": "",
            **{role: sample.chain.get(role, b"").hex() for role in ("ark", "ask", "asvk", "vek")},
            "ward": {"verdict": said["verdict"], "status": None, "advisories": [],
                     "failed": [check["id"] for check in checks if check["outcome"] == "failed"],
                     "absent": [check["id"] for check in checks if check.get("reason") == "absent"]}}


def have_crate():
    return all((CRATE / name).is_file() for name in CRATE_FILES)


def have_go():
    return os.access(GO_PROGRAM, os.X_OK)


def vectors():
    folder = pathlib.Path(os.environ.get("WARD_VECTORS", ROOT / "../shared/vectors"))
    return folder if (folder / "MANIFEST.tsv").is_file() else None


def lines(ward):
    """All that is at hand, a case a line."""
    samples = []
    if have_crate():
        samples += crate_samples()
    if have_go():
        samples += go_samples()
    if vectors():
        samples += vector_samples(vectors())
    for sample in samples:
        yield json.dumps(case(ward, sample)) + "\n"
