"""Appraise evidence of trusted execution environments (SGX, TDX, SEV-SNP), with libward."""
from ._errors import (EmptyEvidenceError, Error, InternalError, LimitError, MalformedEvidenceError, OutOfMemoryError,
                      UnknownEvidenceError, UsageError)
from ._types import (UNCHECKED, Appraisal, Check, CheckInfo, Claim, Need, NotDone, Origin, Outcome, Tcb, Tee, Unchecked,
                     Verdict)
from ._verify import Job, Policy, Verifier, declared_checks, needs, recognise, tees, version

__all__ = [
    "UNCHECKED", "Appraisal", "Check", "CheckInfo", "Claim", "EmptyEvidenceError", "Error", "InternalError", "Job",
    "LimitError", "MalformedEvidenceError", "Need", "NotDone", "Origin", "OutOfMemoryError", "Outcome", "Policy", "Tcb", "Tee",
    "Unchecked", "UnknownEvidenceError", "UsageError", "Verdict", "Verifier", "declared_checks", "needs", "recognise",
    "tees", "version",
]
