#!/usr/bin/env python3
"""Evidence in, attestation result out: a real wardd, evidence of the software TEE, and PyJWT as relying party, in both of
RFC 9334's models; and what names a machine stays with the service."""
import base64
import hashlib
import json
import os
import pathlib
import re
import sys
import unittest

import jwt

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "keep")]
from exchange_test import Kbs, PATH
from kbs_client import Client, Refused, ROOT, canonical
from world import follows_its_schema, ward

AUDIENCE = "https://party.example"
TEES = ("sgx", "tdx", "snp")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Kbs()
        cls.addClassCleanup(cls.world.end)
        cls.answers = []  # everything that the service said to anybody

    def setUp(self):
        self.client = Client(self.world.address, self.world.cafile)
        self.addCleanup(self.client.close)

    def ask(self, path, body=None, method="POST", **headers):
        try:
            octets = self.client.ask(method, path, body if body is not None else b"", **headers)
        except Refused as refused:
            self.answers.append(refused.body)
            raise
        self.answers.append(octets)
        return octets

    def appraise(self, **body):
        told = json.loads(self.ask("/v1/appraise", {"audience": AUDIENCE, **body}))
        follows_its_schema(told)
        follows_its_schema(told["appraisal"])
        return told

    def nonce(self):
        told = json.loads(self.ask("/v1/nonce"))
        follows_its_schema(told)
        return told

    def with_nonce(self, tee, runtime_data):
        """with_nonce is a request whose evidence answers a nonce of the service."""
        given = self.nonce()
        bound = canonical({"additional-evidence": "", "nonce": given["nonce"], **runtime_data})
        evidence = self.world.evidence(hashlib.sha384(bound).digest() + bytes(16), tee)
        return {"tee": tee, "evidence": evidence, "session": given["session"], "runtime_data": runtime_data}, given

    def verified(self, ear):
        """verified are the claims of a result, as a relying party gets them that has only the service's address."""
        keys = jwt.PyJWKSet.from_json(self.ask("/.well-known/jwks.json", method="GET").decode())
        key = next(key for key in keys.keys if key.key_id == jwt.get_unverified_header(ear)["kid"])
        return jwt.decode(ear, key.key, algorithms=["ES256"], audience=AUDIENCE, issuer="wardd")

    def says_each_check_once(self, said, checks):
        """says_each_check_once: the result has the ids of what the answer has whole."""
        self.assertEqual((said["schema"], said["verdict"]), ("ward.ear-appraisal/2", "accepted"))
        self.assertEqual(said["passed"], [check["id"] for check in checks if check["outcome"] == "passed"])
        self.assertEqual([check["id"] for check in said["checks"]], [check["id"] for check in checks if check["outcome"] != "passed"])
        self.assertTrue(all(check["reference"] and check["expected"] for check in checks if check["outcome"] == "passed"))

    def refused(self, status, text, act):
        with self.assertRaises(Refused) as caught:
            act()
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertIn(text, caught.exception.detail)


class Appraise(Case):
    def test_passport_the_attester_brings_the_result(self):
        for tee in TEES:
            with self.subTest(tee):
                request, given = self.with_nonce(tee, {"key": "of the attester"})
                told = self.appraise(**request)
                self.assertEqual(told["verdict"], "accepted", told)
                claims = self.verified(told["ear"])
                submod = claims["submods"]["cpu0"]
                runtime = submod["ear.veraison.annotated-evidence"]["runtime_data_claims"]
                self.assertEqual(runtime, {"additional-evidence": "", "nonce": given["nonce"], "key": "of the attester"})
                self.says_each_check_once(submod["ward.appraisal"], told["appraisal"]["checks"])
                # Whoever has the result alone knows by what id the archive has the rest.
                digest = hashlib.sha256(base64.b64decode(given["nonce"])).hexdigest()
                self.assertEqual(told["id"], f"{claims['iat']:016x}-{digest[:16]}")
                again = json.loads(ward("appraisal", "repeat", told["id"], "--json", *self.world.admin, check=0).stdout)
                self.says_each_check_once(submod["ward.appraisal"], again["checks"])
                self.refused(401, "appraise.nonce.unused", lambda request=request: self.appraise(**request))

    def test_background_check_the_relying_party_brings_the_evidence(self):
        challenge = os.urandom(64)
        octets = base64.b64decode(self.world.evidence(challenge, "snp")["quote"])
        request = {"evidence_base64": base64.b64encode(octets).decode(), "report_data": challenge.hex(), "profile": "ietf"}
        told = self.appraise(**request)
        self.assertEqual((told["verdict"], told["appraisal"]["tee"]), ("accepted", "snp"))
        claims = self.verified(told["ear"])
        self.assertEqual(claims["eat_profile"], "tag:ietf.org,2026:rats/ear#03")
        self.assertEqual(base64.urlsafe_b64decode(claims["submods"]["cpu0"]["eat_nonce"] + "=="), challenge)
        other = self.appraise(**{**request, "report_data": os.urandom(64).hex()})
        self.assertEqual(other["verdict"], "refused")
        self.assertEqual(self.verified(other["ear"])["ear_status"], "contraindicated")
        self.refused(400, "another size than its field", lambda: self.appraise(**{**request, "report_data": "00" * 48}))

    def test_no_is_an_answer_with_its_reasons(self):
        request, _ = self.with_nonce("sgx", {})
        request["runtime_data"] = {"another": "key"}
        told = self.appraise(**request)
        failed = [check["id"] for check in told["appraisal"]["checks"] if check["outcome"] == "failed"]
        self.assertEqual((told["verdict"], failed), ("refused", ["sgx.report_data.expected"]))
        submod = self.verified(told["ear"])["submods"]["cpu0"]
        self.assertEqual(submod["ear.status"], "contraindicated")

    def test_what_is_no_request_is_refused_and_says_where(self):
        good, _ = self.with_nonce("sgx", {})
        for change, text in (({"session": "AAAA"}, "appraise.session.seal"), ({"tee": "toaster"}, "tee: expected a TEE's"),
                             ({"tee": "snp"}, "appraise.evidence.form"), ({"evidence": {"quote": "AA=="}}, "appraise.evidence.form"),
                             ({"audience": "wardd"}, "appraise.request.audience"), ({"more": 1}, "more: expected no member of this name")):
            with self.subTest(text=text):
                status = 401 if "session" in text else 400
                self.refused(status, text, lambda change=change: self.appraise(**{**good, **change}))
        self.refused(405, "", lambda: self.ask("/v1/nonce", method="GET"))

    def test_its_results_open_nothing_here(self):
        key = self.client.key
        public = json.loads(key.export_public())
        pubkey = {name: public[name] for name in ("kty", "crv", "alg", "x", "y")}
        request, _ = self.with_nonce("sgx", {"tee-pubkey": pubkey})
        told = self.appraise(**request)
        self.assertEqual(told["verdict"], "accepted")
        self.refused(401, "kbs.token.valid", lambda: self.ask(f"{ROOT}/resource/{PATH}", method="GET",
                                                             Authorization="Bearer " + told["ear"]))
        cookie = "kbs-session-id=" + request["session"]
        self.refused(401, "kbs.token.valid", lambda: self.ask(f"{ROOT}/resource/{PATH}", method="GET", Cookie=cookie))


class Machines(Case):
    """What names the machine is found nowhere but in the archive, which is sealed."""

    def raw_ids(self, tee, evidence):
        path = self.world.folder / "raw"
        path.write_bytes(base64.b64decode(evidence["quote"]))
        done = ward("verify", path, "--json", "--collateral", self.world.device / "collateral", "--trust-root",
                    self.world.device / "root.pem", "--allow-development")
        told = json.loads(done.stdout)
        names = ["chip_id"] if tee == "snp" else ["pck.ppid", "pck.platform_instance_id"]
        ids = [told["claims"][name] for name in names]
        serials = [check["found"].removeprefix("serial ") for check in told["checks"]
                   if check["id"] == f"{tee}.pck.revocation"]
        return ids + serials

    def appraisal_of(self, tee, **change):
        request, _ = self.with_nonce(tee, {})
        told = self.appraise(**{**request, **change})
        return told, request["evidence"]

    def set_policy(self, **changes):
        policy = {"schema": "ward.evidence-policy/1", "name": "chips", "runtimes": self.world.runtimes,
                  "allow_development": True, **changes}
        path = self.world.folder / "policy.json"
        path.write_text(json.dumps(policy), encoding="utf-8")
        ward("policy", "set", path, "--for", "evidence", *self.world.admin, check=0)

    def test_nobody_is_told_which_machine_it_is(self):
        ids = []
        seen = {}
        for tee in TEES:
            told, evidence = self.appraisal_of(tee)
            self.assertEqual(told["verdict"], "accepted", told)
            ids += self.raw_ids(tee, evidence)
            name = "vek.chip_id" if tee == "snp" else "pck.ppid"
            seen[tee] = told["appraisal"]["claims"][name]
            self.assertRegex(seen[tee], "^salted:[0-9a-f]{64}$")
            self.appraisal_of(tee, runtime_data={"refused": "it is"})
            client = Client(self.world.address, self.world.cafile)
            self.addCleanup(client.close)
            client.auth(tee)
            client.attest(self.world.evidence(client.bound(), tee))
            self.answers.append(client.token.encode())
        self.assertEqual(seen["sgx"], seen["tdx"])  # one machine, known again
        self.assertEqual(len(ids), 7)
        # Policies compare what is concealed, and list machines that are none of the caller's business.
        chips = sorted({name for name in ids if len(name) in (32, 128)})
        other = "aa" * 64
        for accepted, verdict in ((chips, "accepted"), ([other], "refused")):
            self.set_policy(accepted_chips=accepted)
            for tee in TEES:
                self.assertEqual(self.appraisal_of(tee)[0]["verdict"], verdict)
        self.set_policy(accepted_values={"snp.report.chip_id": [other]})
        self.assertEqual(self.appraisal_of("snp")[0]["verdict"], "refused")
        self.set_policy()
        lines = ward("ledger", "list", *self.world_store(), check=0).stdout
        listed = ward("appraisal", "list", "--json", *self.world.admin, check=0).stdout
        one = json.loads(listed)["appraisals"][0]["id"]
        again = ward("appraisal", "repeat", one, "--json", *self.world.admin).stdout
        log = pathlib.Path(self.world.log.name).read_bytes()
        said = [*self.answers, lines, listed, again, log]
        said += [base64.urlsafe_b64decode(part + b"==") for text in list(said) for part in
                 re.findall(rb"eyJ[\w-]+\.([\w-]+)\.[\w-]+", text)]
        self.assertGreater(len(said), 40)
        everything = b"\n".join(said).lower()
        for name in [*ids, other]:
            octets = bytes.fromhex(name)
            whole = octets.rstrip(b"\0")
            self.assertGreaterEqual(len(whole), 8)
            for form in (whole.hex().encode(), base64.b64encode(octets)[:len(octets) // 3 * 4],
                         base64.urlsafe_b64encode(octets)[:len(octets) // 3 * 4]):
                self.assertNotIn(form.lower(), everything, name)

    def world_store(self):
        return [self.world.folder / "service" / "wardd.db"]


if __name__ == "__main__":
    unittest.main()
