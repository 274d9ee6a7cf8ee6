"""Why a call could not be done."""
from __future__ import annotations

from typing import Optional

from . import _abi


class Error(Exception):
    """A call could not be done: ``str(error)`` is what is wrong, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(Error, ValueError):
    """An argument is wrong, also a policy that no evidence could meet."""


class LimitError(Error, ValueError):
    """Larger, or more, than the library takes."""


class UnknownEvidenceError(Error):
    """No kind of evidence that this library knows."""


class EmptyEvidenceError(Error):
    """No octet of evidence."""


class MalformedEvidenceError(Error):
    """Evidence that is cut or altered, where a verdict is not what was asked for."""


class OutOfMemoryError(Error, MemoryError):
    """There is no memory left."""


class InternalError(Error):
    """A bug of the library's, or a failed call of a cryptographic library."""


_BY_STATUS: dict[int, type[Error]] = {
    1: UsageError,
    2: LimitError,
    3: UnknownEvidenceError,
    4: EmptyEvidenceError,
    5: MalformedEvidenceError,
    7: OutOfMemoryError,
}


def text(octets: Optional[bytes]) -> str:
    """text is a string of the library's, which is UTF-8."""
    return "" if octets is None else octets.decode("utf-8")


def error_of(status: int, error: Optional[int]) -> Error:
    """error_of is what the library says."""
    message, hint = text(_abi.lib.ward_error_message(error)), text(_abi.lib.ward_error_hint(error))
    return _BY_STATUS.get(status, InternalError)(message or f"libward: status {status}", hint)


def raise_error(status: int, error: Optional[int]) -> None:
    """raise_error raises what the library says, and frees it."""
    made = error_of(status, error)
    _abi.lib.ward_error_free(error)
    if status != _abi.OK:
        raise made
