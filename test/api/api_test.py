#!/usr/bin/env python3
"""ward's own API as its users see it: a running wardd, curl, and what `ward` makes of what the routes give."""
import json
import pathlib
import subprocess
import sys
import unittest

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
from service import BIN, PATIENCE_S, Service

SCHEMAS = HERE.parents[1] / "docs/schemas"
POLICY = {"schema": "ward.evidence-policy/1", "runtimes": ["00" * 32]}


def ward(*words, code=0):
    done = subprocess.run([BIN / "ward", *map(str, words)], capture_output=True, timeout=PATIENCE_S)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def as_published(told):
    jsonschema.validate(told, json.loads((SCHEMAS / (told["schema"].replace("/", "-") + ".json")).read_text()))
    return told


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.end)
        reply = cls.service.ask("POST", "/v1/policy/evidence", POLICY)
        assert reply.status == 200, reply.body

    def ask(self, *words, **more):
        return self.service.ask(*words, **more)

    def refused(self, reply, status):
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(reply.headers["content-type"], "application/problem+json")
        told = reply.json()
        self.assertEqual(told["status"], status)
        self.assertLessEqual({"type", "title", "detail"}, told.keys())
        return told

    def test_every_error_is_problem_details(self):
        self.assertEqual(self.refused(self.ask("GET", "/v1/resources", token=False), 401)["checks"], ["kbs.admin.token"])
        self.assertEqual(self.ask("GET", "/v1/resources", token=False).headers["www-authenticate"], "Bearer")
        self.refused(self.ask("GET", "/v1/nothing"), 404)
        reply = self.ask("DELETE", "/v1/policy/evidence")
        self.refused(reply, 405)
        self.assertEqual(reply.headers["allow"], "GET, POST")
        self.assertIn("limit", self.refused(self.ask("GET", "/v1/resources?limit=0"), 400)["detail"])
        told = self.refused(self.ask("POST", "/v1/policy/evidence", {"schema": 1}), 400)
        self.assertIn("line 1", told["detail"])
        self.assertTrue(told["expected"])
        self.refused(self.ask("POST", "/v1/policy/evidence", b"x" * (3 << 20)), 413)

    def test_the_description_is_served_once(self):
        reply = self.ask("GET", "/v1/openapi.json", token=False)
        self.assertEqual(reply.json(), json.loads((HERE.parents[1] / "docs/api/openapi.json").read_text()))
        again = self.ask("GET", "/v1/openapi.json", token=False, headers=["If-None-Match: " + reply.headers["etag"]])
        self.assertEqual((again.status, again.body), (304, b""))

    def test_the_same_request_under_the_same_key_is_done_once(self):
        key = ['Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"']
        policy = {"schema": "ward.results-policy/1", "releases": []}
        first = self.ask("POST", "/v1/policy/results/once", policy, headers=key)
        before = self.service.leaves()
        again = self.ask("POST", "/v1/policy/results/once", policy, headers=key)
        self.assertEqual((first.status, first.body), (200, b'{"version":1}'))
        self.assertEqual((again.status, again.body), (200, first.body))
        self.assertEqual(self.service.leaves(), before)
        told = self.refused(self.ask("POST", "/v1/policy/results/other", policy, headers=key), 422)
        self.assertEqual(told["checks"], ["kbs.idempotency.request"])
        self.refused(self.ask("POST", "/v1/policy/results/once", policy, headers=["Idempotency-Key: bare"]), 400)

    def test_the_client_follows_the_pages(self):
        for number in range(3):
            (self.service.folder / "secret").write_text(f"secret {number}")
            ward("secret", "put", f"pages/key/{number}", "--file", self.service.folder / "secret", *self.service.admin)
        page = self.ask("GET", "/v1/resources?limit=2").json()
        self.assertEqual(page["next"], "pages/key/1")
        rest = self.ask("GET", "/v1/resources?limit=2&after=pages%2Fkey%2F1").json()
        self.assertEqual(([one["path"] for one in rest["resources"]], rest["next"]), (["pages/key/2"], ""))
        told = as_published(json.loads(ward("secret", "list", "--json", *self.service.admin)))
        self.assertEqual(len(told["resources"]), 3)
        as_published(json.loads(ward("policy", "list", "--json", *self.service.admin)))

    def test_the_ledger_is_audited_over_the_routes(self):
        key, admin = ["--key", self.service.ledger_key], self.service.admin
        kept = self.service.folder / "kept"
        kept.write_bytes(self.ask("GET", "/v1/ledger/checkpoint", token=False).body)
        self.ask("POST", "/v1/policy/evidence", POLICY)
        told = as_published(json.loads(ward("ledger", "audit", *key, *admin, "--checkpoint", kept, "--json")))
        self.assertTrue(told["whole"])
        self.assertEqual(told["size"], self.service.leaves())
        self.assertRegex(ward("ledger", "audit", *key, *admin), r"^whole: \d+ entries, root [0-9a-f]{64}\n$")
        local = ward("ledger", "verify", self.service.state / "wardd.db", *key, "--json")
        self.assertEqual(json.loads(local)["root"], told["root"])
        as_published(self.ask("GET", "/v1/ledger/entries?limit=1").json())
        as_published(self.ask("GET", "/v1/ledger/proof/inclusion?entry=0").json())
        as_published(self.ask("GET", "/v1/ledger/proof/consistency?from=1", token=False).json())

    def test_an_audit_refuses_what_another_ledger_signed(self):
        other = Service()
        self.addCleanup(other.end)
        other.ask("POST", "/v1/policy/evidence", POLICY)
        strange = self.service.folder / "strange"
        strange.write_bytes(other.ask("GET", "/v1/ledger/checkpoint", token=False).body)
        ward("ledger", "audit", "--key", self.service.ledger_key, *self.service.admin, "--checkpoint", strange, code=1)
        ward("ledger", "audit", "--key", other.ledger_key, *self.service.admin, code=1)
        ward("ledger", "audit", "--key", "x+y", *self.service.admin, code=2)

    def test_what_is_no_result_of_this_service_is_not_active(self):
        for body, form in ((b"token=a.b.c", "application/x-www-form-urlencoded"), ({"token": "a.b.c"}, "application/json"),
                           (b"token=" + self.service.token().encode(), "application/x-www-form-urlencoded")):
            reply = self.ask("POST", "/v1/token/introspect", body, headers=["Content-Type: " + form])
            self.assertEqual((reply.status, reply.json()), (200, {"active": False}))
        self.refused(self.ask("POST", "/v1/token/introspect", b"token=x", headers=["Content-Type: text/plain"]), 415)


if __name__ == "__main__":
    unittest.main()
