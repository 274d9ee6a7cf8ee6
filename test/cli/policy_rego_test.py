#!/usr/bin/env python3
"""`ward policy check` and `ward policy test` with policies in Rego, by what they print and their exit codes."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

WARD = os.environ["WARD_PROGRAM"]
PATIENCE_S = 60

RELEASE = """package policy

default allow = false

allow {
  data.plugin == "resource"
  input.submods.cpu0["ear.status"] == "affirming"
}
"""
CLAIMS = """package policy
import rego.v1
default hardware := 97
hardware := 2 if input.measurement in query_reference_value("m")
trust_claims := {"hardware": hardware}
extensions := {"at": time.now_ns()}
"""
LOOP = "package policy\nten := [0,1,2,3,4,5,6,7,8,9]\nallow if {\n" + "".join(
    f"  some {name} in ten\n" for name in "abcdefgh") + "  a + b + c + d + e > 100\n}\n"


class Rego(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def ward(self, *words, code):
        done = subprocess.run([WARD, "policy", *words], capture_output=True, text=True, timeout=PATIENCE_S,
                              cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def write(self, name, text):
        (self.folder / name).write_text(text if isinstance(text, str) else json.dumps(text))

    def cases(self, policy, *cases):
        self.write("policy.rego", policy)
        self.write("cases.json", {"schema": "ward.policy-cases/1", "policy": "policy.rego",
                                  "cases": [{"name": f"case {i}", **case} for i, case in enumerate(cases)]})

    def test_check_says_what_a_policy_is(self):
        self.write("release.rego", RELEASE)
        self.write("claims.rego", CLAIMS)
        out, _ = self.ward("check", "release.rego", "claims.rego", code=0)
        self.assertEqual(out, "release.rego: valid\n  contract  release\n  syntax    v0\n  rules     allow\n"
                              "  built-ins none\n"
                              "claims.rego: valid\n  contract  trust claims, trust rules\n  syntax    v1\n"
                              "  rules     extensions, hardware, trust_claims\n"
                              "  built-ins query_reference_value, time.now_ns\n")

    def test_check_names_file_line_and_column(self):
        self.write("good.rego", RELEASE)
        self.write("bad.rego", "package policy\nallow if {\n  http.send({})\n  rand.intn(\"a\", 2) == 1\n}\n")
        out, err = self.ward("check", "good.rego", "bad.rego", code=2)
        self.assertIn("good.rego: valid", out)
        self.assertEqual([line.split("`")[0] for line in err.splitlines()],
                         ["ward: error: bad.rego:3:3: ", "ward: error: bad.rego:4:3: "])
        told = json.loads(self.ward("check", "bad.rego", "--json", code=2)[0])
        self.assertEqual([(e["line"], e["column"]) for e in told["policies"][0]["errors"]], [(3, 3), (4, 3)])

    def test_check_of_both_kinds(self):
        self.write("good.rego", RELEASE)
        self.write("policy.json", {"schema": "ward.evidence-policy/1", "runtimes": []})
        self.assertEqual(self.ward("check", "policy.json", "--for", "evidence", code=0)[0], "valid\n")
        self.ward("check", "good.rego", "--for", "evidence", code=2)
        self.ward("check", "good.rego", "policy.json", "--for", "evidence", code=2)
        self.ward("check", "absent.rego", code=3)

    def test_cases_that_are_answered_as_wanted(self):
        status = {"submods": {"cpu0": {"ear.status": "affirming"}}}
        self.cases(RELEASE, {"input": status, "data": {"plugin": "resource"}, "want": {"allow": True}},
                   {"input": status, "data": {"plugin": "other"}, "want": {"allow": False}},
                   {"data": {"plugin": "other"}, "want": {"refused": 'data.plugin is "other"'}})
        self.assertEqual(self.ward("test", "cases.json", code=0)[0],
                         "ok      case 0\nok      case 1\nok      case 2\n3 passed, 0 failed\n")

    def test_cases_of_claims(self):
        values = {"m": ["aa"]}
        self.cases(CLAIMS,
                   {"input": {"measurement": "aa"}, "reference_values": values, "now": "2026-01-01T00:00:00Z",
                    "want": {"claims": {"hardware": 2}, "extensions": {"at": 1767225600000000000}}},
                   {"input": {"measurement": "bb"}, "reference_values": values, "want": {"claims": {"hardware": 97}}},
                   {"input": {"measurement": "aa"}, "want": {"claims": {"hardware": 2}}})
        out, _ = self.ward("test", "cases.json", code=1)
        self.assertEqual(out, 'ok      case 0\nok      case 1\nFAILED  case 2\n        wanted {"hardware": 2}, got '
                              '{"hardware":97}\n        policy.rego:4:18: hardware: input.measurement in query_reference_value("m") is '
                              'undefined (input.measurement is "aa", query_reference_value("m") is undefined)\n'
                              '        reference value m: there is none, or its time is over\n2 passed, 1 failed\n')

    def test_a_difference_names_expression_and_value(self):
        self.cases(RELEASE, {"input": {"submods": {"cpu0": {"ear.status": "warning"}}}, "data": {"plugin": "resource"},
                             "want": {"allow": True}})
        out, _ = self.ward("test", "cases.json", code=1)
        self.assertEqual(out.splitlines()[2],
                         '        policy.rego:7:3: allow: input.submods.cpu0["ear.status"] == "affirming" is false '
                         '(input.submods.cpu0["ear.status"] is "warning")')

    def test_a_policy_over_its_limit_is_undetermined(self):
        self.cases(LOOP, {"want": {"undetermined": True}}, {"want": {"allow": False}}, {"want": {"refused": ""}})
        out, _ = self.ward("test", "cases.json", code=1)
        self.assertEqual([line for line in out.splitlines() if not line.startswith(" ")],
                         ["ok      case 0", "FAILED  case 1", "FAILED  case 2", "1 passed, 2 failed"])

    def test_a_policy_in_json_says_itself_what_it_is_for(self):
        self.write("evidence.json", {"schema": "ward.evidence-policy/1", "runtimes": []})
        self.write("results.json", {"schema": "ward.results-policy/1", "releases": []})
        self.assertEqual(self.ward("check", "evidence.json", "results.json", code=0)[0], "valid\n")
        self.assertIn("line 1", self.ward("check", "evidence.json", "--for", "results", code=2)[1])
        for text in ({"schema": "ward.results-policy/2"}, {}, [], {"schema": 1}, "{"):
            self.write("other.json", text)
            self.assertTrue(self.ward("check", "other.json", code=2)[1].startswith("ward: error: other.json: "), text)
        self.ward("check", "absent.json", code=3)

    def test_files_that_are_not_cases(self):
        self.write("policy.rego", RELEASE)
        good = {"schema": "ward.policy-cases/1", "policy": "policy.rego",
                "cases": [{"name": "a", "want": {"allow": True}}]}
        for change in ({"schema": "x"}, {"policy": 1}, {"policy": ""}, {"cases": []}, {"cases": [{}]}, {"more": 1},
                       {"cases": [{"name": "a"}]}, {"cases": [{"want": {"allow": True}}]},
                       {"cases": [{"name": "a", "want": {"allow": 1}}]}, {"cases": [{"name": "a", "want": {}}]},
                       {"cases": [{"name": "a", "want": {"allow": True, "claims": {}}}]},
                       {"cases": [{"name": "a", "want": {"extensions": {}}}]},
                       {"cases": [{"name": "a", "want": {"claims": []}}]},
                       {"cases": [{"name": "a", "want": {"undetermined": False}}]},
                       {"cases": [{"name": "a", "want": {"other": 1}}]},
                       {"cases": [{"name": "a", "now": "yesterday", "want": {"allow": True}}]},
                       {"cases": [{"name": "a", "data": [], "want": {"allow": True}}]},
                       {"cases": [{"name": "a", "more": 1, "want": {"allow": True}}]}):
            self.write("cases.json", {**good, **change})
            _, err = self.ward("test", "cases.json", code=2)
            self.assertTrue(err.startswith("ward: error: cases.json: line "), (change, err))
            self.assertEqual(err.count("expected"), 1, err)
        self.write("cases.json", {**good, "policy": "absent.rego"})
        self.ward("test", "cases.json", code=3)


def has_engine():
    """has_engine is whether this build evaluates Rego."""
    with tempfile.TemporaryDirectory() as name:
        file = pathlib.Path(name) / "p.rego"
        file.write_text(RELEASE)
        done = subprocess.run([WARD, "policy", "check", file], capture_output=True, timeout=PATIENCE_S, check=False)
    return done.returncode != 3


if __name__ == "__main__":
    if not has_engine():
        if "engines" in os.environ.get("WARD_REQUIRE", ""):
            sys.exit("WARD_REQUIRE=engines, but there is no regorus")
        print("skipped: built without regorus")
        sys.exit(0)
    unittest.main()
