"""The C ABI of libward (ward/ward.h), declared for ctypes. Nothing outside the package uses it."""
from __future__ import annotations

import ctypes
import pathlib
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint, c_uint64, c_void_p

OK = 0
ERROR_USAGE = 1
ERROR_UNKNOWN_EVIDENCE = 3
ERROR_EMPTY_EVIDENCE = 4
ERROR_NOT_FOUND = 6


class Tcb(Structure):
    _fields_ = [("size", c_size_t), ("status", c_char_p), ("advisory_count", c_size_t), ("has_date", c_int32),
                ("has_evaluation_number", c_int32), ("date", c_int64), ("evaluation_number", c_uint64)]


class Check(Structure):
    _fields_ = [("size", c_size_t), ("id", c_char_p), ("outcome", c_int), ("not_done", c_int), ("found", c_char_p),
                ("expected", c_char_p), ("origin", c_int), ("expected_from", c_char_p), ("reference", c_char_p),
                ("meaning", c_char_p), ("hint", c_char_p)]


class Claim(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("text", c_char_p)]


class Need(Structure):
    _fields_ = [("size", c_size_t), ("kind", c_char_p), ("key", c_char_p)]


class Tee(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("title", c_char_p), ("media_type", c_char_p),
                ("report_data_size", c_size_t), ("measurement_size", c_size_t), ("workload_size", c_size_t),
                ("check_count", c_size_t)]


class CheckInfo(Structure):
    _fields_ = [("size", c_size_t), ("id", c_char_p), ("reference", c_char_p), ("meaning", c_char_p),
                ("hint", c_char_p)]


class Job(Structure):
    _fields_ = [("size", c_size_t), ("evidence", c_char_p), ("evidence_size", c_size_t), ("request", c_void_p)]


VERIFIED = CFUNCTYPE(None, c_void_p, c_size_t, c_void_p, c_void_p)  # user, index, appraisal, error

_ERROR = POINTER(c_void_p)
_OUT = POINTER(c_void_p)
_OCTETS = (c_char_p, c_size_t)  # ctypes hands the address of a bytes object over; the size says where it ends

FORM_TREE = 1  # of ward_form

_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "ward_version": (c_char_p, ()),
    "ward_tee_count": (c_size_t, ()),
    "ward_tee_at": (c_int, (c_size_t, POINTER(Tee))),
    "ward_tee_check_at": (c_int, (c_size_t, c_size_t, POINTER(CheckInfo))),
    "ward_recognise": (c_int, (*_OCTETS, POINTER(c_char_p), _ERROR)),
    "ward_error_status": (c_int, (c_void_p,)),
    "ward_error_message": (c_char_p, (c_void_p,)),
    "ward_error_hint": (c_char_p, (c_void_p,)),
    "ward_error_free": (None, (c_void_p,)),
    "ward_policy_new": (c_int, (_OUT, _ERROR)),
    "ward_policy_free": (None, (c_void_p,)),
    "ward_policy_set_name": (c_int, (c_void_p, c_char_p, _ERROR)),
    "ward_policy_accept_tcb": (c_int, (c_void_p, c_char_p, _ERROR)),
    "ward_policy_accept_value": (c_int, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "ward_policy_refuse_value": (c_int, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "ward_policy_min_value": (c_int, (c_void_p, c_char_p, c_char_p, _ERROR)),
    "ward_policy_allow_debug": (c_int, (c_void_p, c_int32, _ERROR)),
    "ward_policy_allow_development": (c_int, (c_void_p, c_int32, _ERROR)),
    "ward_policy_require_revocation": (c_int, (c_void_p, c_int32, _ERROR)),
    "ward_policy_min_tcb_evaluation": (c_int, (c_void_p, c_uint64, _ERROR)),
    "ward_policy_min_tcb_date": (c_int, (c_void_p, c_int64, _ERROR)),
    "ward_policy_tolerate": (c_int, (c_void_p, c_char_p, c_int64, _ERROR)),
    "ward_policy_refuse_product": (c_int, (c_void_p, c_char_p, _ERROR)),
    "ward_policy_accept_chips": (c_int, (c_void_p, *_OCTETS, _ERROR)),
    "ward_policy_add_development_roots": (c_int, (c_void_p, *_OCTETS, _ERROR)),
    "ward_policy_add_hardware_roots": (c_int, (c_void_p, c_char_p, *_OCTETS, _ERROR)),
    "ward_collateral_new": (c_int, (_OUT, _ERROR)),
    "ward_collateral_free": (None, (c_void_p,)),
    "ward_collateral_add": (c_int, (c_void_p, c_char_p, *_OCTETS, _ERROR)),
    "ward_needs_of": (c_int, (*_OCTETS, _OUT, _ERROR)),
    "ward_needs_count": (c_size_t, (c_void_p,)),
    "ward_needs_at": (c_int, (c_void_p, c_size_t, POINTER(Need))),
    "ward_needs_free": (None, (c_void_p,)),
    "ward_request_new": (c_int, (_OUT, _ERROR)),
    "ward_request_free": (None, (c_void_p,)),
    "ward_request_set_time": (c_int, (c_void_p, c_int64, _ERROR)),
    "ward_request_expect_report_data": (c_int, (c_void_p, *_OCTETS, _ERROR)),
    "ward_request_expect_measurement": (c_int, (c_void_p, *_OCTETS, _ERROR)),
    "ward_request_expect_workload": (c_int, (c_void_p, *_OCTETS, _ERROR)),
    "ward_request_report_data_unchecked": (c_int, (c_void_p, _ERROR)),
    "ward_request_measurement_unchecked": (c_int, (c_void_p, _ERROR)),
    "ward_request_workload_unchecked": (c_int, (c_void_p, _ERROR)),
    "ward_verifier_new_remembering": (c_int, (c_void_p, c_size_t, _OUT, _ERROR)),
    "ward_verifier_free": (None, (c_void_p,)),
    "ward_verifier_verify": (c_int, (c_void_p, *_OCTETS, c_void_p, c_void_p, _OUT, _ERROR)),
    "ward_verifier_verify_all": (c_int, (c_void_p, POINTER(Job), c_size_t, c_void_p, c_uint, VERIFIED, c_void_p, _ERROR)),
    "ward_appraisal_free": (None, (c_void_p,)),
    "ward_appraisal_verdict": (c_int, (c_void_p,)),
    "ward_appraisal_tee": (c_char_p, (c_void_p,)),
    "ward_appraisal_summary": (c_char_p, (c_void_p,)),
    "ward_appraisal_development": (c_int32, (c_void_p,)),
    "ward_appraisal_time": (c_int64, (c_void_p,)),
    "ward_appraisal_tcb": (c_int, (c_void_p, POINTER(Tcb))),
    "ward_appraisal_advisory": (c_char_p, (c_void_p, c_size_t)),
    "ward_appraisal_check_count": (c_size_t, (c_void_p,)),
    "ward_appraisal_check_at": (c_int, (c_void_p, c_size_t, POINTER(Check))),
    "ward_appraisal_claim_count": (c_size_t, (c_void_p,)),
    "ward_appraisal_claim_at": (c_int, (c_void_p, c_size_t, POINTER(Claim))),
    "ward_appraisal_unchecked_count": (c_size_t, (c_void_p,)),
    "ward_appraisal_unchecked_at": (c_char_p, (c_void_p, c_size_t)),
    "ward_appraisal_note_count": (c_size_t, (c_void_p,)),
    "ward_appraisal_note_at": (c_char_p, (c_void_p, c_size_t)),
    "ward_appraisal_warning_count": (c_size_t, (c_void_p,)),
    "ward_appraisal_warning_at": (c_char_p, (c_void_p, c_size_t)),
    "ward_appraisal_explain": (c_int, (c_void_p, c_int, POINTER(c_char_p), _ERROR)),
    "ward_appraisal_json": (c_int, (c_void_p, POINTER(c_char_p), _ERROR)),
}


def _load() -> ctypes.CDLL:
    out = ctypes.CDLL(str(pathlib.Path(__file__).with_name("libward.so.1")))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(out, name)
        function.restype = result
        function.argtypes = arguments
    return out


lib = _load()
