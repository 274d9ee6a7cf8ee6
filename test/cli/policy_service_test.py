#!/usr/bin/env python3
"""Policies in Rego, their versions and reference values in a running wardd, by ward's commands and by Trustee's messages."""
import base64
import json
import subprocess
import time
import unittest

import jwt

from service import WARD, Service, told, ward, why_not

# Written to Trustee's contract, over the claims that its default policy for CPUs reads.
EVIDENCE = """package policy
import rego.v1

default executables := 33
default hardware := 97
default configuration := 36

trust_claims := {"executables": executables, "hardware": hardware, "configuration": configuration, "file-system": 0}

executables := 3 if {
    input.sgx
    input.sgx.body.mr_enclave in query_reference_value("mr_enclave")
}
hardware := 2 if {
    input.sgx
    input.sgx.header.att_key_data_0 == "00000000"
}
else := 2 if {
    input.sgx
    input.sgx.header.vendor_id == "939a7233f79c4ca9940a0db3957f0607"
}
configuration := 2 if {
    input.sgx
    input.sgx.debug == false
}

executables := 3 if {
    input.tdx
    input.tdx.quote.body.rtmr_1 in query_reference_value("rtmr_1")
    input.tdx.quote.body.mr_td in query_reference_value("mr_td")
}
hardware := 2 if {
    input.tdx
    input.tdx.quote.header.tee_type == "81000000"
    input.tdx.quote.header.vendor_id == "939a7233f79c4ca9940a0db3957f0607"
    input.tdx.tcb_status == "UpToDate"
    input.tdx.collateral_expiration_status == "0"
}
configuration := 2 if {
    input.tdx
    input.tdx.td_attributes.debug == false
    input.tdx.quote.body.xfam in query_reference_value("xfam")
}

extensions := [{"name": "ear.trustee.identifiers", "key": -18, "value": {"validated": {}}}]
"""
RESULTS = """package policy
import rego.v1
default allow := false
allow if {
    data.plugin == "resource"
    split(data["resource-path"], "/")[1] == "key"
    every name, submod in input.submods { submod["ear.trustworthiness-vector"].executables == 3 }
}
"""
BEYOND = ["--since", "2026-01-01T00:00:00Z"]


def url64(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


class PolicyService(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = service = Service()
        cls.addClassCleanup(service.end)
        cls.to = service.to
        cls.claims = {}
        for tee in ("sgx", "tdx"):
            probe = service.folder / ("probe-" + tee)
            ward("attest", "--tee", "soft-" + tee, "--device", service.device, "--report-data", "00" * 64, "-o", probe)
            cls.claims[tee] = json.loads(ward("inspect", probe, "--json"))["claims"]
        cls.evidence = service.folder / "evidence.rego"
        cls.evidence.write_text(EVIDENCE)
        cls.results = service.folder / "results.rego"
        cls.results.write_text(RESULTS)
        cls.secret = service.folder / "secret"
        cls.secret.write_text("the key")
        for path in ("hospital/key/records", "hospital/other/records"):
            ward("secret", "put", path, "--file", cls.secret, *cls.to)

    def setUp(self):
        """Each test begins with a policy that leaves all to Rego, no reference values, and Rego for the hospital's results."""
        base = self.service.policy("base", runtimes=[])
        ward("policy", "set", base, "--for", "evidence", *self.to)
        for one in told(ward("refval", "list", "--json", *self.to))["values"]:
            ward("refval", "remove", one["id"], *self.to)
        text = json.dumps({"schema": "ward.evidence-policy/1", "name": "all to Rego", "allow_development": True,
                           "rego": {"cpu": EVIDENCE}})
        whole = self.service.folder / "whole.json"
        whole.write_text(text)
        ward("policy", "set", whole, "--for", "evidence", *self.to)
        ward("policy", "set", self.results, "--for", "results", "--repository", "hospital", "--allow-development", *self.to)

    def know(self, tee):
        names = {"sgx": {"mr_enclave": "mr_enclave"}, "tdx": {"mr_td": "mr_td", "rtmr_1": "rt_mr1", "xfam": "xfam"}}[tee]
        for name, claim in names.items():
            ward("refval", "add", name, json.dumps([self.claims[tee][claim]]), *self.to)

    def admin(self, method, path, body):
        """admin sends Trustee's message with the administrator's token, made by PyJWT."""
        now = int(time.time())
        pem = (self.service.state / "admin.key.pem").read_text()
        claims = {"iss": "first", "aud": "urn:ward:wardd:" + self.service.server_key, "role": "administrator", "iat": now, "exp": now + 60}
        token = jwt.encode(claims, pem[pem.index("-----BEGIN PRIVATE"):], algorithm="EdDSA")
        return self.service.send(method, path, body, {"Authorization": "Bearer " + token, "Content-Type": "application/json"})

    def test_evidence_of_each_tee_is_accepted_by_the_reference_values_and_refused_without(self):
        for tee in ("sgx", "tdx"):
            status, _ = self.service.attest(tee)
            self.assertEqual(status, 401)
            self.assertIn("kbs.evidence.rego: ", self.service.reply["detail"])
            self.assertIn("executables is 33 (warning)", self.service.reply["detail"])
            self.know(tee)
            status, _ = self.service.attest(tee)
            self.assertEqual(status, 200, self.service.reply)
            status, body = self.service.resource("hospital/key/records")
            self.assertEqual(status, 200, body)
            status, body = self.service.resource("hospital/other/records")
            self.assertEqual(status, 401)
            self.assertRegex(body["detail"], r'^kbs\.release\.rego: .*policy\.rego:6:.*is "other"')

    def test_results_of_keys_of_every_kind_open_resources(self):
        self.know("sgx")
        tokens = []
        for algorithm in ("ES384", "EdDSA", "ES256"):
            self.service.stop()
            subprocess.run([WARD.parent / "wardd", "rotate", "--config", self.service.state / "wardd.toml", "--token-algorithm", algorithm],
                           capture_output=True, check=True, timeout=60)
            self.service.start()
            type(self).to = self.service.to
            self.assertEqual(self.service.attest()[0], 200)
            tokens.append((algorithm, self.service.reply["token"]))
        jwks = self.service.folder / "jwks.json"
        jwks.write_text(json.dumps(self.service.send("GET", "/.well-known/jwks.json", None, {})[1]))
        keys = jwt.PyJWKSet.from_json(jwks.read_text())
        for algorithm, token in tokens:
            head = jwt.get_unverified_header(token)
            self.assertEqual(head["alg"], algorithm)
            claims = jwt.decode(token, keys[head["kid"]].key, algorithms=[algorithm], issuer="wardd.test", audience="wardd.test")
            self.assertEqual(claims["submods"]["cpu0"]["ward.appraisal"]["verdict"], "accepted")
            # As a bearer's, too, which is verified anew.
            status, _ = self.service.send("GET", "/kbs/v0/resource/hospital/key/records", None, {"Authorization": "Bearer " + token})
            self.assertEqual(status, 200, algorithm)
            (self.service.folder / "token").write_text(token)
            ward("token", "verify", self.service.folder / "token", "--jwks", jwks, "--allow-development")

    def test_a_reference_value_counts_until_its_end(self):
        self.know("sgx")
        value = json.dumps([self.claims["sgx"]["mr_enclave"]])
        # One that is over already, or is no list where one is, takes no good value's place.
        ended = why_not("refval", "add", "mr_enclave", value, "--expires", "2020-01-01T00:00:00Z", *self.to)
        self.assertIn("kbs.reference_value.unexpired: ", ended)
        self.assertIn("kbs.reference_value.kind: ", why_not("refval", "add", "mr_enclave", '"aa"', *self.to))
        self.assertEqual(self.service.attest()[0], 200)
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        ward("refval", "add", "mr_enclave", value, "--expires", soon, *self.to)
        deadline = time.monotonic() + 60
        while "EXPIRED" not in ward("refval", "list", *self.to):
            self.assertLess(time.monotonic(), deadline)
        status, _ = self.service.attest()
        self.assertEqual(status, 401)
        detail = self.service.reply["detail"]
        self.assertRegex(detail, r"policy\.rego:[0-9]+:[0-9]+: executables: .*query_reference_value")
        self.assertIn("reference value mr_enclave: there is none, or its time is over", detail)
        ward("refval", "get", "mr_enclave", *self.to, code=3)

    def test_a_policy_goes_back_to_an_earlier_version(self):
        self.know("sgx")
        self.assertEqual(self.service.attest()[0], 200)
        history = told(ward("policy", "history", "--for", "evidence", "--json", *self.to))["versions"]
        good = history[0]["version"]
        self.assertTrue(history[0]["in_force"])
        nothing = self.service.policy("nothing", runtimes=[])
        ward("policy", "set", nothing, "--for", "evidence", *self.to)
        self.assertEqual(self.service.attest()[0], 401)
        said = ward("policy", "rollback", "--for", "evidence", "--to", good, *self.to)
        self.assertEqual(said, f"version {good + 2}\n")
        for words in (("set", nothing), ("rollback", "--to", good)):
            stale = why_not("policy", *words, "--for", "evidence", "--if-version", good, *self.to)
            self.assertIn("kbs.policy.in_force: ", stale)
        self.assertIn("kbs.policy.in_force: ", why_not("policy", "set", nothing, "--for", "evidence", "--if-version", 0, *self.to))
        self.assertEqual(self.service.attest()[0], 200)
        self.assertIn(f"version {good + 2}", ward("policy", "history", "--for", "evidence", *self.to).splitlines()[0])
        self.assertEqual(json.loads(ward("policy", "get", "--for", "evidence", "--version", good + 1, *self.to))["name"], "nothing")
        self.assertEqual(json.loads(ward("policy", "get", "--for", "evidence", *self.to))["name"], "all to Rego")
        ward("policy", "rollback", "--for", "evidence", "--to", "999999", *self.to, code=3)

    def test_rego_for_a_class_leaves_the_rest_of_the_policy(self):
        ward("policy", "set", self.evidence, "--for", "evidence", "--class", "gpu", *self.to)
        policy = json.loads(ward("policy", "get", "--for", "evidence", *self.to))
        self.assertEqual(policy["name"], "all to Rego")
        self.assertEqual(sorted(policy["rego"]), ["cpu", "gpu"])

    def test_a_candidate_in_rego_is_replayed(self):
        self.know("sgx")
        self.assertEqual(self.service.attest()[0], 200)
        strict = self.service.folder / "strict.rego"
        strict.write_text('package policy\nallow { input.submods.cpu0["ear.status"] == "affirming" }\n')
        out = told(ward("policy", "replay", "--candidate", strict, "--for", "results", "--repository", "hospital",
                        "--allow-development", "--json", *BEYOND, *self.to))
        losing = [one for one in out["changes"] if one["change"] == "loses" and one["access"] == "hospital/key/records"]
        self.assertTrue(losing, out)
        self.assertEqual(losing[-1]["reasons"][0]["id"], "kbs.release.rego")

    def test_trustees_messages_set_policies_and_reference_values(self):
        self.know("sgx")
        value = self.claims["sgx"]["mr_enclave"]
        ward("refval", "remove", "mr_enclave", *self.to)
        payload = base64.b64encode(json.dumps({"mr_enclave": [value]}).encode()).decode()
        message = json.dumps({"version": "0.1.0", "type": "sample", "payload": payload}).encode()
        self.assertEqual(self.admin("POST", "/kbs/v0/reference-value", message), (200, None))
        self.assertEqual(self.admin("GET", "/kbs/v0/reference-value/mr_enclave", None), (200, [value]))
        status, body = self.admin("GET", "/kbs/v0/reference-value/other", None)
        self.assertEqual(status, 404)
        self.assertTrue(body["type"].endswith("/RvpsError"))
        message = json.dumps({"type": "rego", "policy_id": "default_cpu", "policy": url64(EVIDENCE)}).encode()
        self.assertEqual(self.admin("POST", "/kbs/v0/attestation-policy", message), (200, None))
        self.assertEqual(self.service.attest()[0], 200)

        ward("secret", "put", "bank/key/one", "--file", self.secret, *self.to)
        allow = 'package policy\ndefault allow = false\nallow { data["resource-path"] == "bank/key/one" }\n'
        self.assertEqual(self.admin("POST", "/kbs/v0/resource-policy", json.dumps({"policy": url64(allow)}).encode()), (200, None))
        self.assertEqual(self.admin("GET", "/kbs/v0/resource-policy", None), (200, ["resource-policy"]))
        status, body = self.service.resource("bank/key/one")
        self.assertEqual(status, 401)  # a development platform: Trustee's message has no word for it
        self.assertIn("kbs.release.development", body["detail"])
        rule = self.service.folder / "bank.rego"
        rule.write_text(allow)
        ward("policy", "set", rule, "--for", "results", "--repository", "*", "--allow-development", *self.to)
        self.assertEqual(self.service.resource("bank/key/one")[0], 200)

        for path, wrong in (("attestation-policy", {"policy_id": "default_cpu", "policy": url64("package policy\nx {")}),
                            ("attestation-policy", {"policy_id": "mine", "policy": url64(EVIDENCE)}),
                            ("resource-policy", {"policy": "?"}), ("resource-policy", {}),
                            ("reference-value", {"version": "0.1.0", "type": "corim", "payload": "e30="})):
            status, body = self.admin("POST", "/kbs/v0/" + path, json.dumps(wrong).encode())
            self.assertEqual(status, 400, (path, wrong))
            self.assertRegex(body["detail"], r"^kbs\.message\.form: ")
        self.assertEqual(self.service.send("POST", "/kbs/v0/reference-value", b"{}", {})[0], 401)

    def test_what_does_not_fit_is_a_mistake_of_usage(self):
        faulty = self.service.folder / "faulty.rego"
        faulty.write_text("package policy\nallow { http.send({}) }\n")
        for words in (["policy", "set", faulty, "--for", "results", "--repository", "hospital"],
                      ["policy", "set", self.evidence, "--for", "results", "--repository", "hospital"],
                      ["policy", "set", self.evidence, "--for", "evidence", "--resource", "a/b"],
                      ["policy", "set", self.results, "--for", "results", "--repository", "hospital", "--class", "gpu"],
                      ["policy", "history", "--for", "results"], ["refval", "add", "a b", "1"],
                      ["refval", "add", "a", "{}"], ["refval", "add", "a", "1", "--expires", "soon"],
                      ["refval", "import", self.evidence]):
            ward(*words, *self.to, code=2)

    def test_reference_values_are_imported_and_printed(self):
        file = self.service.folder / "values.json"
        file.write_text(json.dumps({"schema": "ward.reference-values/1", "expires": "2100-01-01T00:00:00Z",
                                    "values": {"one": ["aa"], "two/three": True, "four": "text"}}))
        self.assertEqual(ward("refval", "import", file, *self.to), "3 values set\n")
        self.assertEqual(ward("refval", "list", *self.to).splitlines(),
                         ['four "text"  until 2100-01-01T00:00:00Z', 'one ["aa"]  until 2100-01-01T00:00:00Z',
                          "two/three true  until 2100-01-01T00:00:00Z"])
        self.assertEqual(told(ward("refval", "get", "two/three", "--json", *self.to))["values"][0]["value"], True)
        self.assertEqual(told(ward("refval", "remove", "one", "--json", *self.to)), {"schema": "ward.refval/1", "id": "one", "removed": True})
        ward("refval", "remove", "one", *self.to, code=3)


if __name__ == "__main__":
    unittest.main()
