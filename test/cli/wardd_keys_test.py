#!/usr/bin/env python3
"""A relying party gets the keys of wardd's results over HTTPS, and they are rotated with overlap."""
import json
import os
import pathlib
import re
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import jwt
from cryptography.hazmat.primitives import serialization

WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
WARDD = WARD.parent / "wardd"
ISSUER = "https://wardd.example:8443"
PATIENCE_S = 60


class Service:
    """A running wardd; ends with the block."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen([WARDD, "--config", folder / "wardd.toml"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if '"event":"started"' in line:
                break
        else:
            raise AssertionError(f"wardd ended: {self.process.wait(PATIENCE_S)}")
        self.port = (folder / "wardd.address").read_text().strip().rpartition(":")[2]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)

    def get(self, path, headers=(), method="GET"):
        context = ssl.create_default_context(cafile=self.folder / "tls.pem")
        request = urllib.request.Request(f"https://localhost:{self.port}{path}", headers=dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, context=context, timeout=PATIENCE_S) as reply:
                return reply.status, dict(reply.headers), reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def jwks(self):
        status, headers, body = self.get("/.well-known/jwks.json")
        assert status == 200 and headers["Content-Type"] == "application/jwk-set+json", headers
        assert headers["Cache-Control"] == "public, max-age=300", headers
        return body

    def shown(self, token):
        status, _, body = self.get("/kbs/v0/resource/a/b/c", {"Authorization": f"Bearer {token}"})
        assert status in (401, 404), (status, body)
        return body

    def takes(self, token):
        """takes is whether a result of this token's key counts: what follows is judged then."""
        return "jws: no trusted key of this kid" not in self.shown(token)


def private_keys(folder):
    text = (folder / "token.key.pem").read_text()
    return re.findall("-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n", text, re.S)


def thumbprints(text):
    return [key["kid"] for key in json.loads(text)["keys"]]


class Keys(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name) / "svc"
        told = self.wardd("init", self.folder, "--name", "wardd.test", "--listen", "127.0.0.1:0")
        self.kid = re.search("token_key +([^ ]+)\n", told).group(1)

    def wardd(self, *words, code=0):
        done = subprocess.run([WARDD, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def rotate(self, *words, code=0):
        told = self.wardd("rotate", "--config", self.folder / "wardd.toml", *words, code=code)
        self.assertEqual(stat.S_IMODE((self.folder / "token.key.pem").stat().st_mode), 0o600)
        return told

    def configure(self, line):
        path = self.folder / "wardd.toml"
        path.write_text(line + "\n" + path.read_text())

    def token(self, issuer="wardd.test", algorithm="ES256"):
        """A result as the service would sign it now."""
        now = int(time.time())
        claims = {"iss": issuer, "aud": "wardd.test", "iat": now, "exp": now + 300}
        key = private_keys(self.folder)[0]
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.kid})

    def test_a_relying_party_verifies_by_the_served_keys(self):
        token = self.token()
        with Service(self.folder) as service:
            keys = jwt.PyJWKSet.from_json(service.jwks()).keys
            self.assertEqual([key.key_id for key in keys], [self.kid])
            claims = jwt.decode(token, keys[0].key, algorithms=["ES256"], issuer="wardd.test", audience="wardd.test")
            self.assertEqual(claims["iss"], "wardd.test")
            self.assertTrue(service.takes(token))
            self.assertEqual(service.get("/.well-known/jwks.json", method="POST")[0], 405)
            # Nobody said under which address clients reach it.
            self.assertEqual(service.get("/.well-known/openid-configuration")[0], 404)

    def test_discovery_names_the_issuer_that_the_configuration_names(self):
        self.configure(f'issuer = "{ISSUER}"')
        with Service(self.folder) as service:
            status, headers, body = service.get("/.well-known/openid-configuration")
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            told = json.loads(body)
            self.assertEqual(told["issuer"], ISSUER)
            self.assertEqual(told["jwks_uri"], ISSUER + "/.well-known/jwks.json")
            self.assertEqual(told["id_token_signing_alg_values_supported"], ["ES256"])
            self.assertEqual(told["response_types_supported"], ["id_token"])
            self.assertEqual(told["subject_types_supported"], ["public"])
            # The service's own results are that issuer's.
            self.assertIn("jwt: another issuer", service.shown(self.token()))
            self.assertNotIn("jwt: another issuer", service.shown(self.token(ISSUER)))

    def test_an_issuer_that_is_no_such_url_is_usage(self):
        whole = (self.folder / "wardd.toml").read_text()
        for url in ("http://wardd.example", "https://", "https://wardd.example/", "https://a?b", "https://a#b", "https://a b"):
            (self.folder / "wardd.toml").write_text(f'issuer = "{url}"\n' + whole)
            told = self.wardd("--check", "--config", self.folder / "wardd.toml", code=2)
            self.assertIn("issuer: expected an https URL", told)

    def test_after_a_rotation_the_old_results_count_and_new_ones_have_a_new_key(self):
        old = self.token()
        told = self.rotate()
        new = re.search("signs +([^ ]+)\n", told).group(1)
        self.assertNotEqual(new, self.kid)
        self.assertIn(f"retired  {self.kid} until ", told)
        self.assertEqual(len(private_keys(self.folder)), 1)
        with Service(self.folder) as service:
            self.assertEqual(thumbprints(service.jwks()), [new, self.kid])
            self.assertTrue(service.takes(old))
            self.kid = new
            self.assertTrue(service.takes(self.token()))

    def test_a_key_is_published_before_it_signs(self):
        told = self.rotate("--publish")
        following = re.search("next +([^ ]+)\n", told).group(1)
        with Service(self.folder) as service:
            self.assertEqual(thumbprints(service.jwks()), [self.kid, following])
            self.assertTrue(service.takes(self.token()))
        before = (self.folder / "token.key.pem").read_bytes()
        self.assertIn("without --publish", self.rotate("--publish", code=1))
        self.assertEqual((self.folder / "token.key.pem").read_bytes(), before)
        self.assertIn(f"signs    {following}\n", self.rotate())

    def test_keys_of_every_kind_follow_one_another(self):
        self.configure(f'issuer = "{ISSUER}"')
        old = [(self.token(ISSUER), "ES256")]
        for algorithm in ("ES384", "EdDSA"):
            told = self.rotate("--token-algorithm", algorithm)
            self.kid = re.search("signs +([^ ]+)\n", told).group(1)
            old.append((self.token(ISSUER, algorithm), algorithm))
        self.assertIn("EdDSA", self.wardd("rotate", "--config", self.folder / "wardd.toml", "--token-algorithm", "RS256", code=2))
        with Service(self.folder) as service:
            keys = {one["kid"]: one for one in json.loads(service.jwks())["keys"]}
            self.assertEqual([one["alg"] for one in keys.values()], ["EdDSA", "ES256", "ES384"])
            told = json.loads(service.get("/.well-known/openid-configuration")[2])
            self.assertEqual(told["id_token_signing_alg_values_supported"], ["EdDSA", "ES256", "ES384"])
            for token, algorithm in old:
                key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
                jwt.decode(token, key.key, algorithms=[algorithm], audience="wardd.test")
                self.assertTrue(service.takes(token), algorithm)
            # The name of one key, signed by another of another kind.
            forged = jwt.encode({"iss": ISSUER, "aud": "wardd.test"}, private_keys(self.folder)[0], algorithm="EdDSA",
                                headers={"kid": jwt.get_unverified_header(old[0][0])["kid"]})
            self.assertIn("jws: alg", service.shown(forged))
        # The next one is of the kind that signs; what was made known is what comes next.
        self.rotate("--publish")
        self.assertIn("of another kind", self.rotate("--token-algorithm", "ES256", code=1))
        self.assertIn("Ed25519", type(serialization.load_pem_private_key(private_keys(self.folder)[1].encode(), None)).__name__)

    def test_what_a_compromised_key_signed_is_void(self):
        old = self.token()
        self.rotate("--publish")
        self.rotate()
        new = re.search("signs +([^ ]+)\n", self.rotate("--compromised")).group(1)
        with Service(self.folder) as service:
            self.assertEqual(thumbprints(service.jwks()), [new])
            self.assertFalse(service.takes(old))

    def test_a_retired_key_whose_results_have_expired_is_gone(self):
        path = self.folder / "token.key.pem"
        self.rotate()
        text = path.read_text()
        path.write_text(re.sub("retired: .*", "retired: 2026-01-01T00:00:00Z", text))
        with Service(self.folder) as service:
            self.assertEqual(len(thumbprints(service.jwks())), 1)
        self.rotate()
        self.assertEqual(path.read_text().count("retired: "), 1)

    def test_a_file_that_is_no_key_file_is_refused_and_stays(self):
        path = self.folder / "token.key.pem"
        path.write_text("no key\n")
        self.assertIn("token.key.pem", self.rotate(code=1))
        self.assertEqual(path.read_text(), "no key\n")
        path.unlink()
        self.wardd("rotate", "--config", self.folder / "wardd.toml", code=3)
        self.assertFalse(path.exists())
        self.wardd("rotate", "--config", self.folder / "wardd.toml", "--publish", "--compromised", code=2)


if __name__ == "__main__":
    unittest.main()
