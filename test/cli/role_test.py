#!/usr/bin/env python3
"""ward role: the four roles of RFC 9334 as processes of their own, together, and each replaced by somebody else's."""
import base64
import functools
import hashlib
import http.server
import json
import os
import pathlib
import select
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import jsonschema
import jwt

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
PATIENCE_S = 60
SECRET = b"only for whom the verifier speaks\n"

# The software TEE's faces, and the claim in which each has its measurement.
TEES = {"sgx": "mr_enclave", "tdx": "mr_td", "snp": "measurement"}


def ward(*words, code=0):
    done = subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done


class Role:
    """A role that runs, from when it has printed its line."""

    def __init__(self, *words):
        self.process = subprocess.Popen([WARD, "role", *map(str, words), "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        if not select.select([self.process.stdout], [], [], PATIENCE_S)[0]:
            self.process.kill()
            raise AssertionError(f"{words}: says nothing")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"{words}: exit {self.process.wait(PATIENCE_S)}")
        self.told = json.loads(line)
        jsonschema.validate(self.told, json.loads((ROOT / "docs/schemas/ward.role-1.json").read_text()))
        self.url = self.told["url"]

    def end(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"exit {code}")


def ask(url, body=b"", method="POST", cafile=None):
    """ask gives status and octets of one request."""
    context = None
    if cafile:
        context = ssl.create_default_context(cafile=cafile)
        context.check_hostname = False
    request = urllib.request.Request(url, body if method == "POST" else None, method=method)
    try:
        with urllib.request.urlopen(request, context=context, timeout=PATIENCE_S) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-role-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.device = cls.folder / "dev"
        ward("dev", "init", cls.device)
        probe = cls.folder / "probe"
        runtimes = []
        for tee, field in TEES.items():
            cls.evidence("00" * 64, tee, probe)
            runtimes.append(json.loads(ward("inspect", probe, "--json").stdout)["claims"][field])
        cls.policy = cls.folder / "policy.json"
        cls.policy.write_text(json.dumps({"schema": "ward.evidence-policy/1", "name": "test", "runtimes": runtimes,
                                          "allow_development": True}))
        cls.secret = cls.folder / "secret"
        cls.secret.write_bytes(SECRET)
        cls.endorser = cls.start("endorser", cls.device)
        cls.state = cls.folder / "verifier"
        cls.verifier = cls.start_verifier(cls.state, cls.endorser.url)
        cls.to_verifier = ["--verifier", cls.verifier.url, "--server-key", cls.verifier.told["server_key"]]
        cls.party = cls.start("relying-party", cls.secret, "--name", "party", *cls.to_verifier, "--allow-development")
        cls.me = ["role", "attester", "--tee", "soft-sgx", "--device", cls.device]

    @classmethod
    def evidence(cls, report_data, tee, path):
        ward("attest", "--tee", f"soft-{tee}", "--device", cls.device, "--report-data", report_data, "-o", path, "--force")

    @classmethod
    def start(cls, *words):
        role = Role(*words)
        cls.addClassCleanup(role.end)
        return role

    @classmethod
    def start_verifier(cls, folder, endorser):
        return cls.start("verifier", folder, "--endorser", endorser, "--trust-root", cls.device / "root.pem", "--policy",
                         cls.policy)

    def test_all_four_together(self):
        passport = ward(*self.me, *self.to_verifier, "--audience", "party", "--relying-party", self.party.url)
        self.assertEqual(passport.stdout, SECRET)
        checked = ward(*self.me, "--relying-party", self.party.url)
        self.assertEqual(checked.stdout, SECRET)

    def test_a_result_for_somebody_else_and_an_old_challenge_are_refused(self):
        other = ward(*self.me, *self.to_verifier, "--audience", "another", "--relying-party", self.party.url, code=1)
        self.assertEqual(other.stdout, b"")
        self.assertIn(b"another audience", other.stderr)
        status, told = ask(self.party.url + "/evidence", json.dumps({"report_data": "00" * 64, "evidence": {}}).encode())
        self.assertEqual(status, 403)
        self.assertIn(b"no open challenge", told)
        for body in (b"", b"{", b"not.a.token", b"\xd2\x84", b"[" * 5000):
            for path in ("/passport", "/evidence"):
                self.assertEqual(ask(self.party.url + path, body)[0], 403, (path, body))

    def test_evidence_answers_one_challenge_once(self):
        attester = self.start(*self.me[1:])
        data = json.loads(ask(self.party.url + "/challenge")[1])["report_data"]
        evidence = ask(attester.url + "/evidence", json.dumps({"report_data": data}).encode())[1]
        jsonschema.validate(json.loads(evidence), json.loads((ROOT / "docs/schemas/ward.evidence-1.json").read_text()))
        message = json.dumps({"report_data": data, "evidence_base64": json.loads(evidence)["evidence_base64"]}).encode()
        self.assertEqual(ask(self.party.url + "/evidence", message), (200, SECRET))
        self.assertEqual(ask(self.party.url + "/evidence", message)[0], 403)
        fresh = json.loads(ask(self.party.url + "/challenge")[1])["report_data"]
        stale = json.dumps({"report_data": fresh, "evidence_base64": json.loads(evidence)["evidence_base64"]}).encode()
        status, told = ask(self.party.url + "/evidence", stale)
        self.assertEqual(status, 403)
        self.assertRegex(json.loads(told)["detail"], r"^ear: .*: sgx\.report_data\.expected \(found [0-9a-f]{128}; expected [0-9a-f]{128}\)$")
        self.assertEqual(ask(attester.url + "/evidence", b"{}")[0], 400)

    def test_a_refusal_names_the_development_platform(self):
        strict = self.start("relying-party", self.secret, "--name", "party", *self.to_verifier)
        ear = ward(*self.me, *self.to_verifier, "--audience", "party").stdout
        status, told = ask(strict.url + "/passport", ear)
        self.assertEqual(status, 403)
        self.assertIn("of a development platform", json.loads(told)["detail"])

    def test_a_passport_is_taken_as_the_attester_printed_it(self):
        printed = ward(*self.me, *self.to_verifier, "--audience", "party").stdout
        self.assertTrue(printed.endswith(b"\n"))
        for body in (printed, printed.strip(), b" " + printed.replace(b"\n", b"\r\n")):
            self.assertEqual(ask(self.party.url + "/passport", body), (200, SECRET), body)
        self.assertEqual(ask(self.party.url + "/passport", printed.replace(b".", b" .", 1))[0], 403)

    def test_the_verifier_has_no_resources(self):
        cafile = self.state / "tls.pem"
        for path in ("/kbs/v0/auth", "/kbs/v0/resource/a/b/c", "/v1/resources", "/v1/policy/results/a"):
            self.assertEqual(ask(self.verifier.url + path, cafile=cafile)[0], 404, path)
        self.assertEqual(ask(self.verifier.url + "/v1/nonce", cafile=cafile)[0], 200)

    def test_attesters_of_other_tees_have_no_event_log(self):
        for tee in ("tdx", "snp"):
            with self.subTest(tee):
                me = ["role", "attester", "--tee", f"soft-{tee}", "--device", self.device]
                self.assertEqual(ward(*me, "--relying-party", self.party.url).stdout, SECRET)

    def test_another_attester_is_curl_with_evidence_of_any_tee(self):
        path = self.folder / "evidence"
        for tee in TEES:
            with self.subTest(tee):
                data = json.loads(ask(self.party.url + "/challenge")[1])["report_data"]
                self.evidence(data, tee, path)
                body = json.dumps({"report_data": data, "evidence_base64": base64.b64encode(path.read_bytes()).decode()})
                curl = subprocess.run(["curl", "-sS", "--fail-with-body", "--data-binary", "@-", self.party.url + "/evidence"],
                                      input=body.encode(), capture_output=True, timeout=PATIENCE_S, check=False)
                self.assertEqual((curl.returncode, curl.stdout), (0, SECRET), curl.stderr)

    def test_another_relying_party_is_pyjwt(self):
        ear = ward(*self.me, *self.to_verifier, "--audience", "pyjwt").stdout.decode().strip()
        status, keys = ask(self.verifier.told["jwks"], method="GET", cafile=self.state / "tls.pem")
        self.assertEqual(status, 200)
        key = jwt.PyJWKSet.from_json(keys.decode()).keys[0].key
        claims = jwt.decode(ear, key, algorithms=["ES256"], audience="pyjwt", issuer="verifier")
        self.assertEqual(claims["submods"]["cpu0"]["ward.appraisal"]["verdict"], "accepted")

    def test_another_endorser_is_pythons_web_server(self):
        root = self.folder / "web"
        shutil.copytree(self.device / "collateral", root / "documents")
        names = sorted(path.name for path in (root / "documents").iterdir())
        (root / "documents.json").write_text(json.dumps({"documents": names}))
        handler = functools.partial(QuietFiles, directory=root)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            verifier = self.start_verifier(self.folder / "other", f"http://127.0.0.1:{server.server_port}")
            self.assertEqual(sorted(path.name for path in (self.folder / "other/collateral").iterdir()), names)
            self.assertEqual(json.loads(ask(self.endorser.url + "/documents.json", method="GET")[1])["documents"], names)
            ear = ward(*self.me, "--verifier", verifier.url, "--server-key", verifier.told["server_key"], "--audience", "a")
            self.assertEqual(ear.stdout.count(b"."), 2)
            (root / "documents.json").write_text('{"documents":["../root.pem"]}')
            done = ward("role", "verifier", self.folder / "third", "--endorser", f"http://127.0.0.1:{server.server_port}",
                        "--policy", self.policy, code=1)
            self.assertIn(b"a name that no file may have", done.stderr)
        finally:
            server.shutdown()
            server.server_close()

    def test_another_verifier_is_whoever_has_the_key(self):
        pem = self.folder / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", pem],
                       check=True, capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"], check=True, capture_output=True)
        x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (der.stdout[-64:-32], der.stdout[-32:]))
        canonical = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
        kid = base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
        keys = self.folder / "jwks.json"
        keys.write_text(json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256"}]}))
        party = self.start("relying-party", self.secret, "--name", "party", "--jwks", keys, "--allow-development")
        now = int(time.time())
        for audience, status, code in (("party", "affirming", 200), ("party", "contraindicated", 403), ("x", "affirming", 403)):
            vector = {"instance-identity": 2, "hardware": 2 if status == "affirming" else 96}
            claims = {"eat_profile": "tag:github.com,2024:confidential-containers/Trustee", "iss": "other", "aud": audience,
                      "iat": now, "exp": now + 60, "ear.verifier-id": {"developer": "else", "build": "1"},
                      "submods": {"cpu0": {"ear.status": status, "ear.trustworthiness-vector": vector,
                                           "ear.appraisal-policy-id": "p",
                                           "ward.appraisal": {"schema": "ward.ear-appraisal/2", "development": False, "passed": [],
                                                              "verdict": "accepted" if status == "affirming" else "refused",
                                                              "tcb_status": "", "tcb_advisories": [], "unchecked": [],
                                                              "checks": []}}}}
            token = jwt.encode(claims, pem.read_text(), algorithm="ES256", headers={"kid": kid})
            self.assertEqual(ask(party.url + "/passport", token.encode())[0], code, (audience, status))
        self.assertEqual(ask(party.url + "/challenge")[0], 403)

    def test_mistakes_are_said_before_anything_starts(self):
        for words, code, text in ((["verifier", self.folder / "new"], 2, "needs a policy|without a policy"),
                                  (["verifier", self.folder], 2, "was not made by"),
                                  (["relying-party", self.secret, "--name", "a"], 2, "no verifier"),
                                  (["relying-party", self.folder / "none", "--name", "a", "--jwks", "x"], 3, "none"),
                                  (["attester", *self.to_verifier], 2, "no --audience"),
                                  (["attester", "--relying-party", "ftp://a"], 2, "ftp://a"),
                                  (["endorser", self.folder / "none"], 3, "none")):
            with self.subTest(words=words):
                self.assertRegex(ward("role", *words, code=code).stderr.decode(), text)
        self.assertFalse((self.folder / "new").exists())


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    unittest.main()
