"""What an appraisal consists of. Everything is immutable and owns what it holds."""
from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass, field
from typing import Optional

from ._errors import UsageError


class Verdict(enum.Enum):
    """The values are the exit codes of ``ward verify``."""

    ACCEPTED = 0  # every check that was asked for passed
    REFUSED = 1  # at least one check failed
    UNDETERMINED = 3  # none failed, but something that is needed was not given


class Outcome(enum.Enum):
    PASSED = 0
    FAILED = 1
    NOT_DONE = 2


class NotDone(enum.Enum):
    """Why a check was not done."""

    NONE = 0  # it was done
    NOT_ASKED = 1
    ABSENT = 2  # something needed was not given
    BLOCKED = 3  # an earlier check, which this one rests on, did not pass


class Origin(enum.Enum):
    """Who set an expectation."""

    SPECIFICATION = 0
    POLICY = 1
    REFERENCE_VALUE = 2
    COLLATERAL = 3
    CALLER = 4


class Unchecked(enum.Enum):
    """Says aloud that a value is not compared."""

    UNCHECKED = "unchecked"


UNCHECKED = Unchecked.UNCHECKED


@dataclass(frozen=True)
class Check:
    """One declared check with what happened."""

    id: str
    outcome: Outcome
    not_done: NotDone
    found: str
    expected: str
    origin: Origin
    expected_from: str
    reference: str
    meaning: str
    hint: str


@dataclass(frozen=True)
class Claim:
    """One statement of the evidence; octets as lower-case hex."""

    name: str
    text: str


@dataclass(frozen=True)
class Tcb:
    """The platform's security version as its maker judges it."""

    status: Optional[str]
    date: Optional[datetime.datetime]
    evaluation_number: Optional[int]
    advisories: tuple[str, ...]


@dataclass(frozen=True)
class Need:
    """A document that a piece of evidence needs."""

    kind: str
    key: str


@dataclass(frozen=True)
class Tee:
    """A kind of evidence. A size of 0 is not fixed."""

    name: str
    title: str
    media_type: str
    report_data_size: int
    measurement_size: int
    workload_size: int


@dataclass(frozen=True)
class CheckInfo:
    """A declared check."""

    id: str
    reference: str
    meaning: str
    hint: str


@dataclass(frozen=True)
class Appraisal:
    """A verdict with every reason. Rely on ``claims`` only where ``verdict`` is ACCEPTED."""

    verdict: Verdict
    tee: str
    summary: str
    development: bool
    time: datetime.datetime
    tcb: Tcb
    checks: tuple[Check, ...]
    claims: tuple[Claim, ...]
    unchecked: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]  # what weakens the verdict, whatever it is: show it first
    _explanation: Optional[str] = field(repr=False)
    json: str = field(repr=False)  # what `ward verify --json` prints; of verify_all without `materials` and `advice`

    @property
    def explanation(self) -> str:
        """What `ward verify --explain` prints. A UsageError of an appraisal of Verifier.verify_all."""
        if self._explanation is None:
            raise UsageError("explanation: a batch does not record what an explanation is made of",
                             "verify this evidence alone, with Verifier.verify")
        return self._explanation

    @property
    def problems(self) -> tuple[Check, ...]:
        """What failed, and what could not be done for want of something."""
        return tuple(c for c in self.checks if c.outcome is Outcome.FAILED or c.not_done is NotDone.ABSENT)

    def check(self, id: str) -> Optional[Check]:
        """The check with this id; None where the appraisal lists none."""
        return next((c for c in self.checks if c.id == id), None)
