"""Quotes of real hardware with the documents of their time, as cases for ward and its peers.

Of the samples that two packages carry (tools/packages.txt, group crates; test/differential/gotdx), and of the
recorded evidence (WARD_VECTORS, or ../shared/vectors) where it is at hand. None is part of this project.
"""
import base64
import csv
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))

import genuine  # noqa: E402  (the demo reads the same crate)

CRATE = ROOT / "build/data/crates/dcap-qvl"
GO_PROGRAM = pathlib.Path(os.environ.get("WARD_GO_TDX_GUEST", ROOT / "build/go/ward-go-tdx-guest"))

# Samples of dcap-qvl 0.7.0: quote, collateral, and a time within the validity of all documents. The two in
# hexadecimal come without documents of their own, and are of the same kind of platform as tdx_quote.
CRATE_SAMPLES = (
    ("sgx_quote", "sgx_quote_collateral.json", "2025-06-20T00:00:00Z"),
    ("tdx_quote", "tdx_quote_collateral.json", "2025-06-20T00:00:00Z"),
    ("tdx-quote.hex", "tdx_quote_collateral.json", "2025-06-20T00:00:00Z"),
    ("quote-from-tappd.hex", "tdx_quote_collateral.json", "2025-06-20T00:00:00Z"),
    ("tdx_quote_outdated", "tdx_quote_outdated_collateral.json", "2026-03-01T00:00:00Z"),
    ("tdx_quote_td15ex", "tdx_quote_td15ex_collateral.json", "2026-10-09T00:00:00Z"),
)


@dataclasses.dataclass(frozen=True)
class Sample:
    name: str
    quote: bytes
    collateral: dict[str, str]  # in the form of Intel's QVL: documents, chains and signatures apart
    at: str


def own_length(quote):
    """The size of a quote without what a guest's buffer held behind it."""
    if int.from_bytes(quote[:2], "little") == 5:
        end = 54 + int.from_bytes(quote[50:54], "little")
    else:
        end = 48 + (384 if quote[4] == 0 else 584)
    return end + 4 + int.from_bytes(quote[end:end + 4], "little")


def octets(path):
    text = path.read_bytes()
    return bytes.fromhex(text.decode().strip().removeprefix("0x")) if path.suffix == ".hex" else text


def and_cut(sample):
    """The sample as it is, and cut to its own length where it is longer."""
    yield sample
    size = own_length(sample.quote)
    if len(sample.quote) > size:
        yield dataclasses.replace(sample, name=sample.name + ", cut", quote=sample.quote[:size])


def crate_samples(folder=CRATE):
    for name, documents, at in CRATE_SAMPLES:
        yield from and_cut(Sample(name, octets(folder / name), json.loads((folder / documents).read_text()), at))


def go_samples(program=GO_PROGRAM):
    """The sample of go-tdx-guest's own tests, at the time that they take."""
    lines = subprocess.run([program, "samples"], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in lines.splitlines():
        said = json.loads(line)
        yield from and_cut(Sample(said["name"], bytes.fromhex(said["quote"]), said["collateral"], said["at"]))


def document_parts(text, member):
    """The text of a document and its signature, of a file as Intel's service gives it."""
    head, tail = f'{{"{member}":', ',"signature":"'
    if not text.startswith(head) or tail not in text:
        return None
    body, signature = text.removeprefix(head).rsplit(tail, 1)
    return body, signature.split('"', 1)[0]


def pem(der):
    return "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n"


def certificates(text):
    return [base64.b64decode(part.split("-----END")[0]) for part in text.split("-----BEGIN CERTIFICATE-----")[1:]]


def vector_samples(folder):
    """The rows of dcap/cases.tsv; the CRL issuer's chain is the quote's own."""
    with open(folder / "dcap/cases.tsv", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            quote = (folder / row["quote"]).read_bytes()
            info = document_parts((folder / row["tcb_info"]).read_text().strip(), "tcbInfo")
            identity = document_parts((folder / row["qe_identity"]).read_text().strip(), "enclaveIdentity")
            chain = certificates(quote[quote.find(b"-----BEGIN"):].decode("latin-1"))
            if info is None or identity is None or len(chain) != 3:
                continue
            signing = (folder / row["tcb_signing_cert"]).read_text() + (folder / row["root_ca"]).read_text()
            yield Sample(f"{row['quote']} with {row['tcb_info']}", quote, {
                "pck_crl_issuer_chain": pem(chain[1]) + pem(chain[2]),
                "root_ca_crl": (folder / row["root_crl"]).read_bytes().hex(),
                "pck_crl": (folder / row["pck_crl"]).read_bytes().hex(),
                "tcb_info_issuer_chain": signing, "tcb_info": info[0], "tcb_info_signature": info[1],
                "qe_identity_issuer_chain": signing, "qe_identity": identity[0],
                "qe_identity_signature": identity[1]}, row["time"])


def appraise(ward, sample):
    """What `ward verify` says of the platform alone: any status is accepted, a debug guest is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "collateral").mkdir()
        for file, content in genuine.documents(sample.collateral):
            (folder / "collateral" / file).write_bytes(content)
        (folder / "quote").write_bytes(sample.quote)
        run = subprocess.run([ward, "verify", folder / "quote", "--collateral", folder / "collateral", "--at", sample.at,
                              "--accept-tcb", "any", "--json"], stdout=subprocess.PIPE, check=False, text=True)
    return json.loads(run.stdout)


def case(ward, sample):
    """The sample in the form of ward-resigned's lines."""
    said = appraise(ward, sample)
    now = datetime.datetime.fromisoformat(sample.at.replace("Z", "+00:00"))
    return {"number": sample.name, "face": "recorded", "mutations": [], "now": int(now.timestamp()),
            "quote": sample.quote.hex(), "root": certificates(sample.collateral["tcb_info_issuer_chain"])[-1].hex(),
            "collateral": sample.collateral,
            "ward": {"verdict": said["verdict"], "status": said["tcb"]["status"],
                     "advisories": said["tcb"]["advisories"],
                     "failed": [check["id"] for check in said["checks"] if check["outcome"] == "failed"]}}


def have_crate():
    return all((CRATE / name).is_file() for sample in CRATE_SAMPLES for name in sample[:2])


def have_go():
    return os.access(GO_PROGRAM, os.X_OK)


def vectors():
    folder = pathlib.Path(os.environ.get("WARD_VECTORS", ROOT / "../shared/vectors"))
    return folder if (folder / "dcap/cases.tsv").is_file() else None


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
