"""What report.py tells: everything in it was measured, recorded or printed by a program; nothing is made up.

Where something does not exist (no vectors, not root), leave it out (None, empty): the page says so.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Fact:
    """Fact is one promise, and whether it held."""

    holds: bool
    title: str  # "the operator saw no plaintext"
    detail: str = ""  # "0 of 81 234 windows in 96 MB"


@dataclasses.dataclass(frozen=True)
class Who:
    """Who is one of the parties, and what it has to protect or to do."""

    name: str
    role: str


@dataclasses.dataclass(frozen=True)
class Message:
    """Message is what one side sent in one go, as the network recorded it."""

    sender: str
    receiver: str
    name: str  # "POST /kbs/v0/attest"
    octets: bytes  # as they went over the wire; empty where only a party's own record of `plain` exists
    seconds: float  # since the recording began
    plain: bytes = b""  # what is inside the TLS records, where a party told it
    plain_from: str = ""  # who told, and how
    about: str = ""  # one sentence: what the receiver now knows


@dataclasses.dataclass(frozen=True)
class Appraisal:
    """Appraisal is a verdict with every check: the object of docs/schemas/ward.appraisal-1.json, or `ward.appraisal`
    of an attestation result (docs/protocols/tokens.md)."""

    title: str
    appraisal: dict[str, object]
    command: str = ""  # that gives it again
    about: str = ""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Refusal is one cheat and what became of it."""

    case: str
    about: str  # what differs from the honest run
    refused: bool
    check: str  # the check that refused
    passed: list[str]  # ids of those that passed before
    says: str  # the refusal's own words
    command: str  # that runs it again
    script: str = ""
    seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class RootSight:
    """RootSight is what root read in the running keep."""

    where: str  # "process 4711 at 0x7f..."
    octets: bytes


@dataclasses.dataclass(frozen=True)
class Command:
    """Command is something to try."""

    words: str
    about: str


@dataclasses.dataclass(frozen=True)
class Events:
    """Events is all of one run of the demo."""

    when: str  # RFC 3339, UTC
    workload: str  # digest of the approved manifest
    separation: str  # how the parties were kept apart, in one sentence
    facts: list[Fact]
    who: list[Who] = dataclasses.field(default_factory=list)
    records: bytes = b""  # the hospital's CSV
    sealed_name: str = "records.csv.sealed"
    sealed: bytes = b""  # the operator's file of the same records
    output_sealed: bytes = b""  # the operator's file of the predictions
    predictions: bytes = b""  # the researcher's CSV: patient, probability
    messages: list[Message] = dataclasses.field(default_factory=list)  # the honest keep's
    opened: list[Message] = dataclasses.field(default_factory=list)  # the same messages of a keep whose TLS was ended
    appraisals: list[Appraisal] = dataclasses.field(default_factory=list)
    refusals: list[Refusal] = dataclasses.field(default_factory=list)
    leaks: dict[str, object] | None = None  # leak_search.SearchResult.to_json()
    control: dict[str, object] | None = None  # the same of the run without ward
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    root_tried: bool = False
    root: RootSight | None = None
    production: Appraisal | None = None  # this platform under the policy that ships
    genuine_then: Appraisal | None = None  # a real quote as of its date
    genuine_today: Appraisal | None = None
    ledger: list[dict[str, object]] = dataclasses.field(default_factory=list)  # `ward ledger list`
    commands: list[Command] = dataclasses.field(default_factory=list)
