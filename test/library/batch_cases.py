"""batch_cases.py TEE-FOLDER: batches through the installed Python package: what verify says of each job, and what is wrong
with a job is its own; never a crash, never an acceptance of what verify does not accept."""
import concurrent.futures
import copy
import dataclasses
import datetime
import json
import pathlib
import pickle
import random
import sys
import unittest
from unittest import mock

import ward

sys.path.append(str(pathlib.Path(__file__).parent))  # isolated Python leaves it out
import vector_files  # noqa: E402


class Liar(bytes):
    def __len__(self):
        return 4 << 20

    def __bytes__(self):
        return b"another"


class Far(int):
    def __index__(self):
        return 2**70


class Forgetful(ward.Job):
    def __post_init__(self):
        pass


def without_explanation(appraisal):
    members = json.loads(appraisal.json)
    members.pop("materials", None)
    members.pop("advice", None)
    return dataclasses.replace(appraisal, _explanation=None, json=members)


class Batch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.evidence, cls.facts, cls.signed, cls.collateral, roots = [], [], [], [], []
        for folder in sorted(p.parent for p in TEES.glob("*/testdata/valid/*/case.txt")):
            if folder.parts[-4] == "azure":
                continue  # its virtual TPM would be compared with the event log of another
            cls.facts.append(vector_files.facts(folder))
            cls.signed.append(vector_files.some_signed(folder))
            for path in sorted(folder.iterdir()):
                if path.name == "evidence":
                    cls.evidence.append(path.read_bytes())
                elif path.name != "case.txt":
                    cls.collateral.append((path.name, path.read_bytes()))
            roots.append((folder / "root_ca.pem").read_bytes())
        assert len(cls.evidence) > 2
        cls.policy = ward.Policy(allow_development=True, development_roots=roots)

    def at(self, i):
        return datetime.datetime.strptime(self.facts[i]["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)

    def job(self, i, kind=ward.Job, **other):
        given = {"evidence": self.evidence[i], "at": self.at(i), "report_data": ward.UNCHECKED, "measurement": ward.UNCHECKED,
                 "workload": ward.UNCHECKED}
        return kind(**{**given, **other})

    def crowd(self):
        """crowd is every vector right, altered at one place and at two, with other report data, and a century late."""
        random.seed(5)
        for i, evidence in enumerate(self.evidence):
            right = bytes.fromhex(self.facts[i]["report_data"])
            altered = bytearray(evidence)
            altered[self.signed[i]] ^= 4
            yield self.job(i, report_data=[b"\x55" * len(right), right])
            yield self.job(i, evidence=bytes(altered))
            altered[self.signed[i] + 1] ^= 4
            yield self.job(i, evidence=bytes(altered))
            yield self.job(i, report_data=b"\x55" * len(right))
            yield self.job(i, at=self.at(i) + datetime.timedelta(days=36525))

    def alone(self, job):
        return ward.Verifier(self.policy).verify(job.evidence, collateral=self.collateral, at=job.at, report_data=job.report_data,
                                                 measurement=job.measurement, workload=job.workload)

    def test_each_job_is_answered_in_its_place_and_as_alone(self):
        want = [without_explanation(self.alone(job)) for job in self.crowd()]
        for i, a in enumerate(want):
            if i % 5 < 4:  # the last is late: accepted where nothing ends
                self.assertEqual(a.verdict is ward.Verdict.ACCEPTED, i % 5 == 0, i)
        for remember in (0, 1, 50):
            with ward.Verifier(self.policy, remember=remember) as verifier:
                for threads in (0, 1, 8):
                    found = verifier.verify_all(self.crowd(), self.collateral, threads)
                    self.assertEqual([dataclasses.replace(a, json=json.loads(a.json)) for a in found], want)

    def test_an_explanation_is_refused_with_what_to_do(self):
        found = ward.Verifier(self.policy).verify_all([self.job(0)], self.collateral)[0]
        with self.assertRaisesRegex(ward.UsageError, "a batch does not record") as caught:
            found.explanation
        self.assertIn("Verifier.verify", caught.exception.hint)
        self.assertIn("accepted", self.alone(self.job(0)).explanation)
        for copied in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            self.assertEqual(copied, found)

    def test_of_nothing_is_nothing(self):
        for jobs in ([], (), iter([])):
            self.assertEqual(ward.Verifier(self.policy, remember=3).verify_all(jobs, self.collateral), [])

    def test_what_is_wrong_with_a_job_is_its_own_error(self):
        wrong = [(dict(evidence=b""), ward.EmptyEvidenceError), (dict(evidence=b"hello"), ward.UnknownEvidenceError),
                 (dict(evidence=bytes((4 << 20) + 1)), ward.LimitError), (dict(at=-1), ward.UsageError),
                 (dict(at=2**70), ward.UsageError), (dict(at=datetime.datetime(2024, 1, 1)), ward.UsageError),
                 (dict(at=253402300800), ward.UsageError), (dict(report_data=[]), ward.UsageError),
                 (dict(report_data=b"\1" * 5), ward.UsageError), (dict(workload=b""), ward.UsageError),
                 (dict(measurement=b"x" * 2000), ward.LimitError)]
        jobs = []
        for other, _ in wrong:
            jobs += [self.job(0, **other), self.job(1)]
        for threads in (1, 8):
            found = ward.Verifier(self.policy).verify_all(jobs, self.collateral, threads)
            for i, (other, kind) in enumerate(wrong):
                self.assertIs(type(found[2 * i]), kind, other)
                self.assertTrue(str(found[2 * i]) and found[2 * i].hint)
                self.assertIs(found[2 * i + 1].verdict, ward.Verdict.ACCEPTED)

    def test_wrong_types(self):
        verifier = ward.Verifier(self.policy)
        for jobs in (None, 5, "text", b"bytes", [b"bytes"], [None], {"a": self.job(0)}, self.job(0), [ward.Job]):
            with self.assertRaises(TypeError):
                verifier.verify_all(jobs, self.collateral)
        for threads in (None, "1", True, 1.0):
            with self.assertRaises(TypeError):
                verifier.verify_all([self.job(0)], self.collateral, threads)
        for threads in (-1, 2**32):
            with self.assertRaises(ward.UsageError):
                verifier.verify_all([self.job(0)], self.collateral, threads)
        with self.assertRaises(ward.LimitError):
            verifier.verify_all([self.job(0)], self.collateral, 1025)
        with self.assertRaises(TypeError):
            verifier.verify_all([self.job(0)], 5)
        for other in ({"evidence": None}, {"evidence": "text"}, {"at": None}, {"at": True}, {"report_data": "aa"},
                      {"measurement": [5]}, {"workload": {"a": b"b"}}):
            with self.assertRaises(TypeError):
                self.job(0, **other)
            with self.assertRaises(TypeError):
                verifier.verify_all([self.job(0, kind=Forgetful, **other)], self.collateral)
        with self.assertRaises(TypeError):
            ward.Job(self.evidence[0], self.at(0))  # nothing is unchecked silently
        for remember, kind in (("5", TypeError), (True, TypeError), (-1, ward.UsageError), (10**7, ward.LimitError), (2**64, ward.UsageError)):
            with self.assertRaises(kind):
                ward.Verifier(self.policy, remember=remember)

    def test_hostile_values_are_taken_as_they_are(self):
        verifier = ward.Verifier(self.policy, remember=10)
        right = bytes.fromhex(self.facts[0]["report_data"])
        changing = bytearray(self.evidence[0])
        jobs = [self.job(0, evidence=changing, report_data=(one for one in [b"\x55" * len(right), right])),
                self.job(0, evidence=Liar(self.evidence[0]), report_data=Liar(right)),
                self.job(0, at=Far(self.at(0).timestamp())),
                self.job(0, kind=Forgetful, evidence=memoryview(self.evidence[0]), report_data=[Liar(right)])]
        changing[:] = b"changed"
        for _ in range(2):  # no iterator is used up
            for found in verifier.verify_all(iter(jobs), self.collateral, 4):
                self.assertIs(found.verdict, ward.Verdict.ACCEPTED)
        with self.assertRaises(dataclasses.FrozenInstanceError):
            jobs[0].at = 5
        for copied in (copy.deepcopy(jobs[0]), pickle.loads(pickle.dumps(jobs[0]))):
            self.assertEqual(copied, jobs[0])
        released = memoryview(self.evidence[0])
        released.release()
        with self.assertRaises(ward.UsageError):
            self.job(0, evidence=released)

    def test_what_is_raised_reaches_the_caller_when_all_threads_have_ended(self):
        class Stop(BaseException):
            pass

        def jobs():
            yield self.job(0)
            raise Stop

        verifier = ward.Verifier(self.policy)
        with self.assertRaises(Stop):
            verifier.verify_all(jobs(), self.collateral)
        for threads in (1, 8):
            with mock.patch("ward._verify._appraisal", side_effect=Stop), self.assertRaises(Stop):
                verifier.verify_all(list(self.crowd()), self.collateral, threads)
        self.assertIs(verifier.verify_all([self.job(0)], self.collateral)[0].verdict, ward.Verdict.ACCEPTED)

    def test_threads_share_a_verifier_that_is_closed_meanwhile(self):
        verifier = ward.Verifier(self.policy, remember=2)

        def judge(i):
            if i == 10:
                verifier.close()
            try:
                return tuple(a.verdict for a in verifier.verify_all([self.job(k) for k in range(3)], self.collateral, 4))
            except ward.UsageError as error:
                return str(error)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            found = set(pool.map(judge, range(16)))
        self.assertLessEqual(found, {(ward.Verdict.ACCEPTED,) * 3, "the verifier is closed"})
        with self.assertRaises(ward.UsageError):
            verifier.verify_all([], self.collateral)


if __name__ == "__main__":
    TEES = pathlib.Path(sys.argv.pop())
    unittest.main()
