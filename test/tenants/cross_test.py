#!/usr/bin/env python3
"""Tenants of one running wardd. Every route of the API and of the protocol, and every command of administration, is tried with
what belongs to another tenant: tokens, cookies, results, sessions, ids, idempotency keys. Each is refused, and nothing of the
other tenant shows. A route or a command that this test does not know fails it."""
import json
import pathlib
import re
import subprocess
import sys
import time
import unittest

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/cli")]
from service import PATIENCE_S, WARD, Service, told, ward

SECRET = "the secret of "
ISSUER = "https://login.example"
KEY = {"Idempotency-Key": '"one-key-for-both"'}

# What takes no administrator.
PUBLIC = {("post", "/v1/appraise"), ("post", "/v1/nonce"), ("get", "/v1/ledger/checkpoint"), ("get", "/v1/ledger/key"),
          ("get", "/v1/ledger/proof/consistency"), ("get", "/v1/openapi.json")}

# The operator's alone, who is the default tenant's.
OPERATORS = {"/v1/tenants", "/v1/tenants/{id}"}

# The protocol's routes, as logs and metrics know them, and the methods that take an administrator.
PROTOCOL = {"/kbs/v0/auth": (), "/kbs/v0/attest": (), "/kbs/v0/resource": ("POST", "DELETE"),
            "/kbs/v0/attestation-policy": ("POST",), "/kbs/v0/resource-policy": ("GET", "POST"),
            "/kbs/v0/reference-value": ("GET", "POST")}

# One line for each command of administration: its arguments, but for those that all have.
COMMANDS = {
    "admin add": ["mallory", "--role", "administrator", "--public-key", "{pem}"],
    "admin list": [],
    "admin remove": ["boss"],
    "appraisal list": [],
    "appraisal repeat": ["{appraisal}"],
    "appraisal show": ["{appraisal}"],
    "incident close": ["{incident}"],
    "incident list": [],
    "incident open": ["--chip", "ab" * 16, "--apply"],
    "incident report": ["{incident}"],
    "incident show": ["{incident}"],
    "lease lift": ["{revocation}"],
    "lease list": [],
    "lease revoke": ["{lease}"],
    "lease revoked": [],
    "ledger audit": ["--key", "{ledger_key}"],
    "policy get": ["--for", "evidence"],
    "policy history": ["--for", "evidence"],
    "policy list": [],
    "policy replay": ["--candidate", "{policy}", "--for", "evidence"],
    "policy rollback": ["--for", "evidence", "--to", "1"],
    "policy set": ["{policy}", "--for", "evidence"],
    "refval add": ["stolen", "1"],
    "refval get": ["mine"],
    "refval import": ["{values}"],
    "refval list": [],
    "refval remove": ["mine"],
    "secret delete": ["hospital/key/one"],
    "secret get": ["hospital/key/one"],
    "secret list": [],
    "secret put": ["hospital/key/one", "--file", "{policy}"],
    "secret versions": ["hospital/key/one"],
    "tenant add": ["stolen", "--administrator", "mallory", "--public-key", "{pem}"],
    "tenant list": [],
    "tenant remove": ["acme"],
    "tenant set": ["acme", "--suspend"],
    "tenant show": ["acme"],
    "watch": [],
    "webhook add": ["https://receiver.example/"],
    "webhook list": [],
    "webhook remove": ["{webhook}"],
    "webhook test": ["{webhook}"],
}


class Tenant:
    """A tenant with an administrator, policies, a resource, an appraisal, a lease and a revocation of its own."""

    def __init__(self, service, name):
        self.service, self.name = service, name
        self.base = "" if name == "default" else "/t/" + name
        self.key_file = service.folder / f"{name}.pem"
        self.pem = service.folder / f"{name}.pub"
        self.role = "administrator"

    def claim(self):
        """claim makes the administrator's key."""
        self.pem.write_text(ward("admin", "key", "boss", "--role", "administrator", "-o", self.key_file))

    @property
    def to(self):
        return ["--server", self.service.plain + self.base, "--server-key", self.service.server_key, "--admin", self.key_file]

    def token(self, audience=None, role=None, name=None):
        suffix = "" if self.name == "default" else ":t:" + self.name
        now = int(time.time())
        text = self.key_file.read_text()
        lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        claims = {"iss": name or lines["name"], "aud": audience or f"urn:ward:wardd:{self.service.server_key}{suffix}",
                  "iat": now, "exp": now + 300, "role": role or lines["role"]}
        return jwt.encode(claims, text[text.index("-----BEGIN"):], algorithm="EdDSA")

    def ask(self, method, path, body=None, token=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = "Bearer " + token
        headers.setdefault("Content-Type", "application/octet-stream")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return self.service.exchange(method, self.base + path, data, headers)

    def json(self, method, path, body=None, **more):
        status, text, _ = self.ask(method, path, body, self.token(), **more)
        assert status == 200, (method, path, status, text)
        return json.loads(text) if text else None

    def attest(self):
        """attest goes through the protocol here, and keeps cookie and token."""
        self.service.url = self.service.plain + self.base
        status, _ = self.service.attest()
        self.service.url = self.service.plain
        assert status == 200, self.service.reply
        self.cookie, self.result = self.service.cookie, self.service.reply["token"]

    def furnish(self, runtime):
        evidence = self.service.policy(self.name, runtimes=[runtime])
        ward("policy", "set", evidence, "--for", "evidence", *self.to)
        self.attest()
        self.appraisal = self.json("GET", "/v1/appraisals")["appraisals"][0]["id"]
        workload = told(ward("appraisal", "repeat", self.appraisal, *self.to, "--json"))["claims"]["config_id"]
        rule = {"resources": ["key/one"], "workloads": [workload], "runtimes": [runtime], "allow_development": True}
        self.json("POST", "/v1/policy/results/hospital", {"schema": "ward.results-policy/1", "releases": [rule]})
        self.json("PUT", "/v1/resource/hospital/key/one?lease_s=3600", (SECRET + self.name).encode())
        self.json("POST", "/v1/reference-values", {"schema": "ward.reference-values/1", "values": {"mine": self.name}})
        self.lease = self.release()
        gone = self.json("DELETE", "/v1/leases/" + self.lease)["id"]
        self.json("DELETE", "/v1/revocations/" + gone)
        self.lease = self.release()
        self.revocation = gone
        self.webhook = self.json("POST", "/v1/webhooks", {"url": "https://receiver.example/" + self.name, "kinds": ["none"]})["id"]
        self.incident = self.json("POST", "/v1/incidents", {"advisory": "INTEL-SA-00999", "apply": True})["id"]
        nonce = json.loads(self.ask("POST", "/v1/nonce")[1])
        self.session = nonce["session"]
        self.ledger_key = json.loads(self.ask("GET", "/v1/ledger/key")[1])["key"]

    def release(self):
        status, text, headers = self.ask("GET", "/kbs/v0/resource/hospital/key/one", Cookie=self.cookie)
        assert status == 200, text
        return headers["Ward-Lease"].split(";")[0]

    def state(self):
        """state is what the ledger's checkpoint says: any change, and any refusal that is recorded, is a leaf."""
        return self.ask("GET", "/v1/ledger/checkpoint")[1]


class Cross(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = service = Service()
        cls.addClassCleanup(service.end)
        service.stop()
        cls.operator = Tenant(service, "default")
        cls.operator.key_file = service.folder / "operator.pem"
        cls.operator.pem.write_text(ward("admin", "key", "op", "--role", "operator", "-o", cls.operator.key_file))
        spki = "".join(cls.operator.pem.read_text().splitlines()[1:-1])
        config = service.state / "wardd.toml"
        cls.issuer_key = ec.generate_private_key(ec.SECP256R1())
        keys = {"keys": [{**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(cls.issuer_key.public_key())), "alg": "ES256", "use": "sig"}]}
        (service.folder / "keys.json").write_text(json.dumps(keys))
        config.write_text(config.read_text() + f'\n[[administrator]]\nname = "op"\nrole = "operator"\npublic_key = "{spki}"\n'
                          + f'\n[[oidc]]\nname = "corp"\nissuer = "{ISSUER}"\naudience = "urn:a"\nclients = ["c"]\n'
                          + f'jwks = "{service.folder}/keys.json"\ntenants = ["*"]\n')
        service.start()
        service.plain = service.url
        probe = service.folder / "probe"
        ward("attest", "--tee", "soft-sgx", "--device", service.device, "--report-data", "00" * 64, "-o", probe)
        runtime = json.loads(ward("inspect", probe, "--json"))["claims"]["mr_enclave"]
        cls.runtime = runtime
        cls.default = Tenant(service, "default")
        cls.default.key_file = service.state / "admin.key.pem"
        cls.default.pem = cls.operator.pem
        cls.acme, cls.zeta = Tenant(service, "acme"), Tenant(service, "zeta")
        for tenant in (cls.acme, cls.zeta):
            tenant.claim()
            ward("tenant", "add", tenant.name, "--administrator", "boss", "--public-key", tenant.pem, *cls.operator.to)
        cls.all = (cls.default, cls.acme, cls.zeta)
        for tenant in cls.all:
            tenant.furnish(runtime)

    def pairs(self):
        return [(mine, other) for mine in self.all for other in self.all if mine is not other]

    def untraced(self, other, text):
        """untraced is true where an answer says nothing of what the other tenant keeps."""
        for trace in (SECRET + other.name, other.lease, other.revocation, other.appraisal, "hospital/key/one"):
            self.assertNotIn(trace.encode(), text)

    def routes(self):
        """routes are all that take an administrator: method, path and body."""
        paths = json.loads((ROOT / "docs/api/openapi.json").read_text())["paths"]
        for path, item in paths.items():
            for method in item:
                if method == "parameters" or (method, path) in PUBLIC:
                    continue
                yield method.upper(), path
        for path, methods in PROTOCOL.items():
            for method in methods:
                yield method, path + ("/{repository}/{type}/{tag}" if path.endswith("resource") else "")

    def filled(self, path, other):
        """filled names what the other tenant has; a parameter that is not known here fails."""
        names = {"repository": "hospital", "type": "key", "tag": "one", "class": "cpu", "name": "boss",
                 "id": {"/v1/appraisals": other.appraisal, "/v1/leases": other.lease, "/v1/revocations": other.revocation,
                        "/v1/reference-value": "mine", "/v1/tenants": "acme", "/v1/webhooks": other.webhook,
                        "/v1/incidents": other.incident}.get(path.split("/{")[0], "")}
        out = re.sub(r"\{(\w+)\}", lambda match: names[match.group(1)], path)
        self.assertNotIn("//", out, path)
        return out

    def test_the_protocols_routes_are_all_known(self):
        text = (ROOT / "src/server/metrics.h").read_text()
        self.assertEqual(set(re.findall(r'"(/kbs/v0/[^"]+)"', text)), PROTOCOL.keys())

    def test_no_route_takes_the_token_of_another_tenant(self):
        routes = list(self.routes())
        self.assertGreater(len(routes), 30)
        for mine, other in self.pairs():
            before = other.state()
            audience = f"urn:ward:wardd:{self.service.server_key}" + ("" if other.name == "default" else ":t:" + other.name)
            for token in (mine.token(), mine.token(audience)):
                for method, path in routes:
                    with self.subTest(mine=mine.name, other=other.name, method=method, path=path):
                        target = self.filled(path, other)
                        status, text, _ = other.ask(method, target, b"{}", token)
                        self.assertEqual(status, 401, text)
                        self.untraced(other, text)
            self.assertEqual(other.state(), before)

    def test_a_person_of_a_provider_is_nobody_in_another_tenant(self):
        person = {"name": "anna", "role": "administrator", "oidc": {"issuer": ISSUER, "claim": ["sub"], "value": "anna"}}
        now = int(time.time())
        token = jwt.encode({"iss": ISSUER, "aud": "urn:a", "client_id": "c", "sub": "anna", "iat": now, "exp": now + 600},
                           self.issuer_key, algorithm="ES256", headers={"typ": "at+jwt"})
        for mine in self.all:
            mine.json("POST", "/v1/administrators", person)
            self.assertEqual(mine.ask("GET", "/v1/administrators", None, token)[0], 200)
            for other in self.all:
                if other is mine:
                    continue
                before = other.state()
                for method, path in self.routes():
                    with self.subTest(mine=mine.name, other=other.name, method=method, path=path):
                        status, text, _ = other.ask(method, self.filled(path, other), b"{}", token)
                        self.assertEqual((status, b"kbs.admin." in text), (401, True), text)
                        self.untraced(other, text)
                self.assertEqual(other.state(), before)
            mine.json("DELETE", "/v1/administrators/anna")
            self.assertEqual(mine.ask("GET", "/v1/administrators", None, token)[0], 401)

    def test_an_operator_sees_nothing_of_a_tenant_and_a_tenant_has_no_operators(self):
        for tenant in self.all:
            for method, path in self.routes():
                with self.subTest(tenant=tenant.name, method=method, path=path):
                    status, text, _ = tenant.ask(method, self.filled(path, tenant), b"{}", self.operator.token())
                    if tenant is self.default and path in OPERATORS:
                        self.assertIn(status, (200, 400, 409), text)
                    else:
                        self.assertEqual(status, 403 if tenant is self.default else 401, text)
                    self.untraced(tenant, text)
            for path in OPERATORS:
                status, text, _ = tenant.ask("GET", self.filled(path, tenant), None, tenant.token())
                self.assertEqual(status, 403, text)

    def test_no_id_of_another_tenant_is_known_here(self):
        for mine, other in self.pairs():
            with self.subTest(mine=mine.name, other=other.name):
                token = mine.token()
                for method, path in (("DELETE", "/v1/leases/" + other.lease), ("DELETE", "/v1/revocations/" + other.revocation),
                                     ("DELETE", "/v1/webhooks/" + other.webhook), ("POST", f"/v1/webhooks/{other.webhook}/test"),
                                     ("GET", "/v1/incidents/" + other.incident), ("GET", f"/v1/incidents/{other.incident}/report"),
                                     ("GET", f"/v1/appraisals/{other.appraisal}"),
                                     ("POST", f"/v1/appraisals/{other.appraisal}/repeat")):
                    status, text, _ = mine.ask(method, path, b"{}", token)
                    self.assertEqual(status, 404, (path, text))
                for path in ("/v1/resources", "/v1/leases", "/v1/revocations", "/v1/appraisals", "/v1/ledger/entries", "/v1/events",
                             "/v1/webhooks", "/v1/incidents"):
                    status, text, _ = mine.ask("GET", path, None, token)
                    self.assertEqual(status, 200, text)
                    for trace in (other.lease, other.appraisal, other.webhook, other.incident):
                        self.assertNotIn(trace.encode(), text)
                got = mine.ask("GET", "/v1/resource/hospital/key/one", None, token)
                self.assertEqual((got[0], got[1].decode()), (200, SECRET + mine.name))

    def test_no_session_and_no_result_of_another_tenant_opens_anything(self):
        for mine, other in self.pairs():
            with self.subTest(mine=mine.name, other=other.name):
                path = "/kbs/v0/resource/hospital/key/one"
                for headers in ({"Cookie": mine.cookie}, {"Authorization": "Bearer " + mine.result}):
                    status, text, _ = other.ask("GET", path, None, None, **headers)
                    self.assertEqual(status, 401, text)
                    self.untraced(other, text)
                status, text, _ = other.ask("POST", "/kbs/v0/attest", {"a": 1}, None, Cookie=mine.cookie)
                self.assertEqual((status, b"kbs.session.cookie" in text), (401, True), text)
                asked = {"evidence": {"tee": "sgx", "primary_evidence": {"quote": "AA=="}}, "session": mine.session}
                status, text, _ = other.ask("POST", "/v1/appraise", asked)
                self.assertNotEqual(status, 200, text)
                active = other.json("POST", "/v1/token/introspect", {"token": mine.result}, Content_Type="application/json")
                self.assertIs(active["active"], False)
                own = mine.json("POST", "/v1/token/introspect", {"token": mine.result}, Content_Type="application/json")
                self.assertIs(own["active"], True)

    def test_the_same_idempotency_key_is_another_one(self):
        policy = {"schema": "ward.results-policy/1", "releases": []}
        answers = []
        for tenant in self.all:
            before = tenant.state()
            status, text, _ = tenant.ask("POST", "/v1/policy/results/keyed", policy, tenant.token(),
                                         Idempotency_Key='"one-key-for-all"')
            self.assertEqual(status, 200, text)
            self.assertNotEqual(tenant.state(), before)
            answers.append(text)
        self.assertEqual(answers, [b'{"version":1}'] * 3)

    def test_one_person_in_two_tenants_signs_for_one_of_them(self):
        spki = "".join(self.acme.pem.read_text().splitlines()[1:-1])
        person = {"name": "both", "role": "administrator", "public_key": spki}
        self.zeta.json("POST", "/v1/administrators", person)
        self.acme.json("POST", "/v1/administrators", person)
        token = self.acme.token(name="both")
        self.assertEqual(self.acme.ask("GET", "/v1/resources", None, token)[0], 200)
        self.assertEqual(self.zeta.ask("GET", "/v1/resources", None, token)[0], 401)
        ward("admin", "remove", "both", *self.acme.to)
        self.assertEqual(self.acme.ask("GET", "/v1/resources", None, token)[0], 401)
        ward("admin", "remove", "both", *self.zeta.to)

    def commands(self):
        """commands are all below `ward` whose help has --admin, in their words."""
        def below(words):
            done = subprocess.run([WARD, *words, "--help"], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 0, words)
            if "\nSubcommands:\n" not in done.stdout:
                if "--admin" in done.stdout:
                    yield " ".join(words)
                return
            for name in re.findall(r"^  ([a-z-]+)  ", done.stdout.split("\nSubcommands:\n")[1], re.M):
                yield from below([*words, name])
        return set(below([]))

    def test_no_command_reaches_another_tenant(self):
        self.assertEqual(self.commands(), COMMANDS.keys())
        values = self.service.folder / "values"
        values.write_text(json.dumps({"schema": "ward.reference-values/1", "values": {"stolen": 1}}))
        policy = self.service.policy("stolen", runtimes=["00" * 32])
        for mine, other in ((self.zeta, self.acme), (self.default, self.acme), (self.acme, self.default)):
            before = other.state()
            to = [*other.to[:-1], mine.key_file]
            for command, words in COMMANDS.items():
                with self.subTest(mine=mine.name, other=other.name, command=command):
                    words = [word.format(pem=self.acme.pem, appraisal=other.appraisal, lease=other.lease,
                                         revocation=other.revocation, webhook=other.webhook, incident=other.incident,
                                         ledger_key=other.ledger_key, policy=policy, values=values)
                             for word in words]
                    done = subprocess.run([WARD, *command.split(), *map(str, words), *map(str, to)], capture_output=True,
                                          timeout=PATIENCE_S)
                    self.assertEqual(done.returncode, 1, (command, done.stderr))
                    self.assertEqual(done.stdout, b"")
                    self.assertIn(b"kbs.admin.", done.stderr)
            self.assertEqual(other.state(), before)

    def test_a_stream_is_of_one_tenant_and_ends_with_it(self):
        made = Tenant(self.service, "streamed")
        made.claim()
        ward("tenant", "add", "streamed", "--administrator", "boss", "--public-key", made.pem, *self.operator.to)
        watch = subprocess.Popen([WARD, "watch", "--since", "0", *made.to, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(watch.stderr.close)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.kill)
        self.acme.json("PUT", "/v1/resource/r/t/acme", b"x")
        made.json("PUT", "/v1/resource/r/t/mine", b"x")
        seen = [told(watch.stdout.readline()) for _ in range(3)]
        self.assertEqual([(one["index"], one["kind"]) for one in seen],
                         [(0, "tenant.add"), (1, "administrator.add"), (2, "resource.put")])
        # Deliveries are made for each tenant; to private addresses for none but the default one, and there as the configuration says.
        hook = told(ward("webhook", "add", "https://127.0.0.1:1/", *made.to, "--json"))["id"]
        self.assertIn("webhooks do not go to", told(ward("webhook", "test", hook, *made.to, "--json", code=3))["error"])
        ward("tenant", "set", "streamed", "--suspend", *self.operator.to)
        self.assertEqual(watch.wait(PATIENCE_S), 1)
        self.assertIn("kbs.tenant.active", watch.stderr.read())
        for line in watch.stdout:
            self.assertTrue(json.loads(line)["kind"].startswith("webhook."), line)

    def test_each_ledger_is_its_own(self):
        for tenant in self.all:
            told(ward("ledger", "audit", "--key", tenant.ledger_key, *tenant.to, "--json"))
        for mine, other in self.pairs():
            ward("ledger", "audit", "--key", mine.ledger_key, *other.to, code=1)

    def test_nobody_is_a_tenant_who_was_not_made_one(self):
        for path in ("/t/nobody/v1/nonce", "/t/nobody/kbs/v0/auth", "/t/default/v1/nonce", "/t/acme", "/t//v1/nonce",
                     "/t/ACME/v1/nonce", "/t/acme/t/zeta/v1/nonce", "/t/zeta/../acme/v1/nonce", "/t/%61cme/v1/nonce"):
            with self.subTest(path):
                status, text, _ = self.service.exchange("POST", path, b"{}", {})
                self.assertEqual(status, 404, text)
                self.assertEqual(text, self.service.exchange("POST", "/nothing", b"{}", {})[1])

    def test_what_an_operator_changes_holds_at_once_and_is_in_both_ledgers(self):
        made = Tenant(self.service, "short")
        made.claim()
        told(ward("tenant", "add", "short", "--administrator", "boss", "--public-key", made.pem, "--quota", "resources=1",
                  "--quota", "resource_octets=500", "--quota", "policies=1", "--quota", "administrators=1", *self.operator.to,
                  "--json"))
        put = lambda name, size: made.ask("PUT", "/v1/resource/r/t/" + name, b"x" * size, made.token())
        self.assertEqual(put("a", 600)[0], 409)
        self.assertEqual(put("a", 10)[0], 200)
        status, text, _ = put("b", 10)
        problem = json.loads(text)
        self.assertEqual((status, problem["checks"][0], problem["found"], problem["expected"]),
                         (409, "kbs.quota", "2", "at most 1 (resources)"))
        told(ward("tenant", "set", "short", "--quota", "resources=2", *self.operator.to, "--json"))
        self.assertEqual(put("b", 10)[0], 200)
        ward("tenant", "remove", "short", *self.operator.to, code=1)
        ward("tenant", "set", "short", "--suspend", *self.operator.to)
        self.assertEqual(json.loads(put("a", 1)[1])["checks"], ["kbs.tenant.active"])
        self.assertEqual(made.ask("POST", "/kbs/v0/auth", b"{}")[0], 403)
        ward("tenant", "set", "short", "--resume", *self.operator.to)
        entries = made.json("GET", "/v1/ledger/entries")["entries"]
        self.assertEqual([one["kind"] for one in entries if one["kind"].startswith("tenant.")],
                         ["tenant.add", "tenant.set", "tenant.set", "tenant.set"])
        details = next(one["details"] for one in entries if one["kind"] == "tenant.set")
        self.assertEqual((details["role"], details["sign_in"]), ("operator", "key"))
        self.assertIn('"resources":1', details["before"])
        self.assertIn('"resources":2', details["after"])
        ours = self.default.json("GET", "/v1/ledger/entries?after=0")["entries"]
        self.assertIn(("tenant.add", "short", "op"), {(one["kind"], one["subject"], one["actor"]) for one in ours})
        ward("tenant", "set", "short", "--suspend", *self.operator.to)
        ward("tenant", "remove", "short", *self.operator.to)
        self.assertEqual(put("a", 1)[0], 404)
        ward("tenant", "add", "short", "--administrator", "boss", "--public-key", made.pem, *self.operator.to, code=1)
        states = {one["id"]: one["state"] for one in told(ward("tenant", "list", *self.operator.to, "--json"))["tenants"]}
        self.assertEqual((states["acme"], states["short"]), ("active", "removed"))

    def test_an_archive_that_is_full_is_nobody_elses(self):
        made = Tenant(self.service, "tiny")
        made.claim()
        shown = told(ward("tenant", "add", "tiny", "--administrator", "boss", "--public-key", made.pem, "--quota", "archive_octets=10",
                          *self.operator.to, "--json"))
        self.assertEqual(shown["quotas"]["archive_octets"], 10)
        ward("policy", "set", self.service.policy("tiny", runtimes=[self.runtime]), "--for", "evidence", *made.to)
        before = self.acme.json("GET", "/v1/appraisals")["appraisals"]
        made.attest()
        self.assertEqual(made.json("GET", "/v1/appraisals")["appraisals"], [])
        self.assertEqual(self.acme.json("GET", "/v1/appraisals")["appraisals"], before)
        changed = ward("tenant", "set", "tiny", "--quota", "archive_octets=1000000", *self.operator.to)
        self.assertIn(" archive_octets=1000000 ", changed)
        made.attest()
        self.assertEqual(len(made.json("GET", "/v1/appraisals")["appraisals"]), 1)

    def test_roles_of_the_store_may_what_the_table_says(self):
        pem, key = self.service.folder / "author.pub", self.service.folder / "author.pem"
        pem.write_text(ward("admin", "key", "author", "--role", "policy-author", "-o", key))
        told(ward("admin", "add", "author", "--role", "policy-author", "--public-key", pem, *self.acme.to, "--json"))
        names = {one["name"]: one for one in told(ward("admin", "list", *self.acme.to, "--json"))["administrators"]}
        self.assertEqual((names["author"]["role"], names["author"]["from"]), ("policy-author", "store"))
        author = [*self.acme.to[:-1], key]
        self.assertIn("evidence", ward("policy", "list", *author))
        ward("refval", "add", "by-author", "1", *author)
        for words in (["secret", "get", "hospital/key/one"], ["secret", "list"], ["lease", "list"], ["admin", "list"]):
            done = subprocess.run([WARD, *words, *map(str, author)], capture_output=True, timeout=PATIENCE_S)
            self.assertEqual((done.returncode, done.stdout), (1, b""), words)
            self.assertIn(b"kbs.admin.role", done.stderr)
        ward("admin", "add", "author", "--role", "auditor", "--public-key", pem, *self.acme.to, code=1)
        ward("admin", "add", "operator", "--role", "operator", "--public-key", pem, *self.acme.to, code=1)
        ward("admin", "remove", "author", *self.acme.to)
        ward("policy", "list", *author, code=1)


if __name__ == "__main__":
    unittest.main()
