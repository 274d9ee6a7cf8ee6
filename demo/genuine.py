"""Finds a recorded quote of real SGX hardware, with the documents that vouch for it.

From the recorded evidence (WARD_VECTORS, or ../shared/vectors beside the checkout), else from the samples of
a package of crates.io, which ./run fetches. Neither is part of this project.
"""
import dataclasses
import json
import pathlib
from collections.abc import Iterator

VECTOR = "sgx/sgx_v3_automata-network_c81a90ee.dat"
VECTOR_AT = "2024-05-18T18:22:51Z"  # when it was recorded
CRATE = "build/data/crates/dcap-qvl"
CRATE_AT = "2025-06-20T00:00:00Z"  # within the validity of the documents beside it


@dataclasses.dataclass(frozen=True)
class Recorded:
    """Recorded is a quote, the folder of its collateral, and when both were good."""

    quote: pathlib.Path
    collateral: pathlib.Path
    at: str


def documents(pieces: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """documents takes a collateral object of the crate apart, into files as Intel's service gives them."""
    for name in ("pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"):
        yield f"{name}.pem", pieces[name].encode()
    for name in ("root_ca_crl", "pck_crl"):
        yield f"{name}.der", bytes.fromhex(pieces[name])
    # The signature is over the text between, as it stands.
    for name, member in (("tcb_info", "tcbInfo"), ("qe_identity", "enclaveIdentity")):
        yield f"{name}.json", f'{{"{member}":{pieces[name]},"signature":"{pieces[name + "_signature"]}"}}'.encode()


def from_crate(folder: pathlib.Path, into: pathlib.Path) -> Recorded | None:
    """from_crate writes the documents into a new folder `into`; None where the samples are not there."""
    quote, collateral = folder / "sgx_quote", folder / "sgx_quote_collateral.json"
    if not (quote.is_file() and collateral.is_file()):
        return None
    into.mkdir()
    for name, octets in documents(json.loads(collateral.read_text())):
        (into / name).write_bytes(octets)
    return Recorded(quote, into, CRATE_AT)


def find(vectors: pathlib.Path | None, checkout: pathlib.Path, into: pathlib.Path) -> Recorded | None:
    if vectors is not None and (vectors / VECTOR).is_file():
        return Recorded(vectors / VECTOR, vectors / "dcap", VECTOR_AT)
    return from_crate(checkout / CRATE, into)
