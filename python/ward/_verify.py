"""The calls. Every handle of the library is freed before the call that made it returns, but a verifier's."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ctypes import byref, c_char_p, c_void_p, sizeof
from dataclasses import dataclass, field, fields
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn, Optional, Union

from . import _abi
from ._errors import Error, InternalError, UsageError, error_of, raise_error, text
from ._types import (Appraisal, Check, CheckInfo, Claim, Need, NotDone, Origin, Outcome, Tcb, Tee, Unchecked, Verdict)

Octets = Union[bytes, bytearray, memoryview]
Time = Union[datetime.datetime, int]  # of a time zone; Unix seconds
Expected = Union[bytes, bytearray, memoryview, Iterable[bytes], Unchecked]

_lib = _abi.lib
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


# A class derived from bytes, str or int may say anything of itself, its length too. So the library is given only what the
# three functions below make: values of the classes themselves, which nobody else can change.
def _octets(name: str, value: object) -> bytes:
    if type(value) is bytes:
        return value
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{name}: bytes are needed, not {type(value).__name__}")
    try:
        return memoryview(value).tobytes()
    except ValueError as error:
        raise UsageError(f"{name}: a memoryview that was released", "keep it until the call has returned") from error


def _str(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name}: str is needed, not {type(value).__name__}")
    return str.__str__(value)


def _int(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: int is needed, not {type(value).__name__}")
    return int.__index__(value)


def _text(name: str, value: object) -> bytes:
    plain = _str(name, value)
    if "\0" in plain:
        raise UsageError(f"{name}: a text with a NUL in it", "take it out of the text")
    try:
        return plain.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"{name}: not UTF-8", "a file name that is not text needs another name here") from error


def _whole(name: str, value: object, most: int) -> int:
    plain = _int(name, value)
    if not 0 <= plain <= most:
        raise UsageError(f"{name}: not between 0 and {most}", "give a whole number in that range")
    return plain


def _time(name: str, at: object) -> Time:
    if isinstance(at, datetime.datetime):
        return at
    if isinstance(at, bool) or not isinstance(at, int):
        raise TypeError(f"{name}: datetime or int (Unix seconds) is needed, not {type(at).__name__}")
    return _int(name, at)


def _unix(name: str, given: object) -> int:
    at = _time(name, given)
    if isinstance(at, datetime.datetime):
        if at.tzinfo is None or at.utcoffset() is None:
            raise UsageError(f"{name}: a time without a time zone", "use datetime.now(datetime.timezone.utc)")
        return _whole(name, int((at - _EPOCH).total_seconds() // 1), 2**63 - 1)
    return _whole(name, at, 2**63 - 1)


def _call(function: Callable[..., int], *arguments: object) -> None:
    error = c_void_p()
    status = function(*arguments, byref(error))
    raise_error(status, error.value)


@contextmanager
def _made(make: Callable[..., int], free: Callable[[Optional[int]], None], *arguments: object) -> Iterator[Any]:
    """_made is a handle of the library's for the time of a with statement."""
    handle = c_void_p()
    _call(make, *arguments, byref(handle))
    try:
        yield handle
    finally:
        free(handle.value)


def _filled(structure: Any, function: Callable[..., int], *arguments: object) -> Any:
    out = structure(size=sizeof(structure))
    status = function(*arguments, byref(out))
    if status != _abi.OK:
        raise InternalError(f"{function.__name__}: status {status}")
    return out


@dataclass(frozen=True)
class Policy:
    """What is acceptable. The default accepts the maker's best TCB status alone, neither debug nor development, and
    needs revocation lists. A demand that no evidence could meet is a UsageError where a Verifier is made of it.
    What is given is copied: neither a list that changes later nor an iterator that is used up changes a Policy.

    Values of fields are named by the ids of their checks: ``{"tdx.td_attributes.sept_ve_disable": ["true"]}``.
    """

    name: Optional[str] = None
    accept_tcb: Iterable[str] = ()
    accept_values: Mapping[str, Iterable[str]] = field(default_factory=dict)
    refuse_values: Mapping[str, Iterable[str]] = field(default_factory=dict)
    min_values: Mapping[str, str] = field(default_factory=dict)
    allow_debug: bool = False
    allow_development: bool = False
    require_revocation: bool = True
    min_tcb_evaluation: Optional[int] = None
    min_tcb_date: Optional[Time] = None
    tolerate: Mapping[str, Time] = field(default_factory=dict)  # advisories, and until when, that time included
    refuse_products: Iterable[str] = ()
    accept_chips: Optional[Iterable[Octets]] = None  # None: any
    development_roots: Iterable[Octets] = ()  # PEM
    hardware_roots: Mapping[str, Iterable[Octets]] = field(default_factory=dict)  # PEM by TEE; the caller vouches for them

    def __post_init__(self) -> None:
        for name in ("accept_tcb", "refuse_products"):
            object.__setattr__(self, name, _list(name, getattr(self, name), _str, "str"))
        for name in ("accept_values", "refuse_values"):
            object.__setattr__(self, name, _dict(name, getattr(self, name), lambda key, some: _list(key, some, _str, "str")))
        object.__setattr__(self, "min_values", _dict("min_values", self.min_values, _str))
        object.__setattr__(self, "tolerate", _dict("tolerate", self.tolerate, lambda _, until: until))
        object.__setattr__(self, "development_roots", _list("development_roots", self.development_roots, _octets, "bytes"))
        roots = _dict("hardware_roots", self.hardware_roots, lambda tee, some: _list(tee, some, _octets, "bytes"))
        object.__setattr__(self, "hardware_roots", roots)
        if self.accept_chips is not None:
            object.__setattr__(self, "accept_chips", _list("accept_chips", self.accept_chips, _octets, "bytes"))

    def __reduce__(self) -> tuple[Any, ...]:  # a MappingProxyType can be neither copied nor pickled
        values = (getattr(self, one.name) for one in fields(self))
        return type(self), tuple(dict(one) if isinstance(one, MappingProxyType) else one for one in values)

    def _write(self, handle: object) -> None:
        Policy.__post_init__(self)  # a derived class may have left it out
        for status in self.accept_tcb:
            _call(_lib.ward_policy_accept_tcb, handle, _text("accept_tcb", status))
        for name, values, function in (("accept_values", self.accept_values, _lib.ward_policy_accept_value),
                                       ("refuse_values", self.refuse_values, _lib.ward_policy_refuse_value)):
            for id, some in values.items():
                for value in some:
                    _call(function, handle, _text(name, id), _text(f"{name}[{id!r}]", value))
        for id, least in self.min_values.items():
            _call(_lib.ward_policy_min_value, handle, _text("min_values", id), _text(f"min_values[{id!r}]", least))
        if _flag("allow_debug", self.allow_debug):
            _call(_lib.ward_policy_allow_debug, handle, 1)
        if _flag("allow_development", self.allow_development):
            _call(_lib.ward_policy_allow_development, handle, 1)
        if not _flag("require_revocation", self.require_revocation):
            _call(_lib.ward_policy_require_revocation, handle, 0)
        if self.min_tcb_evaluation is not None:
            number = _whole("min_tcb_evaluation", self.min_tcb_evaluation, 2**64 - 1)
            _call(_lib.ward_policy_min_tcb_evaluation, handle, number)
        self._write_rest(handle)
        if self.name is not None:
            _call(_lib.ward_policy_set_name, handle, _text("name", self.name))

    def _write_rest(self, handle: object) -> None:
        if self.min_tcb_date is not None:
            _call(_lib.ward_policy_min_tcb_date, handle, _unix("min_tcb_date", self.min_tcb_date))
        for advisory, until in self.tolerate.items():
            _call(_lib.ward_policy_tolerate, handle, _text("tolerate", advisory), _unix(f"tolerate[{advisory!r}]", until))
        for product in self.refuse_products:
            _call(_lib.ward_policy_refuse_product, handle, _text("refuse_products", product))
        if self.accept_chips is not None:
            chips = "\n".join(one.hex() for one in self.accept_chips).encode()
            _call(_lib.ward_policy_accept_chips, handle, chips, len(chips))
        for pem in self.development_roots:
            _call(_lib.ward_policy_add_development_roots, handle, pem, len(pem))
        for tee, roots in self.hardware_roots.items():
            for pem in roots:
                _call(_lib.ward_policy_add_hardware_roots, handle, _text("hardware_roots", tee), pem, len(pem))


def _flag(name: str, value: object) -> bool:
    if value is not True and value is not False:
        raise TypeError(f"{name}: bool is needed, not {type(value).__name__}")
    return value is True


def _list(name: str, values: object, one: Callable[[str, object], Any], kind: str) -> tuple[Any, ...]:
    """_list is values as they are now, each as `one` makes it."""
    if isinstance(values, (bytes, bytearray, memoryview, str)) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: a list of {kind} is needed, not {type(values).__name__}")
    return tuple(one(name, value) for value in values)


def _dict(name: str, values: object, one: Callable[[str, object], Any]) -> Mapping[str, Any]:
    """_dict is values as they are now, each as `one` makes it. No key is lost, though a Mapping may have one twice."""
    if not isinstance(values, Mapping):
        raise TypeError(f"{name}: a dict is needed, not {type(values).__name__}")
    out: dict[str, Any] = {}
    for key, value in values.items():
        plain = _str(name, key)
        if plain in out:
            raise UsageError(f"{name}: {plain!r} twice", "name it once, with all that is meant")
        out[plain] = one(f"{name}[{plain!r}]", value)
    return MappingProxyType(out)


@dataclass(frozen=True)
class Job:
    """One piece of evidence of a batch, and what Verifier.verify takes beside it. What is given is copied."""

    evidence: Octets = field(repr=False)
    at: Time
    report_data: Expected
    measurement: Expected
    workload: Expected

    def __post_init__(self) -> None:
        for one, value in zip(fields(Job), _values("job", self)):
            object.__setattr__(self, one.name, value)


def _values(name: str, job: object) -> tuple[bytes, Time, Expected, Expected, Expected]:
    """_values is a job's own, also where a derived class leaves things out."""
    if not isinstance(job, Job):
        raise TypeError(f"{name}: ward.Job is needed, not {type(job).__name__}")
    return (_octets("evidence", job.evidence), _time("at", job.at), _expected("report_data", job.report_data),
            _expected("measurement", job.measurement), _expected("workload", job.workload))


class _Owned:
    """A verifier's handle: freed when the last thread that uses it is done."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __del__(self) -> None:
        _lib.ward_verifier_free(self.handle)

    def __reduce__(self) -> NoReturn:  # two would free the one handle
        raise TypeError("a ward.Verifier cannot be pickled: pickle its ward.Policy, and make a Verifier of that")


class Verifier:
    """A policy at work. Any number of threads may use one at the same time. It is freed with its last reference, or
    by close() or the end of a with statement; calls that run are not disturbed. It never changes: a copy is itself.

    It remembers up to ``remember`` platforms for verify_all, which never extends trust: ward.h says what is kept.
    """

    def __init__(self, policy: Optional[Policy] = None, remember: int = 0) -> None:
        self._owned: Optional[_Owned] = None
        if policy is None:
            policy = Policy()
        if not isinstance(policy, Policy):
            raise TypeError(f"policy: ward.Policy is needed, not {type(policy).__name__}")
        with _made(_lib.ward_policy_new, _lib.ward_policy_free) as handle:
            policy._write(handle)
            verifier = c_void_p()
            _call(_lib.ward_verifier_new_remembering, handle, _whole("remember", remember, 2**64 - 1), byref(verifier))
            if verifier.value is None:
                raise InternalError("ward_verifier_new_remembering: no verifier")
            self._owned = _Owned(verifier.value)

    def close(self) -> None:
        self._owned = None

    def __copy__(self) -> Verifier:
        return self

    def __deepcopy__(self, _: object) -> Verifier:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ward.Verifier cannot be pickled: pickle its ward.Policy, and make a Verifier of that")

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def verify(self, evidence: Octets, *, at: Time, report_data: Expected,
               measurement: Expected, workload: Expected,
               collateral: Union[Mapping[str, Octets], Iterable[tuple[str, Octets]]] = ()) -> Appraisal:
        """Appraises evidence, as the platform made it. A refusal is an Appraisal, not an exception.

        ``at`` is the time to appraise as of; take it from a clock that you trust. ``report_data``, ``measurement`` and
        ``workload`` are the whole field that is expected, several of which any is accepted, or ``ward.UNCHECKED``.
        ``collateral`` is documents by name, of any kind and in any mixture.
        """
        owned = self._owned
        if owned is None:
            raise UsageError("the verifier is closed", "make another one")
        octets = _octets("evidence", evidence)
        with _made(_lib.ward_request_new, _lib.ward_request_free) as request, \
                _made(_lib.ward_collateral_new, _lib.ward_collateral_free) as documents:
            _ask(request, at, report_data, measurement, workload)
            _add(documents, collateral)
            with _made(_lib.ward_verifier_verify, _lib.ward_appraisal_free, owned.handle, octets, len(octets),
                       documents, request) as appraisal:
                return _appraisal(appraisal)

    def verify_all(self, jobs: Iterable[Job],
                   collateral: Union[Mapping[str, Octets], Iterable[tuple[str, Octets]]] = (),
                   threads: int = 0) -> list[Union[Appraisal, Error]]:
        """Appraises each job as verify does, in up to ``threads`` threads, 0 as many as the machine runs at once.

        What is wrong with one job is an Error in its place. The appraisals explain nothing: a batch does not record
        what that needs.
        """
        owned = self._owned
        if owned is None:
            raise UsageError("the verifier is closed", "make another one")
        batch = _Batch(_list("jobs", jobs, _values, "ward.Job"))
        number = _whole("threads", threads, 2**32 - 1)
        with _made(_lib.ward_collateral_new, _lib.ward_collateral_free) as documents:
            _add(documents, collateral)
            return batch.verify(owned.handle, documents, number)


class _Batch:
    """Jobs that are verified, and the answer to each."""

    def __init__(self, jobs: tuple[tuple[bytes, Time, Expected, Expected, Expected], ...]) -> None:
        self.jobs = jobs
        self.answers: list[Union[Appraisal, Error, None]] = [None] * len(jobs)
        self.places: list[int] = []  # of the jobs that the library is given
        self.thrown: Optional[BaseException] = None

    def verify(self, verifier: int, documents: object, threads: int) -> list[Union[Appraisal, Error]]:
        asked = (_abi.Job * len(self.jobs))()
        with ExitStack() as requests:
            for i, (evidence, *words) in enumerate(self.jobs):
                request = requests.enter_context(_made(_lib.ward_request_new, _lib.ward_request_free))
                try:
                    _ask(request, *words)
                except Error as error:
                    self.answers[i] = error.with_traceback(None)
                    continue
                asked[len(self.places)] = _abi.Job(sizeof(_abi.Job), evidence, len(evidence), request)
                self.places.append(i)
            _call(_lib.ward_verifier_verify_all, verifier, asked, len(self.places), documents, threads,
                  _abi.VERIFIED(self.told), None)
        if self.thrown is not None:
            raise self.thrown
        return [InternalError("ward_verifier_verify_all: a job without an answer") if one is None else one
                for one in self.answers]

    def told(self, _: Optional[int], index: int, appraisal: Optional[int], error: Optional[int]) -> None:
        """told is called by the library's threads, with the interpreter's lock. Nothing may be thrown through C."""
        if self.thrown is not None:
            return
        try:
            if appraisal is None:
                self.answers[self.places[index]] = error_of(_lib.ward_error_status(error), error)
            else:
                self.answers[self.places[index]] = _appraisal(appraisal, explained=False)
        except BaseException as thrown:
            self.thrown = thrown


def _ask(request: object, at: object, report_data: object, measurement: object, workload: object) -> None:
    _call(_lib.ward_request_set_time, request, _unix("at", at))
    _expect(request, "report_data", report_data)
    _expect(request, "measurement", measurement)
    _expect(request, "workload", workload)


def _add(documents: object, collateral: object) -> None:
    for name, document in _documents(collateral):
        _call(_lib.ward_collateral_add, documents, name, document, len(document))


def _documents(collateral: object) -> list[tuple[bytes, bytes]]:
    pairs = collateral.items() if isinstance(collateral, Mapping) else collateral
    if isinstance(pairs, (str, bytes)) or not isinstance(pairs, Iterable):
        raise TypeError(f"collateral: a dict of bytes by name is needed, not {type(pairs).__name__}")
    out = []
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("collateral: pairs of a name and bytes are needed")
        out.append((_text("collateral: name", pair[0]), _octets("collateral", pair[1])))
    return out


def _expected(name: str, expected: object) -> Union[tuple[bytes, ...], Unchecked]:
    if expected is Unchecked.UNCHECKED:
        return Unchecked.UNCHECKED
    if isinstance(expected, (bytes, bytearray, memoryview)):
        return (_octets(name, expected),)
    if isinstance(expected, Iterable) and not isinstance(expected, (str, Mapping)):
        return tuple(_octets(name, one) for one in expected)
    raise TypeError(f"{name}: bytes, a list of bytes or ward.UNCHECKED is needed, not {type(expected).__name__}")


def _expect(request: object, name: str, expected: object) -> None:
    values = _expected(name, expected)
    if isinstance(values, Unchecked):
        _call(getattr(_lib, f"ward_request_{name}_unchecked"), request)
        return
    if not values:
        raise UsageError(f"{name}: no value is expected", "name a value, or say ward.UNCHECKED")
    for value in values:
        _call(getattr(_lib, f"ward_request_expect_{name}"), request, value, len(value))


def _check(one: Any) -> Check:
    return Check(text(one.id), Outcome(one.outcome), NotDone(one.not_done), text(one.found), text(one.expected),
                 Origin(one.origin), text(one.expected_from), text(one.reference), text(one.meaning), text(one.hint))


def _appraisal(handle: Any, explained: bool = True) -> Appraisal:
    tcb = _filled(_abi.Tcb, _lib.ward_appraisal_tcb, handle)
    checks = (_filled(_abi.Check, _lib.ward_appraisal_check_at, handle, i)
              for i in range(_lib.ward_appraisal_check_count(handle)))
    claims = (_filled(_abi.Claim, _lib.ward_appraisal_claim_at, handle, i)
              for i in range(_lib.ward_appraisal_claim_count(handle)))
    json, explanation = c_char_p(), c_char_p()
    _call(_lib.ward_appraisal_json, handle, byref(json))
    if explained:
        _call(_lib.ward_appraisal_explain, handle, _abi.FORM_TREE, byref(explanation))
    return Appraisal(
        verdict=Verdict(_lib.ward_appraisal_verdict(handle)),
        tee=text(_lib.ward_appraisal_tee(handle)),
        summary=text(_lib.ward_appraisal_summary(handle)),
        development=_lib.ward_appraisal_development(handle) != 0,
        time=_EPOCH + datetime.timedelta(seconds=_lib.ward_appraisal_time(handle)),
        tcb=Tcb(
            status=None if tcb.status is None else text(tcb.status),
            date=_EPOCH + datetime.timedelta(seconds=tcb.date) if tcb.has_date else None,
            evaluation_number=tcb.evaluation_number if tcb.has_evaluation_number else None,
            advisories=tuple(text(_lib.ward_appraisal_advisory(handle, i)) for i in range(tcb.advisory_count))),
        checks=tuple(_check(one) for one in checks),
        claims=tuple(Claim(text(one.name), text(one.text)) for one in claims),
        unchecked=tuple(text(_lib.ward_appraisal_unchecked_at(handle, i))
                        for i in range(_lib.ward_appraisal_unchecked_count(handle))),
        notes=tuple(text(_lib.ward_appraisal_note_at(handle, i))
                    for i in range(_lib.ward_appraisal_note_count(handle))),
        warnings=tuple(text(_lib.ward_appraisal_warning_at(handle, i))
                       for i in range(_lib.ward_appraisal_warning_count(handle))),
        _explanation=text(explanation.value) if explained else None,
        json=text(json.value))


def version() -> str:
    """The version of the library that runs."""
    return text(_lib.ward_version())


def tees() -> tuple[Tee, ...]:
    """The kinds of evidence that the library knows."""
    found = (_filled(_abi.Tee, _lib.ward_tee_at, i) for i in range(_lib.ward_tee_count()))
    return tuple(Tee(text(one.name), text(one.title), text(one.media_type), one.report_data_size,
                     one.measurement_size, one.workload_size) for one in found)


def declared_checks(tee: str) -> tuple[CheckInfo, ...]:
    """What an appraisal of evidence of ``tee`` may list; nothing for another name."""
    out = []
    for i in range(_lib.ward_tee_count()):
        kind = _filled(_abi.Tee, _lib.ward_tee_at, i)
        if text(kind.name) != tee:
            continue
        for k in range(kind.check_count):
            one = _filled(_abi.CheckInfo, _lib.ward_tee_check_at, i, k)
            out.append(CheckInfo(text(one.id), text(one.reference), text(one.meaning), text(one.hint)))
    return tuple(out)


def recognise(evidence: Octets) -> Optional[str]:
    """The kind of evidence, by its form alone; None where the library knows none."""
    octets = _octets("evidence", evidence)
    tee, error = c_char_p(), c_void_p()
    status = _lib.ward_recognise(octets, len(octets), byref(tee), byref(error))
    if status in (_abi.ERROR_UNKNOWN_EVIDENCE, _abi.ERROR_EMPTY_EVIDENCE):
        raise_error(_abi.OK, error.value)  # frees it
        return None
    raise_error(status, error.value)
    return text(tee.value)


def needs(evidence: Octets) -> tuple[Need, ...]:
    """The collateral that Verifier.verify will look for. Nothing in evidence is authenticated yet."""
    octets = _octets("evidence", evidence)
    with _made(_lib.ward_needs_of, _lib.ward_needs_free, octets, len(octets)) as handle:
        found = (_filled(_abi.Need, _lib.ward_needs_at, handle, i) for i in range(_lib.ward_needs_count(handle)))
        return tuple(Need(text(one.kind), text(one.key)) for one in found)


__all__ = ["Error", "Job", "Policy", "Verifier", "declared_checks", "needs", "recognise", "tees", "version"]
