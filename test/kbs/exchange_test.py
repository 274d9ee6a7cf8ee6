#!/usr/bin/env python3
"""Whole exchanges of the KBS protocol: a real wardd over TLS, evidence of the software TEE, a client written from the
protocol's page (kbs_client.py), and curl."""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "keep")]
from kbs_client import Client, Refused, ROOT, canonical, new_key, public
from world import World, ward

SECRET = b"1234567890abcde\n"
PATH = "hospital/key/records"


class Kbs(World):
    """Kbs is a World whose policies accept the keep of `ward attest`."""

    def __init__(self):
        super().__init__()
        manifest = self.manifest()
        self.approve(manifest)
        measured = json.loads(ward("keep", "measure", "--json", manifest, check=0).stdout)
        self.runtimes = list(measured["launch_measurement"].values())
        self.workloads = []
        (self.folder / "secret").write_bytes(SECRET)
        ward("secret", "put", PATH, "--file", self.folder / "secret", *self.admin, check=0)
        self.address = self.url.removeprefix("https://")
        self.cafile = self.folder / "service" / "tls.pem"

    def evidence(self, report_data, tee="sgx", log=True):
        """evidence is what a guest of that TEE sends, as JSON; its workload is released to from then on."""
        path, written = self.folder / "evidence", self.folder / "event_log"
        more = ["--event-log", written] if tee == "tdx" else []
        ward("attest", "--device", self.device, "--tee", f"soft-{tee}", "--report-data", report_data.hex(), "-o", path,
             "--force", *more, check=0)
        octets = path.read_bytes()
        claims = json.loads(ward("inspect", path, "--json", check=0).stdout)["claims"]
        field = {"sgx": "config_id", "tdx": "mr_config_id", "snp": "host_data"}[tee]
        self.release_to(next(str(value) for name, value in claims.items() if name.endswith(field)))
        told = {"quote": base64.b64encode(octets).decode()}
        if tee == "tdx":
            told["cc_eventlog"] = base64.b64encode(written.read_bytes()).decode() if log else None
        return told

    def release_to(self, field):
        workload = field[:96]
        if workload in self.workloads:
            return
        self.workloads.append(workload)
        release = {"resources": ["key/records"], "workloads": self.workloads, "runtimes": self.runtimes,
                   "accepted_tcb": ["UpToDate", "NotStated"], "allow_development": True}
        path = self.folder / "results.json"
        path.write_text(json.dumps({"schema": "ward.results-policy/1", "releases": [release]}), encoding="utf-8")
        ward("policy", "set", path, "--for", "results", "--repository", "hospital", *self.admin, check=0)


class AllOn(Kbs):
    config = "allow_kbs_0_1_1 = true\nallow_rsa1_5 = true\n"


class Case(unittest.TestCase):
    kind = Kbs

    @classmethod
    def setUpClass(cls):
        cls.world = cls.kind()

    @classmethod
    def tearDownClass(cls):
        cls.world.end()

    def client(self, version="0.4.0", key=None):
        made = Client(self.world.address, self.world.cafile, version, key)
        self.addCleanup(made.close)
        return made

    def attested(self, version="0.4.0", key=None, tee="sgx"):
        client = self.client(version, key)
        client.auth(tee)
        client.attest(self.world.evidence(client.bound(), tee))
        return client

    def refused(self, act, status, text):
        with self.assertRaises(Refused) as caught:
            act()
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertIn(text, caught.exception.detail)
        return caught.exception


class Exchange(Case):
    kind = AllOn

    def test_each_version_releases_to_each_kind_of_key(self):
        for version, alg, curve in (("0.4.0", "ECDH-ES+A256KW", "P-256"), ("0.4.0", "ECDH-ES+A256KW", "P-384"),
                                    ("0.4.0", "ECDH-ES+A256KW", "P-521"), ("0.4.0", "RSA-OAEP-256", ""),
                                    ("0.2.0", "ECDH-ES+A256KW", "P-256"), ("0.2.0", "RSA-OAEP-256", ""),
                                    ("0.2.0", "RSA1_5", ""), ("0.1.1", "RSA1_5", "")):
            with self.subTest(version=version, alg=alg, curve=curve):
                client = self.attested(version, new_key(alg, curve))
                self.assertEqual(client.resource(PATH), SECRET)
                self.assertEqual(client.resource(PATH, Cookie="", Authorization=f"Bearer {client.token}"), SECRET)

    def test_each_tee_and_what_its_result_says(self):
        for tee, most in (("sgx", 8000), ("tdx", 10_000), ("snp", 8000)):
            with self.subTest(tee):
                client = self.attested(tee=tee)
                # It goes into a header of servers that take 8 kB, TDX's of those that take 16.
                self.assertLess(len(client.token), most)
                self.assertEqual(client.claims()["submods"]["cpu0"]["ear.veraison.annotated-evidence"][
                    "runtime_data_claims"]["nonce"], client.nonce)
                self.assertEqual(client.resource(PATH, Cookie=client.cookie), SECRET)

    def test_a_td_whose_firmware_has_no_event_log_is_served(self):
        client = self.client()
        client.auth("tdx")
        evidence = self.world.evidence(client.bound(), "tdx", log=False)
        self.assertIsNone(evidence["cc_eventlog"])
        client.attest(evidence)
        self.assertEqual(client.resource(PATH, Cookie=client.cookie), SECRET)

    def test_what_is_absent_is_404_and_what_is_not_granted_says_which_check(self):
        client = self.attested()
        self.refused(lambda: client.resource("hospital/key/none"), 404, "kbs.resource.exists: ")
        self.refused(lambda: client.resource("hospital/key"), 404, "repository/type/tag")
        stranger = self.client()
        stranger.auth("sgx")
        self.refused(lambda: stranger.resource(PATH), 401, "kbs.token.valid: ")
        evidence = self.world.evidence(bytes(64))
        self.refused(lambda: stranger.attest(evidence), 401, "report_data")

    def test_a_body_of_another_version_is_refused(self):
        for session, sent in (("0.4.0", "0.2.0"), ("0.2.0", "0.4.0"), ("0.1.1", "0.2.0"), ("0.2.0", "0.1.1")):
            with self.subTest(session=session, sent=sent):
                client = self.client(session)
                client.auth("sgx")
                evidence = {"quote": "AAAA"}
                client.version = sent
                self.refused(lambda: client.attest(evidence), 400, f"a message of version {session}, which /auth chose")

    def test_curl_goes_through_the_protocol(self):
        key = new_key("ECDH-ES+A256KW")
        client = self.client(key=key)
        jar, body = self.world.folder / "jar", self.world.folder / "body.json"

        def curl(path, *more):
            words = ["curl", "-sS", "--fail-with-body", "--cacert", self.world.cafile, "-b", jar, "-c", jar, *more,
                     self.world.url + path]
            return subprocess.run(words, capture_output=True, check=True, timeout=60).stdout

        posted = ("-H", "Content-Type: application/json", "--data-binary", f"@{body}")
        body.write_text('{"version":"0.4.0","tee":"sgx","extra-params":""}', encoding="utf-8")
        client.nonce = json.loads(curl(ROOT + "/auth", *posted))["nonce"]
        body.write_text(json.dumps(client.message(self.world.evidence(client.bound()))), encoding="utf-8")
        self.assertIn("token", json.loads(curl(ROOT + "/attest", *posted)))
        self.assertEqual(client.open(curl(f"{ROOT}/resource/{PATH}")), SECRET)
        self.assertEqual(curl("/healthz"), b"")
        metrics = curl("/metrics").decode()
        self.assertIn('ward_requests_total{route="/kbs/v0/attest",status="200"}', metrics)
        self.assertNotIn("hospital", metrics)

    def test_no_log_line_names_a_resource(self):
        client = self.attested()
        client.resource(PATH)
        self.refused(lambda: client.resource("hospital/key/none"), 404, "")
        told = pathlib.Path(self.world.log.name).read_text(encoding="utf-8")
        self.assertIn("/kbs/v0/resource", told)
        for name in ("hospital", "records"):
            self.assertNotIn(name, told)


class AsShipped(Case):
    def test_old_versions_and_old_keys_are_off(self):
        told = self.refused(lambda: self.client("0.1.1").auth("sgx"), 401, "KBS Client Protocol Version Mismatch")
        self.assertIn("expect =0.4.0, =0.2.0 while the request is 0.1.1", told.detail)
        self.assertEqual(told.variant, "AttestationError")
        client = self.client(key=new_key("RSA1_5"))
        client.auth("sgx")
        self.refused(lambda: client.attest({"quote": "AAAA"}), 400, "kbs.tee_pubkey.usable: ")

    def test_both_spellings_of_azures_names_and_no_tee_that_proves_nothing(self):
        for tee in ("az-snp-vtpm", "azsnpvtpm", "az-tdx-vtpm", "aztdxvtpm", "cca", "tpm", "nvidia"):
            self.client().auth(tee)
        for tee in ("sample", "sampledevice", "csv", "se", "sev"):
            self.refused(lambda tee=tee: self.client().auth(tee), 400, "kbs.request.tee: ")
        self.refused(lambda: self.client().auth("toaster"), 400, "kbs.message.form: ")


class Composite(Case):
    """A machine of two attesters: an SGX enclave, whose key it is, and an SEV-SNP guest beside it, which the policy demands."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        manifest = cls.world.folder / "copy.toml"
        cls.world.approve(manifest, evidence={"required_parts": {"snp": 1}})
        cls.world.workloads.clear()  # approve() set the results policy anew

    def beside(self, client):
        """beside is additional evidence of a device, bound to nonce and key alone."""
        what = canonical({"nonce": client.nonce, "tee-pubkey": public(client.key)})
        return json.dumps({"snp": self.world.evidence(hashlib.sha384(what).digest() + bytes(16), "snp")})

    def shown(self, beside, bound=None):
        client = self.client()
        client.auth("sgx")
        additional = beside(client)
        evidence = self.world.evidence(client.bound(additional if bound is None else bound))
        return client, lambda: client.attest(evidence, additional=additional)

    def test_is_accepted_and_released_to(self):
        sent = []
        client, attest = self.shown(lambda client: sent.append(self.beside(client)) or sent[0])
        attest()
        submod = client.claims()["submods"]["cpu0"]
        self.assertEqual(submod["ward.appraisal"]["verdict"], "accepted")
        for check in ("composite.part.verdict", "composite.parts.required", "composite.parts.distinct"):
            self.assertIn(check, submod["ward.appraisal"]["passed"])
        self.assertEqual(submod["ear.veraison.annotated-evidence"]["runtime_data_claims"]["additional-evidence"],
                         "sha256:" + hashlib.sha256(sent[0].encode()).hexdigest())
        self.assertEqual(client.resource(PATH), SECRET)

    def test_a_part_that_is_absent_or_another_s_refuses_the_whole(self):
        stranger = self.client()
        stranger.auth("sgx")
        of_another_session = self.beside(stranger)
        for beside, check in ((lambda _: "", "composite.parts.required"), (lambda _: of_another_session, "composite.part.verdict")):
            with self.subTest(check):
                self.refused(self.shown(beside)[1], 401, check)

    def test_what_stands_beside_is_bound_by_the_first(self):
        """Whoever adds a genuine part of the same session on the way changes what the first part has to be bound to."""
        self.refused(self.shown(self.beside, bound="")[1], 401, "sgx.report_data.expected")


if __name__ == "__main__":
    unittest.main()
