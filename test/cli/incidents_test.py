#!/usr/bin/env python3
"""Incidents in a running wardd: a key that went to two machines, one of which is affected; then a workload, then an advisory."""
import base64
import hashlib
import json
import shutil
import subprocess
import time
import unittest
import urllib.parse

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service import Service, told, ward

PATH = "hospital/key/records"
# What `ward attest` starts has its report data in its manifest: each is a workload of its own.
ALLOW = "package policy\nimport rego.v1\ndefault allow := true\n"


class Incidents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = service = Service()
        cls.addClassCleanup(service.end)
        service.stop()
        # Another machine, of another make.
        cls.devices = [service.device, service.folder / "dev2"]
        ward("dev", "init", cls.devices[1])
        root = subprocess.run(["openssl", "x509", "-in", cls.devices[1] / "collateral/root_ca.pem", "-pubkey", "-noout"],
                              capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=root, capture_output=True, check=True).stdout
        config = service.state / "wardd.toml"
        config.write_text(config.read_text() + f'\n[[trust_root]]\nname = "dev2"\nspki_sha256 = "{hashlib.sha256(der).hexdigest()}"\n'
                          'development = true\n')
        shutil.copytree(cls.devices[1] / "collateral", service.state / "collateral/dev2")
        service.start()
        cls.facts = [cls.facts_of(device) for device in cls.devices]
        ward("policy", "set", service.policy("p", runtimes=sorted({one["runtime"] for one in cls.facts})), "--for", "evidence", *service.to)
        rules = service.folder / "rules"
        rules.write_text(json.dumps({"schema": "ward.results-policy/1", "releases": [
            {"resources": ["*"], "rego": ALLOW, "allow_development": True}]}))
        ward("policy", "set", rules, "--for", "results", "--repository", "hospital", *service.to)
        cls.secret = service.folder / "secret"
        cls.secret.write_text("the key")
        ward("secret", "put", PATH, "--file", cls.secret, *service.to)

    @classmethod
    def facts_of(cls, device):
        quote = cls.service.folder / "q"
        made = json.loads(ward("attest", "--tee", "soft-sgx", "--device", device, "--report-data", "00" * 64, "-o", quote, "--force", "--json"))
        claims = json.loads(ward("verify", quote, "--collateral", device / "collateral", "--trust-root", device / "root.pem",
                                 "--allow-development", "--report-data", "00" * 64, "--json"))["claims"]
        return {"runtime": made["launch_measurement"], "chip": claims["pck.ppid"]}

    def pages(self, name, limit):
        """pages asks for one page of a list after the other, with a token made by PyJWT."""
        now = int(time.time())
        pem = (self.service.state / "admin.key.pem").read_text()
        claims = {"iss": "first", "aud": "urn:ward:wardd:" + self.service.server_key, "role": "administrator", "iat": now, "exp": now + 300}
        token = jwt.encode(claims, pem[pem.index("-----BEGIN PRIVATE"):], algorithm="EdDSA")
        out, after = [], ""
        while True:
            path = f"/v1/{name}?limit={limit}" + (f"&after={urllib.parse.quote(after)}" if after else "")
            status, page = self.service.send("GET", path, None, {"Authorization": "Bearer " + token})
            self.assertEqual(status, 200, page)
            out.append(page[name])
            after = page["next"]
            if not after:
                return out

    def released(self, which, status=200, check=None):
        """released attests from a machine and asks for the key."""
        self.service.device = self.devices[which]
        got, _ = self.service.attest()
        if got == 200:
            got, reply = self.service.resource(PATH)
        else:
            reply = self.service.reply
        self.assertEqual(got, status, reply)
        if check:
            self.assertIn(check, reply["detail"])

    def open(self, *words, code=0):
        return told(ward("incident", "open", *words, *self.service.to, "--json", code=code))

    def marked(self):
        resources = told(ward("secret", "list", *self.service.to, "--json"))["resources"]
        return next(one["rotate"] for one in resources if one["path"] == PATH)

    def rollback(self, to):
        ward("policy", "rollback", "--for", "evidence", "--to", to, *self.service.to)

    def test_a_machine(self):
        self.assertNotEqual(self.facts[0]["chip"], self.facts[1]["chip"])
        self.released(0)
        self.released(1)
        chip = self.facts[0]["chip"]
        trial = self.open("--chip", chip)
        self.assertEqual((trial["id"], len(trial["releases"]), trial["rotate"], trial["unknown"]), ("", 1, [PATH], 0))
        self.released(0)
        made = self.open("--chip", chip, "--note", "its key leaked", "--apply")
        self.assertEqual((made["of"], len(made["releases"]), made["note"]), ("chip", 2, "its key leaked"))
        self.assertEqual({one["resource"] for one in made["releases"]}, {PATH})
        self.assertEqual(made["policy_after"], made["policy_before"] + 1)
        self.assertNotIn(chip, json.dumps(made))
        self.assertEqual(self.service.resource(PATH)[0], 401)  # the result that it has
        self.released(0, 401, "kbs.evidence.platform_unaffected")
        self.released(1)
        self.assertEqual(self.marked(), made["id"])
        self.assertIn(f"to be rotated (incident {made['id']})", ward("secret", "list", *self.service.to))
        ward("secret", "put", PATH, "--file", self.secret, *self.service.to)
        self.assertEqual(self.marked(), made["id"])  # the same octets are no other key
        self.secret.write_text("another key")
        ward("secret", "put", PATH, "--file", self.secret, *self.service.to)
        self.assertEqual(self.marked(), "")

        report = self.service.folder / "report"
        report.write_text(ward("incident", "report", made["id"], *self.service.to))
        key = json.loads(self.service.exchange("GET", "/v1/ledger/key", None, {})[1])["key"]
        self.assertEqual(told(ward("incident", "verify", report, "--key", key, "--json")), made)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.split("+", 2)[2])[1:])
        self.assertEqual(jwt.decode(report.read_text().strip(), public, ["EdDSA"]), made)
        head, payload, signature = report.read_text().strip().split(".")
        changed = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        changed[changed.index(b"leaked")] ^= 1
        report.write_text(".".join([head, base64.urlsafe_b64encode(changed).rstrip(b"=").decode(), signature]))
        ward("incident", "verify", report, "--key", key, code=1)
        with self.assertRaises(jwt.InvalidSignatureError):
            jwt.decode(report.read_text(), public, ["EdDSA"])

        listed = told(ward("incident", "list", *self.service.to, "--json"))["incidents"]
        self.assertIn(made["id"], [one["id"] for one in listed])
        pages = self.pages("incidents", 1)
        self.assertEqual([len(page) for page in pages], [1] * len(listed))
        self.assertEqual([page[0] for page in pages], listed)
        people = self.pages("administrators", 200)
        self.assertEqual([[one["name"] for one in page] for page in people], [["first"]])
        refused = ward("policy", "rollback", "--for", "evidence", "--to", made["policy_before"], *self.service.to, code=1)
        self.assertEqual(refused, "")
        closed = told(ward("incident", "close", made["id"], *self.service.to, "--json"))
        self.assertEqual(closed["closed_by"], "first")
        self.assertEqual(told(ward("incident", "show", made["id"], *self.service.to, "--json")), closed)
        self.rollback(made["policy_before"])
        self.released(0)

    def test_b_workload_and_advisory(self):
        self.released(1)
        self.assertEqual(self.service.resource(PATH)[0], 200)
        releases = json.loads(self.service.exchange("GET", "/v1/ledger/checkpoint", None, {})[1].split(b"\n")[1])
        last = self.open("--chip", self.facts[1]["chip"])["releases"][-1]
        self.assertEqual(last["index"], releases - 1)
        made = self.open("--workload", last["workload"], "--apply")
        self.assertEqual([one["workload"] for one in made["releases"]], [last["workload"]] * 2)
        self.assertEqual(made["tokens_refused"], 1)
        status, refusal = self.service.resource(PATH)
        self.assertEqual((status, refusal["detail"].split(":")[0]), (401, "kbs.token.unaffected"))
        self.released(1)  # another workload
        none = self.open("--advisory", "INTEL-SA-00615", "--apply")
        self.assertEqual((none["releases"], none["tokens_refused"]), ([], 0))
        self.released(1)

    def test_what_is_no_subject_is_refused(self):
        for words in (["--chip", "ab"], ["--workload", "abcd"], ["--advisory", "CVE-2024-1"]):
            ward("incident", "open", *words, *self.service.to, code=1)
        ward("incident", "open", *self.service.to, code=2)
        ward("incident", "open", "--chip", "ab" * 16, "--workload", "ab" * 32, *self.service.to, code=2)
        ward("incident", "show", "0" * 16, *self.service.to, code=3)
        ward("incident", "show", "x", *self.service.to, code=2)


if __name__ == "__main__":
    unittest.main()
