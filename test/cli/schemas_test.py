#!/usr/bin/env python3
"""Every JSON object that `ward` prints has a published schema, docs/cli.md names it, and it is as it says."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
SCHEMAS = ROOT / "docs/schemas"
PATIENCE_S = 60
NAME = re.compile(r'ward\.([a-z_-]+)/1')
READ = {"evidence-policy", "results-policy", "policy-cases", "reference-values"}  # documents that ward reads: docs/wardd.md, policies.md
# A claim of a token, as it was before; the data of a page; sealed rows of a store; what `ward login` keeps for itself.
INSIDE = {"ear-appraisal", "page", "archive", "policy-version", "login-file"}


def ward(*words, code=0):
    done = subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stderr.decode()}")
    return done.stdout.decode()


def check(text):
    """check validates one object by the schema that it names, and returns it."""
    told = json.loads(text)
    name = NAME.fullmatch(told["schema"]).group(1)
    jsonschema.validate(told, json.loads((SCHEMAS / f"ward.{name}-1.json").read_text()))
    return name, told


def printed_schemas():
    """printed_schemas are the names in the sources of what the programs print."""
    names = set()
    for folder, kinds in (("apps", ".cc"), ("src", ".cc"), ("src", ".h"), ("tee", ".h"), ("demo", ".py")):
        for path in (ROOT / folder).rglob("*" + kinds):
            if not path.name.endswith("_test.cc"):
                names |= set(re.findall(r'ward\.([a-z_-]+)/1\\?"', path.read_text()))
    return names - READ - INSIDE


class Schemas(unittest.TestCase):
    def test_every_object_has_a_schema_and_stands_in_the_table(self):
        names = printed_schemas()
        self.assertGreaterEqual(len(names), 25)
        self.assertEqual(names, {path.name[len("ward."):-len("-1.json")] for path in SCHEMAS.glob("*.json")})
        page = (ROOT / "docs/cli.md").read_text()
        for name in sorted(names):
            self.assertIn(f"`ward.{name}/1`", page)
            self.assertIn(f"(schemas/ward.{name}-1.json)", page)
            schema = json.loads((SCHEMAS / f"ward.{name}-1.json").read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            self.assertEqual(schema["properties"]["schema"], {"const": f"ward.{name}/1"})

    def test_what_needs_no_service(self):
        quote = ROOT / "tee/tdx/testdata/valid/tdx_4/evidence"
        snp = ROOT / "tee/snp/testdata/valid/turin_5_vcek"
        policy = '{"schema":"ward.evidence-policy/1","runtimes":[]}'
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "policy").write_text(policy)
            (folder / "plain").write_text("x")
            ward("key", "new", "--kind", "resource", "-o", folder / "key")
            ward("seal", folder / "plain", "--resource", "a/b/c", "--key", folder / "key")
            seen = [check(ward(*words))[0] for words in (
                ("checks", "--json"),
                ("advisories", "--json", "--since", "2026-01-01"),
                ("advisories", snp / "evidence", "--collateral", snp, "--trust-root", snp / "root_ca.pem", "--at",
                 "2026-09-22T14:13:20Z", "--json"),
                ("inspect", quote, "--json"),
                ("inspect", quote, "--json", "--layout"),
                ("inspect", folder / "plain.sealed", "--json"),
                ("inspect", folder / "plain.sealed", "--json", "--layout"),
                ("dev", "init", folder / "dev", "--json"),
                ("dev", "make", "--json"),
                ("dev", "make", "sgx-debug", folder / "debug", "--json"),
                ("policy", "check", folder / "policy", "--for", "evidence", "--json"),
                ("policy", "default", "--tee", "sgx", "--json"),
            )]
        self.assertEqual(seen, ["checks", "advisories", "advisories", "inspection", "inspection", "sealed-file",
                                "sealed-file-layout", "dev_init", "dev_cases", "dev_make", "policy-check", "policy-default"])
        composite = ward("verify", snp / "evidence", "--with", quote, "--json", code=1)  # of two machines
        self.assertEqual(check(composite)[0], "composite")

    def test_policies_in_rego(self):
        cases = {"schema": "ward.policy-cases/1", "policy": "good.rego",
                 "cases": [{"name": "a", "want": {"allow": True}}, {"name": "b", "want": {"allow": False}}]}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "good.rego").write_text("package policy\nallow := true\n")
            (folder / "bad.rego").write_text("package policy\nallow := walk(1)\n")
            (folder / "cases").write_text(json.dumps(cases))
            checked = subprocess.run([WARD, "policy", "check", "--json", folder / "good.rego", folder / "bad.rego"],
                                     capture_output=True, text=True, timeout=PATIENCE_S, check=False)
            if checked.returncode == 3 and "engines" not in os.environ.get("WARD_REQUIRE", ""):
                self.skipTest("built without regorus")
            self.assertEqual(check(checked.stdout)[0], "rego-check")
            self.assertEqual(check(ward("policy", "test", "--json", folder / "cases", code=1))[0], "policy-test")

    def test_a_schema_refuses_what_it_does_not_describe(self):
        told = json.loads(ward("checks", "--json"))
        with self.assertRaises(jsonschema.ValidationError):
            check(json.dumps({**told, "more": 1}))


class Service(unittest.TestCase):
    """What a running wardd answers, and its ledger."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-schemas-"))
        cls.state = cls.folder / "svc"
        wardd = WARD.parent / "wardd"
        made = subprocess.run([wardd, "init", cls.state, "--name", "wardd.test", "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        names = dict(line.split(maxsplit=1) for line in made.stdout.splitlines() if len(line.split()) == 2)
        cls.ledger_key = names["ledger_key"]
        cls.service = subprocess.Popen([wardd, "--config", cls.state / "wardd.toml"], stderr=subprocess.DEVNULL)
        address = cls.state / "wardd.address"
        end = time.monotonic() + PATIENCE_S
        while not (address.exists() and address.read_text().strip()):
            if time.monotonic() > end or cls.service.poll() is not None:
                cls.tearDownClass()
                raise AssertionError("wardd does not start")
            time.sleep(0.02)
        cls.to = ["--server", "https://" + address.read_text().strip(), "--server-key", names["server_key"],
                  "--admin", cls.state / "admin.key.pem", "--json"]

    @classmethod
    def tearDownClass(cls):
        cls.service.send_signal(signal.SIGTERM)
        cls.service.wait(PATIENCE_S)
        shutil.rmtree(cls.folder)

    def test_what_a_service_answers_and_its_ledger_follow_the_schemas(self):
        secret = self.folder / "secret"
        secret.write_text("the key")
        policy = self.folder / "policy"
        policy.write_text('{"schema":"ward.evidence-policy/1","runtimes":[],'
                          '"accepted_values":{"tdx.td_attributes.sept_ve_disable":[true]}}')
        seen = [check(ward(*words, *self.to))[0] for words in (
            ("secret", "put", "a/b/c", "--file", secret),
            ("secret", "get", "a/b/c"),
            ("secret", "get", "a/b/c", "-o", self.folder / "again"),
            ("secret", "put", "a/b/c", "--file", secret, "--expires", "2190-01-01T00:00:00Z", "--lease", "60", "--if-version", "1"),
            ("secret", "get", "a/b/c", "--version", "1"),
            ("secret", "versions", "a/b/c"),
            ("secret", "list"),
            ("lease", "list"),
            ("lease", "revoked"),
            ("secret", "delete", "a/b/c"),
            ("policy", "set", policy, "--for", "evidence"),
            ("policy", "list"),
            ("webhook", "add", "https://receiver.example/", "--kinds", "none"),
            ("webhook", "list"),
            ("incident", "open", "--chip", "ab" * 16),
            ("incident", "list"),
        )]
        self.assertEqual(seen, ["secret"] * 5 + ["versions", "resources", "leases", "revocations", "secret", "policy", "policies"]
                         + ["webhook", "webhooks", "incident", "incidents"])
        policy.write_text('{"schema":"ward.evidence-policy/1","runtimes":[],"accepted_values":{"tdx.rt_mr9":["00"]}}')
        self.assertEqual(check(ward("policy", "set", policy, "--for", "evidence", *self.to, code=2))[0], "error")
        store = next(self.state.glob("*.db"))
        self.assertEqual(check(ward("ledger", "verify", store, "--key", self.ledger_key, "--json"))[0], "ledger-audit")
        self.assertEqual(check(ward("ledger", "prove", "0", "--db", store, "--key", self.ledger_key))[0], "ledger-proof")
        lines = ward("ledger", "list", store).splitlines()
        self.assertGreaterEqual(len(lines), 5)
        self.assertEqual({check(line)[0] for line in lines}, {"ledger-entry"})


class DefaultPolicy(unittest.TestCase):
    """Each TEE's README holds what `ward policy default` prints, value by value."""

    def test_the_readmes_are_what_the_code_says(self):
        folders = sorted(path.parent for path in (ROOT / "tee").glob("*/scheme.h"))
        self.assertGreaterEqual(len(folders), 2)
        for folder in folders:
            with self.subTest(tee=folder.name):
                page = (folder / "README.md").read_text()
                begin, end = f"<!-- made by: ward policy default --tee {folder.name} -->\n", "<!-- end -->\n"
                self.assertIn(begin, page)
                block = page.split(begin, 1)[1].split(end, 1)[0]
                self.assertEqual(block, ward("policy", "default", "--tee", folder.name))

    def test_all_eight_claims_of_ar4si_are_told(self):
        told = json.loads(ward("policy", "default", "--tee", "sgx", "--json"))
        self.assertEqual(len({rule["claim"] for rule in told["result"]}), 8)


if __name__ == "__main__":
    unittest.main()
