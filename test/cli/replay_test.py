#!/usr/bin/env python3
"""ward policy replay and ward appraisal, against a running wardd with a development platform's evidence."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
PATIENCE_S = 60


def ward(*words, code=0):
    done = subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def told(text):
    """told is one object, checked by the schema that it names."""
    out = json.loads(text)
    name = re.fullmatch(r"ward\.([a-z_-]+)/1", out["schema"]).group(1)
    jsonschema.validate(out, json.loads((ROOT / f"docs/schemas/ward.{name}-1.json").read_text()))
    return out


def new_pubkey():
    """new_pubkey is the public half of a new P-256 key, as the KBS protocol carries it."""
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (der[-64:-32], der[-32:]))
    return {"alg": "ECDH-ES+A256KW", "kty": "EC", "crv": "P-256", "x": x, "y": y}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Service:
    """A development platform, and a wardd that trusts it; end() takes both down."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-replay-"))
        self.device = self.folder / "dev"
        ward("dev", "init", self.device)
        self.state = self.folder / "svc"
        made = subprocess.run([WARD.parent / "wardd", "init", self.state, "--name", "wardd.test", "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        names = dict(line.split(maxsplit=1) for line in made.stdout.splitlines() if len(line.split()) == 2)
        root = subprocess.run(["openssl", "x509", "-in", self.device / "collateral/root_ca.pem", "-pubkey", "-noout"],
                              capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=root, capture_output=True, check=True)
        config = self.state / "wardd.toml"
        config.write_text(config.read_text().replace("# collateral =", "collateral =")
                          + f'\n[[trust_root]]\nname = "dev"\nspki_sha256 = "{hashlib.sha256(der.stdout).hexdigest()}"\n'
                          'development = true\n')
        shutil.copytree(self.device / "collateral", self.state / "collateral")
        self.pubkey = new_pubkey()
        self.server_key = names["server_key"]
        self.start()

    def start(self):
        address = self.state / "wardd.address"
        address.unlink(missing_ok=True)
        self.process = subprocess.Popen([WARD.parent / "wardd", "--config", self.state / "wardd.toml"],
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        while not (address.exists() and address.read_text().strip()):
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise AssertionError("wardd does not start")
            time.sleep(0.02)
        self.url = "https://" + address.read_text().strip()
        self.to = ["--server", self.url, "--server-key", self.server_key, "--admin", self.state / "admin.key.pem"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def end(self):
        self.stop()
        shutil.rmtree(self.folder)

    def post(self, path, body, cookie=""):
        context = ssl.create_default_context(cafile=self.state / "tls.pem")
        context.check_hostname = False
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        if cookie:
            request.add_header("Cookie", cookie)
        try:
            with urllib.request.urlopen(request, context=context, timeout=PATIENCE_S) as reply:
                return reply.status, json.loads(reply.read()), reply.headers.get("Set-Cookie", "").split(";")[0]
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read()), ""

    def attest(self):
        """attest goes through the protocol with a soft SGX quote, and returns status and the quote."""
        _, challenge, cookie = self.post("/kbs/v0/auth", {"version": "0.4.0", "tee": "sgx", "extra-params": ""})
        pubkey = self.pubkey
        bound = canonical({"additional-evidence": "", "nonce": challenge["nonce"], "tee-pubkey": pubkey})
        report_data = hashlib.sha384(bound.encode()).digest() + bytes(16)
        quote = self.folder / "quote"
        ward("attest", "--tee", "soft-sgx", "--device", self.device, "--report-data", report_data.hex(), "-o", quote, "--force")
        evidence = {"primary_evidence": {"quote": base64.b64encode(quote.read_bytes()).decode()}, "additional_evidence": ""}
        status, _, _ = self.post("/kbs/v0/attest", {"init-data": None, "tee-evidence": evidence,
                                                    "runtime-data": {"nonce": challenge["nonce"], "tee-pubkey": pubkey}}, cookie)
        return status, quote

    def policy(self, name, **members):
        path = self.folder / name
        path.write_text(json.dumps({"schema": "ward.evidence-policy/1", "name": name, "allow_development": True, **members}))
        return path


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
        path.write_text(json.dumps({"schema": "ward.results-policy/1", "releases": [
            {"resources": ["key/one"], "workloads": [workload], "runtimes": [self.runtime], "allow_development": True}]}))
        words = ["policy", "replay", "--candidate", path, "--for", "results", *self.to(), "--json"]
        out = told(ward(*words, "--repository", "hospital"))
        self.assertEqual({(c["change"], c["access"]) for c in out["changes"]}, {("gains", "hospital/key/one")})
        ward(*words, code=2)

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
