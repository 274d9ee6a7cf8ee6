#!/usr/bin/env python3
"""Administrators who sign in with a real provider of OpenID Connect (node-oidc-provider), and with TLS client certificates."""
import hashlib
import hmac
import json
import os
import re
import stat
import subprocess
import time
import unittest

import jsonschema
import jwcrypto.jws
from person import Person
from world import BIN, PACKAGES, PATIENCE_S, ROOT, World, b64, new_key

ENTRIES = "/v1/ledger/entries"  # auditors may read it, owners may not
RESOURCE = "/v1/resource/hospital/key/records"


def told(text):
    out = json.loads(text)
    name = re.fullmatch(r"ward\.([a-z_-]+)/1", out["schema"]).group(1)
    jsonschema.validate(out, json.loads((ROOT / f"docs/schemas/ward.{name}-1.json").read_text()))
    return out


@unittest.skipUnless((PACKAGES / "node_modules/oidc-provider").is_dir(), "the npm package oidc-provider is not installed: ./run test")
class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.end)
        cls.provider = cls.world.provider

    def refused(self, check, *texts, status=401, **credentials):
        got, answer = self.world.ask(ENTRIES, **credentials)
        self.assertEqual((got, answer["checks"]), (status, [check]), answer)
        for text in texts:
            self.assertIn(text, json.dumps(answer))
        if credentials.get("token"):
            self.assertNotIn(credentials["token"].split(".")[-1] or "?", json.dumps(answer))
        return answer

    def forged(self, key=None, header=None, **claims):
        """forged is a token that the provider's key signed, as if by itself, with other claims or header."""
        key = key or self.provider.key
        now = int(time.time())
        good = {"iss": self.provider.issuer, "aud": "urn:ward:hospital", "sub": "robot", "client_id": "robot", "iat": now - 60,
                "exp": now + 600, "jti": "1", "realm": {"groups": ["ward-auditors"]}}
        good.update(claims)
        head = {"alg": key.get("alg"), "typ": "at+jwt", "kid": key.get("kid"), **(header or {})}
        jws = jwcrypto.jws.JWS(json.dumps({name: value for name, value in good.items() if value is not None}))
        jws.add_signature(key, protected=json.dumps(head))
        return jws.serialize(compact=True)

    def test_a_machine_signs_in_by_its_clients_secret(self):
        token = self.provider.token("robot")
        self.assertEqual(self.world.ask(RESOURCE, token, method="PUT", body="secret")[0], 200)
        self.assertEqual(self.world.ask(ENTRIES, token)[0], 403)  # an owner is no auditor
        self.refused("kbs.admin.role", "no rule", token=self.provider.token("idle"))
        self.assertIn("oidc", [one["by"] for one in self.world.logged("admin.signed_in")])

    def test_tokens_for_others_are_refused(self):
        self.refused("kbs.admin.token", "another audience", token=self.provider.token("robot", "urn:ward:bank"))
        self.refused("kbs.admin.token", "another client", token=self.provider.token("game"))
        # An ID token is for the client that asked for it.
        self.refused("kbs.admin.token", "another audience", token=self.forged(aud="ward-cli", client_id=None, header={"typ": "JWT"}))

    def test_forgeries_are_refused_each_with_its_reason(self):
        self.assertEqual(self.world.ask(ENTRIES, self.forged())[0], 200)
        now = int(time.time())
        for reason, claims in (("expired", {"exp": now - 31, "iat": now - 100}), ("too old", {"iat": now - 4000}),
                               ("issued in the future", {"iat": now + 100}), ("not yet valid", {"nbf": now + 100}),
                               ("another client", {"azp": "game"}), ("no exp", {"exp": None}),
                               ("bound to another client certificate", {"cnf": {"x5t#S256": "A" * 43}})):
            self.refused("kbs.admin.token", reason, token=self.forged(**claims))
        self.refused("kbs.admin.token", "no administrator has this key", token=self.forged(iss="https://evil.example"))
        self.refused("kbs.admin.token", "no access token", token=self.forged(header={"typ": "JWT"}))
        other = new_key("one")
        self.refused("kbs.admin.token", "jws: signature", token=self.forged(key=other))
        self.refused("kbs.admin.token", "brings a key", token=self.forged(key=other, header={"jwk": other.export_public(as_dict=True)}))

    def test_neither_none_nor_a_public_key_as_a_secret(self):
        head, claims, _ = self.forged().split(".")
        none = b64(json.dumps({"alg": "none", "typ": "at+jwt"}).encode()) + "." + claims + "."
        self.refused("kbs.admin.token", "alg is not one", token=none)
        head = b64(json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": "one"}).encode())
        for secret in (self.provider.key.export_to_pem(), self.provider.key.export_public().encode()):
            mac = hmac.new(secret, f"{head}.{claims}".encode(), hashlib.sha256).digest()
            self.refused("kbs.admin.token", "alg is not one", token=f"{head}.{claims}.{b64(mac)}")

    def until(self, wanted, token):
        """until asks until the status is the wanted one: a key set is not fetched twice in a second."""
        end = time.monotonic() + PATIENCE_S
        while (got := self.world.ask(ENTRIES, token))[0] != wanted:
            self.assertLess(time.monotonic(), end, got)
            time.sleep(0.05)
        return got[1]

    def test_rotation_and_a_provider_that_is_down(self):
        self.first = self.provider.key
        before = self.forged()
        self.assertEqual(self.world.ask(ENTRIES, before)[0], 200)
        self.provider.rotate(new_key("two", "PS256"))
        self.until(200, self.forged())
        self.assertEqual(self.until(401, before)["checks"], ["kbs.admin.token"])  # its key was taken back
        self.provider.say({"up": False})
        self.assertEqual(self.world.ask(ENTRIES, self.forged())[0], 200)
        answer = self.until(503, self.forged(key=new_key("three")))
        self.assertEqual(answer["checks"], ["kbs.admin.issuer_keys"])
        end = time.monotonic() + PATIENCE_S
        while not self.world.logged("oidc.keys_failed"):
            self.world.ask(ENTRIES, self.forged(key=new_key("three")))
            self.assertLess(time.monotonic(), end)
        self.provider.say({"up": True})
        self.assertEqual(self.until(401, self.forged(key=new_key("three")))["checks"], ["kbs.admin.token"])
        self.provider.rotate(self.first)
        self.until(200, self.forged())

    def login(self, *words, env=None):
        """login is `ward login`, with a person who approves: its end, and what it printed."""
        process = subprocess.Popen(
            [BIN / "ward", "login", "--issuer", self.provider.issuer, "--client-id", "ward-cli", "--ca", self.provider.certificate,
             "--audience", "urn:ward:hospital", "--scope", "openid ward", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        try:
            lines = [process.stderr.readline(), process.stderr.readline()]
            self.assertRegex(lines[0], r"^ward: open https://127\.0\.0\.1:\d+/device on any device, and enter the code [A-Z-]+\n$")
            url = re.search(r"https://\S+", lines[1]).group(0)
            self.assertIn("Success", Person(self.provider.context, "alice").approve(url))
            out, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        self.assertEqual((process.returncode, err), (0, ""), out)
        return out

    def test_a_person_signs_in_with_a_device(self):
        place = {"XDG_CONFIG_HOME": str(self.world.folder / "home")}
        file = self.world.folder / "home/ward/login.json"
        out = told(self.login("--json", env=place))
        self.assertEqual((out["file"], out["issuer"]), (str(file), self.provider.issuer))
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(self.world.ward("appraisal", "list", *self.world.to, env=place).stdout, "")
        kept = json.loads(file.read_text())
        self.assertEqual(self.world.ask(ENTRIES, kept["token"])[0], 200)
        named = self.world.ward("appraisal", "list", *self.world.to, "--login", file, "--json")
        self.assertEqual(told(named.stdout)["appraisals"], [])
        self.assertTrue(told(self.world.ward("logout", "--json", env=place).stdout)["removed"])
        self.assertFalse(file.exists())
        self.assertFalse(told(self.world.ward("logout", "--json", env=place).stdout)["removed"])
        nobody = self.world.ward("appraisal", "list", *self.world.to, env=place, code=2)
        self.assertIn("nothing says who asks", nobody.stderr)

    def test_a_kept_sign_in_is_read_strictly(self):
        file = self.world.folder / "kept.json"
        good = {"schema": "ward.login-file/1", "issuer": "https://i", "client_id": "c", "expires": "2000-01-01T00:00:00Z", "token": "a.b.c"}
        for content, mode, code, text in ((good, 0o600, 1, "has expired at 2000-01-01"), (good, 0o644, 1, "kept.json"),
                                          ({**good, "schema": "x/1"}, 0o600, 2, "not what `ward login` writes"),
                                          ({**good, "token": ""}, 0o600, 2, "not what `ward login` writes")):
            file.write_text(json.dumps(content))
            file.chmod(mode)
            self.assertIn(text, self.world.ward("appraisal", "list", *self.world.to, "--login", file, code=code).stderr)

    def test_login_tells_what_is_wrong(self):
        base = ["login", "--client-id", "ward-cli", "--login", self.world.folder / "none.json"]
        here = ["--issuer", self.provider.issuer]
        ca = ["--ca", self.provider.certificate]
        for words, code, text in ((["--issuer", self.provider.issuer + "/x", *ca], 3, "unrecognized route"),
                                  ([*here, "--ca", self.world.state / "tls.pem"], 1, "not the trusted one"),
                                  (["--issuer", "https://127.0.0.1:1", *ca], 3, "127.0.0.1:1"),
                                  (["--issuer", "http://127.0.0.1", *ca], 3, "begins with https://"),
                                  ([*here, "--ca", self.world.folder / "absent"], 3, "absent"),
                                  ([*here, *ca, "--client-id", "nobody"], 1, "does not begin a sign-in: invalid_client")):
            base_words = [word for word in base if "--client-id" not in words or word not in ("--client-id", "ward-cli")]
            self.assertIn(text, self.world.ward(*base_words, *words, code=code).stderr)
        self.assertFalse((self.world.folder / "none.json").exists())

    def tenant(self, name, *words, code=0):
        return self.world.ward("tenant", "add", name, "--administrator", "robots", *words, *self.world.to, "--admin", self.world.operator,
                               code=code)

    def test_a_tenant_grants_roles_to_people_of_the_provider(self):
        group = ["--issuer", self.provider.issuer, "--claim", "realm", "--claim", "groups", "--value", "ward-owners"]
        self.tenant("acme", *group)
        self.tenant("zeta", "--issuer", self.provider.issuer, "--subject", "nobody")
        self.assertIn("kbs.admin.sign_in", self.tenant("third", *group, code=1).stderr)
        robot, idle = self.provider.token("robot"), self.provider.token("idle")
        people = "/t/acme/v1/administrators"
        self.assertEqual(self.world.ask(people, robot)[0], 200)  # in the default tenant he is an owner
        for path in ("/t/zeta/v1/administrators", "/v1/administrators"):
            self.assertIn(self.world.ask(path, robot)[0], (401, 403), path)
        self.assertEqual(self.world.ask("/t/acme" + ENTRIES, idle)[1]["checks"], ["kbs.admin.role"])
        kept = self.world.folder / "robot.json"
        kept.write_text(json.dumps({"schema": "ward.login-file/1", "issuer": self.provider.issuer, "client_id": "robot",
                                    "expires": "2100-01-01T00:00:00Z", "token": robot}))
        kept.chmod(0o600)
        to = ["--server", self.world.url + "/t/acme", "--server-key", self.world.server_key, "--login", kept]
        one = told(self.world.ward("admin", "add", "idle", "--role", "auditor", "--issuer", self.provider.issuer, "--subject", "idle",
                                   *to, "--json").stdout)
        self.assertEqual(one["oidc"], {"issuer": self.provider.issuer, "claim": ["sub"], "value": "idle"})
        status, entries = self.world.ask("/t/acme" + ENTRIES, idle)
        self.assertEqual(status, 200, entries)
        leaf = next(one for one in entries["entries"] if one["kind"] == "administrator.add" and one["subject"] == "idle")
        self.assertEqual((leaf["actor"], leaf["details"]["sign_in"]), ("corp:robot", "oidc"))
        self.assertIn(f'"issuer":"{self.provider.issuer}"', leaf["details"]["after"])
        for path in ("/t/zeta" + ENTRIES, ENTRIES):
            self.assertEqual(self.world.ask(path, idle)[0], 401, path)
        twice = self.world.ward("admin", "add", "idle2", "--role", "auditor", "--issuer", self.provider.issuer, "--subject", "idle", *to,
                                code=1)
        self.assertIn("kbs.admin.proof", twice.stderr)
        self.assertIn(f"idle auditor, sub idle at {self.provider.issuer}, store", self.world.ward("admin", "list", *to).stdout)
        self.world.ward("admin", "remove", "idle", *to)
        self.assertEqual(self.world.ask("/t/acme" + ENTRIES, idle)[0], 401)  # at once
        # Certificates too: the service asks for them and has the CA, the tenant says whose they are.
        pinned = [self.world.folder / "pinned.pem", self.world.folder / "pinned.key"]
        named = self.world.certificates.make("named")
        for name, words, shown in (("pin", ["--pinned-certificate", pinned[0]], pinned),
                                   ("dns", ["--certificate-name", "dns:ops.example"], named)):
            self.refused_at("/t/acme" + ENTRIES, "kbs.admin.certificate", certificate=shown)
            told(self.world.ward("admin", "add", name, "--role", "auditor", *words, *to, "--json").stdout)
            self.assertEqual(self.world.ask("/t/acme" + ENTRIES, certificate=shown)[0], 200, name)
            self.refused_at("/t/zeta" + ENTRIES, "kbs.admin.certificate", certificate=shown)
        # The CA vouches for no names at a tenant that client_ca_tenants does not list.
        third = self.tenant("third", "--certificate-name", "dns:ops.example", code=1)
        self.assertIn("kbs.admin.sign_in", third.stderr)
        self.world.restart('client_ca_tenants = ["acme"]', 'client_ca_tenants = ["zeta"]')
        refused = self.world.ask("/t/acme" + ENTRIES, certificate=named)
        self.assertEqual((refused[0], refused[1]["checks"]), (401, ["kbs.admin.certificate"]))
        self.assertIn("No CA that", json.dumps(refused[1]))
        self.assertEqual(self.world.ask("/t/acme" + ENTRIES, certificate=pinned)[0], 200)  # a pin needs no CA
        self.world.restart('client_ca_tenants = ["zeta"]', 'client_ca_tenants = ["acme"]')
        self.assertEqual(self.world.ask("/t/acme" + ENTRIES, certificate=named)[0], 200)
        for words in ([], ["--issuer", "https://i"], ["--subject", "a"], ["--issuer", "https://i", "--claim", "a"],
                      ["--issuer", "https://i", "--subject", "a", "--value", "b"],
                      ["--certificate-name", "dns:a", "--pinned-certificate", pinned[0]]):
            self.world.ward("admin", "add", "x", "--role", "auditor", *words, *to, code=2)

    def refused_at(self, path, check, **credentials):
        got, answer = self.world.ask(path, **credentials)
        self.assertEqual((got, answer["checks"]), (401, [check]), answer)

    def test_client_certificates(self):
        make = self.world.certificates.make
        good = make("good")
        self.assertEqual(self.world.ask(ENTRIES, certificate=good)[0], 200)
        pinned = [self.world.folder / "pinned.pem", self.world.folder / "pinned.key"]
        self.assertEqual(self.world.ask(ENTRIES, certificate=pinned)[0], 200)
        for name, text, change in (("old", "It has expired", {"days": -1}), ("stranger", "No CA that", {"ca": "other-ca"}),
                                   ("server", "not for a TLS client", {"usage": "serverAuth"}),
                                   ("nobody", "None of its names", {"san": "DNS:nobody.example"})):
            self.refused("kbs.admin.certificate", text, certificate=make(name, **change))
        self.assertEqual(self.world.ask("/healthz")[0], 200)  # who has none is served all the same

    def test_revoked_client_certificates(self):
        make = self.world.certificates.make
        revoked, good = make("revoked"), make("in-force")
        self.assertEqual(self.world.ask(ENTRIES, certificate=revoked)[0], 200)
        before = self.world.crls.read_bytes()
        self.world.revoke(revoked)
        self.assertIn("T", self.world.logged("client_crls.list")[-1]["next_update"])
        self.refused("kbs.admin.certificate", "It is revoked", certificate=revoked)
        self.assertEqual(self.world.ask(ENTRIES, certificate=good)[0], 200)
        text = self.world.crls.read_bytes()
        self.world.crls.write_text("nothing")
        self.world.hang_up("client_crls.failed")
        self.refused("kbs.admin.certificate", "It is revoked", certificate=revoked)  # what was read before still counts
        for older, reason in ((before, "a newer list"), (self.world.certificates.list_of("other-ca"), "no CA of client_ca")):
            self.world.crls.write_bytes(older)
            self.world.hang_up("client_crls.refused")
            self.assertIn(reason, self.world.logged("client_crls.refused")[-1]["reason"])
            self.assertEqual(self.world.ask(ENTRIES, certificate=revoked)[0], 401)
        self.world.crls.write_bytes(text)
        self.world.hang_up("client_crls.read")
        self.assertEqual(self.world.ask(ENTRIES, certificate=good)[0], 200)

    def test_no_row_takes_what_the_configuration_names(self):
        pinned = self.world.folder / "pinned.pem"
        to = [*self.world.to, "--admin", self.world.state / "admin.key.pem"]
        for words in (["--pinned-certificate", pinned], ["--certificate-name", "dns:ops.example"]):
            self.assertIn("kbs.admin.proof", self.world.ward("admin", "add", "mole", "--role", "auditor", *words, *to, code=1).stderr)

    def test_a_token_and_a_certificate_are_of_one_person(self):
        good = self.world.certificates.make("both")
        self.refused("kbs.admin.person", "certificate of ops", token=self.forged(), certificate=good)
        self.refused("kbs.admin.token", "expired", token=self.forged(exp=int(time.time()) - 31), certificate=good)
        digest = hashlib.sha256(subprocess.run(["openssl", "x509", "-in", good[0], "-outform", "DER"], capture_output=True,
                                               check=True).stdout).digest()
        bound = self.forged(cnf={"x5t#S256": b64(digest)})
        self.refused("kbs.admin.token", "bound to another client certificate", token=bound)
        # Whose name is in the certificate matters where there is one: this one is of somebody else.
        self.refused("kbs.admin.person", "certificate of ops", token=bound, certificate=good)

    def test_a_certificate_that_a_token_is_bound_to_need_name_nobody(self):
        own = self.world.certificates.make("own", ca="other-ca", san="DNS:nobody.example")
        self.refused("kbs.admin.certificate", "No CA that", certificate=own)
        digest = hashlib.sha256(subprocess.run(["openssl", "x509", "-in", own[0], "-outform", "DER"], capture_output=True,
                                               check=True).stdout).digest()
        self.assertEqual(self.world.ask(ENTRIES, self.forged(cnf={"x5t#S256": b64(digest)}), certificate=own)[0], 200)
        self.assertIn("oidc+certificate", [one["by"] for one in self.world.logged("admin.signed_in")])
        self.refused("kbs.admin.certificate", "No CA that", token=self.forged(), certificate=own)

    def test_ward_shows_a_certificate(self):
        certificate, key = self.world.certificates.make("tool")
        to = [*self.world.to, "--certificate", certificate, "--certificate-key", key]
        self.assertEqual(told(self.world.ward("appraisal", "list", *to, "--json").stdout)["appraisals"], [])
        both = self.world.ward("appraisal", "list", *to, "--admin", self.world.state / "admin.key.pem", code=1)
        self.assertIn("kbs.admin.person", both.stderr)
        other = self.world.folder / "good2.key"
        self.world.certificates.key("good2")
        mixed = self.world.ward("appraisal", "list", *self.world.to, "--certificate", certificate, "--certificate-key", other, code=2)
        self.assertIn("do not belong together", mixed.stderr)
        alone = self.world.ward("appraisal", "list", *self.world.to, "--certificate", certificate, code=2)
        self.assertIn("--certificate-key", alone.stderr)


if __name__ == "__main__":
    unittest.main()
