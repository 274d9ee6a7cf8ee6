#!/usr/bin/env python3
"""verify.py EVIDENCE FOLDER UNIX-TIME [PEM]: appraises a file of evidence with the documents of a folder, as of a time.

Prints the verdict and what stands in its way. Report data, measurement and workload are not compared: a real program
passes report_data= what it asked the platform to prove. With PEM, development platforms under those roots are accepted
too. Exit codes are those of `ward verify`: 0 accepted, 1 refused, 2 usage, 3 could not tell.
"""
from __future__ import annotations

import pathlib
import sys

import ward

USAGE = 2
COULD_NOT_TELL = 3


def verify(evidence: str, folder: str, at: str, pem: str | None = None) -> int:
    policy = ward.Policy()
    if pem is not None:
        policy = ward.Policy(allow_development=True, development_roots=[pathlib.Path(pem).read_bytes()])
    files = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_file())
    with ward.Verifier(policy) as verifier:
        appraisal = verifier.verify(
            pathlib.Path(evidence).read_bytes(),
            collateral={path.name: path.read_bytes() for path in files},
            at=int(at),
            report_data=ward.UNCHECKED,
            measurement=ward.UNCHECKED,
            workload=ward.UNCHECKED,
        )
    print(appraisal.summary)
    for check in appraisal.problems:
        word = "failed" if check.outcome is ward.Outcome.FAILED else "missing"
        print(f'{word} {check.id}: found "{check.found}", expected "{check.expected}"\n  {check.hint}')
    return appraisal.verdict.value


def main(argv: list[str]) -> int:
    if not 4 <= len(argv) <= 5 or not argv[3].isdecimal():
        print("usage: verify.py EVIDENCE FOLDER UNIX-TIME [PEM]", file=sys.stderr)
        return USAGE
    try:
        return verify(*argv[1:])
    except ward.EmptyEvidenceError as error:
        print(f"verify: {error}", file=sys.stderr)
        return ward.Verdict.REFUSED.value
    except ward.Error as error:
        print(f"verify: {error}\nverify: {error.hint}", file=sys.stderr)
        return USAGE if isinstance(error, ward.UsageError) else COULD_NOT_TELL
    except OSError as error:
        print(f"verify: {error.filename}: {error.strerror}", file=sys.stderr)
        return COULD_NOT_TELL


if __name__ == "__main__":
    sys.exit(main(sys.argv))
