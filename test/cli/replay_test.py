#!/usr/bin/env python3
"""ward policy replay and ward appraisal, against a running wardd with a development platform's evidence."""
import json
import shutil
import unittest

from service import WARD, Service, told, ward


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.end)
        probe = cls.service.folder / "probe"
        ward("attest", "--tee", "soft-sgx", "--device", cls.service.device, "--report-data", "00" * 64, "-o", probe)
        claims = json.loads(ward("inspect", probe, "--json"))["claims"]
        cls.runtime = claims["mr_enclave"]
        cls.good = cls.service.policy("good", runtimes=[cls.runtime])
        ward("policy", "set", cls.good, "--for", "evidence", *cls.service.to)
        status, _ = cls.service.attest()
        assert status == 200, status

    def to(self):
        return self.service.to

    def test_a_candidate_that_would_shut_a_guest_out_says_so_and_why(self):
        other = self.service.policy("other", runtimes=["00" * 32])
        words = ["policy", "replay", "--candidate", other, "--for", "evidence", *self.to()]
        out = told(ward(*words, "--json"))
        self.assertGreaterEqual(out["replayed"], 1)
        change = out["changes"][0]
        self.assertEqual((change["change"], change["access"], change["tee"]), ("loses", "result", "sgx"))
        reason = change["reasons"][0]
        self.assertEqual(reason["id"], "sgx.measurement.expected")
        self.assertEqual(reason["found"], self.runtime)
        text = ward(*words)
        self.assertIn("sgx loses result", text)
        self.assertIn("sgx.measurement.expected: found " + self.runtime, text)
        self.assertRegex(text, r"\d+ replayed, 0 not; accesses: 0 gained, \d+ lost\n$")

    def test_the_policy_in_force_changes_nothing(self):
        out = told(ward("policy", "replay", "--candidate", self.good, "--for", "evidence", *self.to(), "--json"))
        self.assertEqual(out["changes"], [])
        later = ward("policy", "replay", "--candidate", self.good, "--for", "evidence", "--since", "2100-01-01T00:00:00Z", *self.to())
        self.assertEqual(later, "0 replayed, 0 not; accesses: 0 gained, 0 lost\n")

    def test_a_results_policy_that_would_grant_names_the_resource(self):
        path = self.service.folder / "results"
        workload = told(ward("appraisal", "repeat", self.first(), *self.to(), "--json"))["claims"]["config_id"]
        release = {"resources": ["key/one"], "workloads": [workload], "runtimes": [self.runtime], "allow_development": True}
        path.write_text(json.dumps({"schema": "ward.results-policy/1", "releases": [release]}))
        secret = self.service.folder / "secret"
        secret.write_text("the key")
        ward("secret", "put", "hospital/key/one", "--file", secret, *self.to())
        words = ["policy", "replay", "--candidate", path, "--for", "results", *self.to(), "--json"]
        out = told(ward(*words, "--repository", "hospital"))
        self.assertEqual({(c["change"], c["access"]) for c in out["changes"]}, {("gains", "hospital/key/one")})
        ward(*words, code=2)
        ward("secret", "put", "hospital/key/one", "--file", secret, "--lease", "60", *self.to())
        lease = self.lease_of(path, release)
        none = self.service.folder / "none"
        none.write_text(json.dumps({"schema": "ward.results-policy/1", "releases": []}))
        ward("policy", "set", none, "--for", "results", "--repository", "hospital", *self.to())
        ward("lease", "revoke", lease, *self.to())
        changes = [c for c in told(ward(*words, "--repository", "hospital"))["changes"] if c["workload"] == release["workloads"][-1]]
        self.assertEqual([(c["change"], c["withheld"][0]["id"]) for c in changes], [("gains", "kbs.lease.unrevoked")])
        text = ward(*words[:-1], "--repository", "hospital")
        self.assertIn("\n  but: kbs.lease.unrevoked: found revoked at ", text)
        self.assertRegex(text, r" 0 lost; \d+ withheld all the same\n$")

    def lease_of(self, path, release):
        """lease_of lets the guest have the resource of a release, and returns the lease that it got."""
        status, quote = self.service.attest()
        self.assertEqual(status, 200)
        release["workloads"].append(told(ward("inspect", quote, "--json"))["claims"]["config_id"])
        path.write_text(json.dumps({"schema": "ward.results-policy/1", "releases": [release]}))
        ward("policy", "set", path, "--for", "results", "--repository", "hospital", *self.to())
        status, answer = self.service.resource("hospital/" + release["resources"][0])
        self.assertEqual(status, 200, answer)
        return told(ward("lease", "list", *self.to(), "--json"))["leases"][0]["id"]

    def first(self):
        return told(ward("appraisal", "list", *self.to(), "--json"))["appraisals"][0]["id"]

    def test_an_appraisal_is_repeated_as_of_any_time(self):
        line = ward("appraisal", "list", *self.to()).splitlines()[0]
        self.assertRegex(line, r"^[0-9a-f]{16}-[0-9a-f]{16} 20.* sgx accepted$")
        again = told(ward("appraisal", "repeat", self.first(), *self.to(), "--json"))
        self.assertEqual(again["verdict"], "accepted")
        ward("appraisal", "repeat", self.first(), "--at", "now", "--collateral", "now", *self.to())
        ward("appraisal", "repeat", self.first(), "--collateral", self.service.state / "collateral", *self.to())
        late = ward("appraisal", "repeat", self.first(), "--at", "2190-01-01T00:00:00Z", *self.to(), code=1)
        self.assertIn("not_after", late)
        empty = self.service.folder / "empty"
        empty.mkdir(exist_ok=True)
        (empty / "nothing.pem").write_text("nothing")
        ward("appraisal", "repeat", self.first(), "--collateral", empty, *self.to(), code=3)

    def test_a_record_is_shown_without_what_names_the_machine(self):
        told_record = told(ward("appraisal", "show", self.first(), *self.to(), "--json"))
        self.assertEqual((told_record["verdict"], told_record["policy_kept"], told_record["collateral_kept"]), ("accepted", True, True))
        self.assertGreater(told_record["primary_evidence"]["size"], 1000)
        text = ward("appraisal", "show", self.first(), *self.to())
        self.assertIn(f"policy_version: {told_record['policy_version']}\n", text)
        self.assertIn("SHA-256 " + told_record["primary_evidence"]["sha256"], text)
        self.assertRegex(text, r'\nruntime_data: {"additional-evidence":"","nonce":"')
        ward("appraisal", "show", "0" * 16 + "-" + "0" * 16, *self.to(), code=3)

    def test_as_of_then_is_under_the_policy_of_then(self):
        first = self.first()
        version = told(ward("appraisal", "show", first, *self.to(), "--json"))["policy_version"]
        ward("policy", "set", self.service.policy("none", runtimes=["11" * 32]), "--for", "evidence", *self.to())
        try:
            then = ward("appraisal", "repeat", first, *self.to())
            self.assertIn(f", under policy good, version {version} (of then): accepted", then)
            now = ward("appraisal", "repeat", first, "--policy", "now", *self.to(), code=1)
            self.assertRegex(now, r", under policy none, version \d+ \(in force\): refused")
            again = told(ward("appraisal", "repeat", first, "--at", "now", *self.to(), "--json", code=1))
            self.assertEqual(again["policy"]["of"], "now")
            ward("appraisal", "repeat", first, "--at", "now", "--policy", "then", *self.to())
        finally:
            ward("policy", "set", self.good, "--for", "evidence", *self.to())

    def test_mistakes_are_usage_and_what_is_absent_is_3(self):
        for words in (("appraisal", "list", "--since", "yesterday"), ("appraisal", "repeat", self.first(), "--at", "then?"),
                      ("policy", "replay", "--candidate", self.good, "--for", "evidence", "--since", "x"),
                      ("policy", "replay", "--candidate", self.good, "--for", "evidence", "--at", "x"),
                      ("policy", "replay", "--candidate", WARD, "--for", "evidence")):
            ward(*words, *self.to(), code=2)
        ward("appraisal", "repeat", "0" * 16 + "-" + "0" * 16, *self.to(), code=3)

    def test_what_was_judged_with_other_collateral_is_judged_with_it_again(self):
        """The service lost its collateral; the appraisal of before is repeated with what it held then."""
        kept = self.first()
        self.service.stop()
        (self.service.state / "collateral").rename(self.service.state / "away")
        (self.service.state / "collateral").mkdir()
        shutil.copy(self.service.state / "tls.pem", self.service.state / "collateral")
        try:
            self.service.start()
            self.assertEqual(told(ward("appraisal", "repeat", kept, *self.to(), "--json"))["verdict"], "accepted")
            ward("appraisal", "repeat", kept, "--collateral", "now", *self.to(), code=3)
        finally:
            self.service.stop()
            shutil.rmtree(self.service.state / "collateral")
            (self.service.state / "away").rename(self.service.state / "collateral")
            self.service.start()


if __name__ == "__main__":
    unittest.main()
