"""hostile_cases.py TEE-FOLDER: hostile input through the installed Python package. Everything is an Appraisal that does not
accept, a ward.Error or a TypeError; never a crash, never an acceptance."""
import collections
import concurrent.futures
import copy
import dataclasses
import datetime
import gc
import pathlib
import pickle
import random
import sys
import unittest

import ward

sys.path.append(str(pathlib.Path(__file__).parent))  # isolated Python leaves it out
import vector_files  # noqa: E402

UNCHECKED = {"report_data": ward.UNCHECKED, "measurement": ward.UNCHECKED, "workload": ward.UNCHECKED}


class Liar(bytes):
    def __len__(self):
        return 4 << 20

    def __bytes__(self):
        return b"another"

    def hex(self, *_):
        return "00"


class Odd(str):
    def __contains__(self, _):
        return False

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return id(self)

    def encode(self, *_):
        return Liar(b"Revoked")


class Far(int):
    def __le__(self, _):
        return True

    __ge__ = __le__

    def __index__(self):
        return 2**70


class Vector:
    def __init__(self, folder):
        self.tee = folder.parts[-4]
        self.evidence = (folder / "evidence").read_bytes()
        self.facts = vector_files.facts(folder)
        self.collateral = {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name not in ("evidence", "case.txt")}
        self.at = datetime.datetime.strptime(self.facts["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        self.verifier = ward.Verifier(
            ward.Policy(allow_development=True, development_roots=[self.collateral["root_ca.pem"]]))
        self.signed = vector_files.signed(folder)

    def judge(self, evidence, collateral=None):
        documents = self.collateral if collateral is None else collateral
        return self.verifier.verify(evidence, collateral=documents, at=self.at, **UNCHECKED)


def not_accepted(call, *args):
    try:
        return call(*args).verdict is not ward.Verdict.ACCEPTED
    except ward.Error:
        return True


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vectors = [Vector(p.parent) for p in sorted(TEES.glob("*/testdata/valid/*/case.txt"))]
        assert len(cls.vectors) > 2
        cls.vectors.sort(key=lambda v: v.tee != "sgx")  # the first is of a TEE whose fields all have their sizes

    def test_the_control_is_accepted(self):
        for v in self.vectors:
            self.assertIs(v.judge(v.evidence).verdict, ward.Verdict.ACCEPTED)
            self.assertIs(v.judge(bytearray(v.evidence)).verdict, ward.Verdict.ACCEPTED)
            self.assertIs(v.judge(memoryview(v.evidence)).verdict, ward.Verdict.ACCEPTED)
            self.assertEqual(ward.recognise(v.evidence), v.judge(v.evidence).tee)

    def test_cut_altered_and_random_evidence(self):
        random.seed(7)
        for v in self.vectors:
            for size in [*range(0, 40), *range(40, v.signed[0][1], 97)]:
                self.assertTrue(not_accepted(v.judge, v.evidence[:size]), size)
            for _ in range(60):
                at = vector_files.any_signed(v.signed)
                altered = bytearray(v.evidence)
                altered[at] ^= 1 << random.randrange(8)
                self.assertTrue(not_accepted(v.judge, bytes(altered)), at)
            for size in (1, 2, 64, 432, 1184, 5000, 100000):
                noise = random.randbytes(size)
                self.assertTrue(not_accepted(v.judge, noise), size)
                self.assertTrue(not_accepted(v.judge, v.evidence[:100] + noise), size)
                try:
                    ward.needs(noise)
                    ward.needs(v.evidence[:100] + noise)
                except ward.Error:
                    pass

    def test_hostile_collateral(self):
        random.seed(8)
        for v in self.vectors:
            for name in v.collateral:
                altered = dict(v.collateral)
                altered[name] = random.randbytes(3000)
                v.judge(v.evidence, altered)  # whatever the verdict: no crash
                altered[name] = v.collateral[name][: len(v.collateral[name]) // 2]
                v.judge(v.evidence, altered)
            many = {**v.collateral, **{str(i): random.randbytes(100) for i in range(500)}}
            self.assertIs(v.judge(v.evidence, many).verdict, ward.Verdict.ACCEPTED)
            alone = v.judge(v.evidence, {"a": b"", "b": b"\0" * 1000}).verdict is ward.Verdict.ACCEPTED
            self.assertEqual(alone, "self_contained" in v.facts)

    def test_huge_input_is_a_limit(self):
        v = self.vectors[0]
        with self.assertRaises(ward.LimitError):
            v.judge(b"\0" * (4 << 20) + b"\0")
        with self.assertRaises(ward.LimitError):
            v.judge(v.evidence, {"big": b"\0" * (8 << 20) + b"\0"})
        with self.assertRaises(ward.LimitError):
            v.judge(v.evidence, [("a", b"x")] * 4097)
        with self.assertRaises(ward.LimitError):
            ward.Verifier(ward.Policy(name="x" * 9000))
        with self.assertRaises(ward.LimitError):
            v.verifier.verify(v.evidence, at=v.at, report_data=b"x" * 2000, measurement=ward.UNCHECKED,
                              workload=ward.UNCHECKED)

    def test_names_that_are_no_text(self):
        v = self.vectors[0]
        for name in ("a\0b", "\udcff", "a\nb", "\x7f"):
            with self.assertRaises(ward.UsageError):
                v.judge(v.evidence, {**v.collateral, name: b"x"})
            with self.assertRaises(ward.UsageError):
                ward.Verifier(ward.Policy(accept_tcb=[name]))
            with self.assertRaises(ward.UsageError):
                ward.Verifier(ward.Policy(accept_values={"sgx.pck.ca": [name]}))
        with self.assertRaises(ward.UsageError):  # not UpToDate, cut at the NUL
            ward.Verifier(ward.Policy(accept_tcb=["OutOfDate\0x"]))
        self.assertIs(v.judge(v.evidence, {f"\u00e9/{k}": d for k, d in v.collateral.items()}).verdict,
                      ward.Verdict.ACCEPTED)

    def test_wrong_types(self):
        v = self.vectors[0]
        for evidence in (None, 5, "text", [1], object(), 10**9):
            with self.assertRaises(TypeError):
                v.judge(evidence)
        for collateral in (5, "text", b"text", [b"x"], [("a",)], {"a": "b"}, {5: b"x"}, [("a", b"b", b"c")]):
            with self.assertRaises(TypeError):
                v.judge(v.evidence, collateral)
        for at in (None, "now", 1.5, True):
            with self.assertRaises(TypeError):
                v.verifier.verify(v.evidence, at=at, **UNCHECKED)
        for at in (-1, 2**63, 2**64 + 5, 10**30, datetime.datetime(2024, 1, 1), 253402300800):
            with self.assertRaises(ward.UsageError):
                v.verifier.verify(v.evidence, at=at, **UNCHECKED)
        for value in (None, 5, "aa", {"a": b"b"}, [5], ["aa"]):
            with self.assertRaises(TypeError):
                v.verifier.verify(v.evidence, at=v.at, **{**UNCHECKED, "report_data": value})
        for value in ([], b"", [b""], b"\1" * 63, b"\1" * 65):
            with self.assertRaises(ward.UsageError):
                v.verifier.verify(v.evidence, at=v.at, **{**UNCHECKED, "report_data": value})
        with self.assertRaises(TypeError):
            v.verifier.verify(v.evidence, at=v.at)  # nothing is unchecked silently
        for policy in ({"accept_tcb": "any"}, {"accept_values": [1]}, {"allow_debug": 1}, {"min_tcb_evaluation": "5"},
                       {"development_roots": b"x"}, {"development_roots": [5]}, {"hardware_roots": b"x"}, {"hardware_roots": [b"x"]}, {"hardware_roots": {"tpm": b"x"}}, {"hardware_roots": [5]}, {"min_values": {"a": 5}}, {"name": 5}, {"min_tcb_date": "2024"},
                       {"tolerate": {"INTEL-SA-00615": "2024"}}, {"tolerate": ["INTEL-SA-00615"]}, {"refuse_products": "Milan"},
                       {"accept_chips": b"1234567890"}, {"accept_chips": ["aa"]}):
            with self.assertRaises(TypeError):
                ward.Verifier(ward.Policy(**policy))
        for policy in ({"min_tcb_date": -1}, {"tolerate": {"INTEL-SA-00615": 2**62}}, {"refuse_products": ["Athens"]},
                       {"accept_chips": []}, {"accept_chips": [b"\0" * 16]}, {"tolerate": {"INTEL-SA-00615\0": 1}}):
            with self.assertRaises(ward.UsageError):
                ward.Verifier(ward.Policy(**policy))
        for number in (-1, 2**64):
            with self.assertRaises(ward.UsageError):
                ward.Verifier(ward.Policy(min_tcb_evaluation=number))
        with self.assertRaises(TypeError):
            ward.Verifier("policy")

    def test_a_refusal_names_what_was_expected(self):
        for v in self.vectors:
            right = bytes.fromhex(v.facts["report_data"])
            a = v.verifier.verify(v.evidence, collateral=v.collateral, at=v.at,
                                  **{**UNCHECKED, "report_data": [b"\x55" * len(right), right]})
            self.assertIs(a.verdict, ward.Verdict.ACCEPTED)
            a = v.verifier.verify(v.evidence, collateral=v.collateral, at=v.at,
                                  **{**UNCHECKED, "report_data": b"\x55" * len(right)})
            self.assertEqual([c.id for c in a.problems], [f"{a.tee}.report_data.expected"])
            self.assertIs(a.problems[0].origin, ward.Origin.CALLER)
            self.assertIn("55" * 8, a.problems[0].expected)

    def test_each_demand_of_a_policy_is_heeded(self):
        tdx = next(v for v in self.vectors if ward.recognise(v.evidence) == "tdx")
        late = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)
        for demand, failed in (({}, []), ({"min_tcb_date": 0, "tolerate": {"intel-sa-00615": late}}, []),
                               ({"min_tcb_date": late}, ["tdx.tcb.date"]), ({"refuse_products": ["Turin"]}, []),
                               ({"accept_chips": [b"\1" * 16]}, ["tdx.chip.accepted"]),
                               ({"min_tcb_evaluation": 2**40}, ["tdx.tcb.evaluation_number"]),
                               ({"refuse_values": {"tdx.td_attributes.sept_ve_disable": ["true", "false"]}},
                                ["tdx.td_attributes.sept_ve_disable"])):
            policy = ward.Policy(allow_development=True, development_roots=[tdx.collateral["root_ca.pem"]], **demand)
            with ward.Verifier(policy) as verifier:
                a = verifier.verify(tdx.evidence, collateral=tdx.collateral, at=tdx.at, **UNCHECKED)
            self.assertEqual([c.id for c in a.problems], failed, demand)

    def test_a_policy_is_used_more_than_once(self):
        v = next(v for v in self.vectors if ward.recognise(v.evidence) == "tdx")
        root = v.collateral["root_ca.pem"]
        field = "tdx.td_attributes.sept_ve_disable"

        class Twice(collections.UserDict):
            def items(self):
                return [(Odd("a"), ["true"]), (Odd("a"), ["false"])]

        class Forgetful(ward.Policy):
            def __post_init__(self):
                pass

        for kind in (ward.Policy, Forgetful):
            for given, failed in (({"refuse_values": {field: iter(["true", "false"])}}, [field]),
                                  ({"accept_values": {field: (one for one in ["true", "false"])}}, []),
                                  ({"refuse_products": iter(["Turin"])}, []), ({"accept_tcb": iter(["UpToDate"])}, []),
                                  ({"accept_chips": iter([b"\1" * 16])}, ["tdx.chip.accepted"])):
                policy = kind(allow_development=True, development_roots=iter([root]), **given)
                for verifier in [ward.Verifier(policy) for _ in range(3)]:
                    a = verifier.verify(v.evidence, collateral=v.collateral, at=v.at, **UNCHECKED)
                    self.assertEqual([c.id for c in a.problems], failed, given)
        policy = ward.Policy(refuse_products=(one for one in ["Athens"]))
        for _ in range(2):
            with self.assertRaises(ward.UsageError):
                ward.Verifier(policy)
        refused, chip = {field: ["true"]}, bytearray(b"\1" * 16)
        policy = ward.Policy(refuse_values=refused, accept_chips=[chip])
        refused[field].clear()
        refused.clear()
        chip[:] = b"\2" * 16
        self.assertEqual(policy, ward.Policy(refuse_values={field: ("true",)}, accept_chips=(b"\1" * 16,)))
        with self.assertRaises(TypeError):
            policy.refuse_values[field] = ()
        for name in ("accept_values", "refuse_values"):  # neither list may be lost
            with self.assertRaises(ward.UsageError):
                ward.Policy(**{name: Twice()})
        for copied in (copy.copy(policy), copy.deepcopy(policy), pickle.loads(pickle.dumps(policy)), dataclasses.replace(policy)):
            self.assertEqual(copied, policy)

    def test_derived_classes_say_nothing_of_their_own(self):
        for v in self.vectors:
            for evidence in (Liar(v.evidence), memoryview(bytearray(b"".join(bytes([b, 0]) for b in v.evidence)))[::2]):
                self.assertIs(v.judge(evidence).verdict, ward.Verdict.ACCEPTED)
                self.assertEqual(ward.recognise(evidence), ward.recognise(v.evidence))
                self.assertEqual(ward.needs(evidence), ward.needs(v.evidence))
            self.assertIs(v.judge(v.evidence, {Odd(k): Liar(d) for k, d in v.collateral.items()}).verdict,
                          ward.Verdict.ACCEPTED)
            changing, right = bytearray(v.evidence), bytes.fromhex(v.facts["report_data"])

            def documents():
                changing.clear()  # which a view of it would forbid
                yield from v.collateral.items()

            for expected in (Liar(right), [Liar(right)], (bytearray(right) for _ in range(2))):
                changing[:] = v.evidence
                a = v.verifier.verify(changing, collateral=documents(), at=Far(v.at.timestamp()),
                                      **{**UNCHECKED, "report_data": expected})
                self.assertIs(a.verdict, ward.Verdict.ACCEPTED)
        for text in ("OutOfDate\0x", "\udcff"):
            with self.assertRaises(ward.UsageError):
                ward.Verifier(ward.Policy(accept_tcb=[Odd(text)]))
        ward.Verifier(ward.Policy(name=Odd("p"), accept_tcb=[Odd("OutOfDate")], min_tcb_evaluation=Far(5)))
        with self.assertRaises(ward.UsageError):
            ward.Verifier(ward.Policy(min_tcb_evaluation=Far(2**64)))
        released = memoryview(v.evidence)
        released.release()
        with self.assertRaises(ward.UsageError):
            v.judge(released)

    def test_a_class_that_pretends_is_a_wrong_type(self):
        def pretends(to):
            return type("Pretender", (), {"__class__": property(lambda self: to)})()

        v = self.vectors[0]
        for kind in (bytes, bytearray, memoryview):
            with self.assertRaises(TypeError):
                v.judge(pretends(kind))
        for policy in ({"name": pretends(str)}, {"min_tcb_evaluation": pretends(int)}, {"allow_debug": pretends(bool)},
                       {"accept_tcb": [pretends(str)]}, {"accept_chips": [pretends(bytes)]}):
            with self.assertRaises(TypeError):
                ward.Verifier(ward.Policy(**policy))
        with self.assertRaises(TypeError):
            v.verifier.verify(v.evidence, at=v.at, **{**UNCHECKED, "report_data": pretends(ward.Unchecked)})

    def test_a_verifier_is_copied_as_itself_and_never_pickled(self):
        v = self.vectors[0]
        for copied in (copy.copy(v.verifier), copy.deepcopy(v.verifier), copy.deepcopy(v).verifier):
            del copied
            gc.collect()
            self.assertIs(v.judge(v.evidence).verdict, ward.Verdict.ACCEPTED)
        self.assertIs(copy.deepcopy({"a": [v.verifier]})["a"][0], v.verifier)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for one in (v.verifier, [v.verifier], vars(v.verifier)):
                with self.assertRaisesRegex(TypeError, "cannot be pickled: pickle its ward.Policy"):
                    pickle.dumps(one, protocol)
        for clone in (copy.copy, copy.deepcopy):
            with self.assertRaisesRegex(TypeError, "cannot be pickled"):
                [clone(one) for one in vars(v.verifier).values()]
        a = v.judge(v.evidence)  # which owns nothing of the library's
        self.assertEqual(pickle.loads(pickle.dumps(copy.deepcopy(a))), a)

    def test_threads_share_a_verifier_that_is_closed_meanwhile(self):
        for v in self.vectors[:2]:
            verifier = ward.Verifier(ward.Policy(allow_development=True, development_roots=[v.collateral["root_ca.pem"]]))

            def judge(i):
                if i == 40:
                    verifier.close()
                try:
                    return verifier.verify(v.evidence, collateral=v.collateral, at=v.at, **UNCHECKED).verdict
                except ward.UsageError as error:
                    return str(error)

            with concurrent.futures.ThreadPoolExecutor(64) as pool:
                found = set(pool.map(judge, range(64)))
            self.assertLessEqual(found, {ward.Verdict.ACCEPTED, "the verifier is closed"})
            with self.assertRaises(ward.UsageError):
                verifier.verify(v.evidence, at=v.at, **UNCHECKED)

    def test_ten_thousand_verifiers_leave_nothing_behind(self):
        def resident():
            return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096

        v = self.vectors[0]

        def use():
            with ward.Verifier(ward.Policy(allow_development=True)) as verifier:
                try:
                    verifier.verify(b"\0", at=v.at, **UNCHECKED)
                except ward.UnknownEvidenceError:
                    pass

        for _ in range(500):
            use()
        before = resident()
        for _ in range(10000):
            use()
        self.assertLess(resident() - before, 4 << 20)


if __name__ == "__main__":
    TEES = pathlib.Path(sys.argv.pop())
    unittest.main()
