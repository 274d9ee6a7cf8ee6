#!/usr/bin/env python3
"""What `ward verify`, `ward inspect` and `ward checks` print, and with which exit code."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
QUOTE = VECTORS / "sgx/sgx_v3_automata-network_c81a90ee.dat"
AT = ["--at", "2024-05-18T18:22:51Z"]
COLLATERAL = ["--collateral", str(VECTORS / "dcap")]


def ward(*args, stdin=None):
    done = subprocess.run([WARD, *map(str, args)], capture_output=True, input=stdin, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def need_vectors():
    if (VECTORS / "MANIFEST.tsv").exists():
        return
    if "vectors" in os.environ.get("WARD_REQUIRE", ""):
        raise AssertionError("WARD_REQUIRE=vectors, but none found")
    raise unittest.SkipTest("no vectors: set WARD_VECTORS")


class Version(unittest.TestCase):
    def test_names_the_library_that_judges_p384(self):
        code, out, err = ward("--version")
        self.assertEqual((code, err), (0, ""))
        pattern = "AWS-LC" if "engines" in os.environ.get("WARD_REQUIRE", "") else "(AWS-LC|OpenSSL)"
        self.assertRegex(out, rf"^ward \d+\.\d+\.\d+\nP-384 signatures: {pattern} [\d.]+\n$")


class Roots(unittest.TestCase):
    def test_a_root_that_is_a_bare_key_is_named_once(self):
        for tee, name in (("psa", "psa_2_0_0"), ("cca", "cca_profile"), ("tpm", "ecdsa_p256_key")):
            folder = ROOT / "tee" / tee / "testdata/valid" / name
            facts = dict(line.split() for line in (folder / "case.txt").read_text().splitlines())
            args = ("verify", folder / "evidence", "--at", facts["at"])
            code, out, err = ward(*args, "--trust-root", folder / "root_ca.pem", "--allow-development")
            self.assertEqual((code, err, out.splitlines()[0][:8]), (0, "", "accepted"), tee)
            self.assertNotEqual(ward(*args)[0], 0)
            code, out, err = ward(*args, "--collateral", folder / "root_ca.pem")
            self.assertEqual((code, err), (1, ""), out)


    def test_a_root_is_of_one_tee_that_is_named(self):
        folder = ROOT / "tee/psa/testdata/valid/psa_2_0_0"
        for root, text in (("psa", "psa names no file"), ("psa=", "psa= names no file"), ("tmp=x", "tmp=x begins with no TEE")):
            code, out, err = ward("verify", folder / "evidence", "--hardware-root", root)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(text, err)
        root = f"tpm={folder / 'root_ca.pem'}"
        code, out, err = ward("verify", folder / "evidence", "--hardware-root", root)
        self.assertEqual((code, err, out.splitlines()[0]), (1, "", "refused: psa.device_key.root"))
        code, out, err = ward("verify", folder / "evidence", "--hardware-root", root.replace("tpm", "psa"))
        self.assertEqual((code, err, out.splitlines()[0][:8]), (0, "", "accepted"))

    def test_a_demand_that_such_evidence_cannot_meet_is_a_mistake(self):
        chips = ROOT / "test/explain/chips.txt"
        for tee, name, option in (("tpm", "ecdsa_p256_key", ("--chips", chips)), ("nitro", "nitro", ("--chips", chips)),
                                  ("keystone", "keystone", ("--refuse-product", "Milan"))):
            code, out, err = ward("verify", ROOT / "tee" / tee / "testdata/valid" / name / "evidence", *option)
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn("names no", err)

    def test_a_root_that_is_a_jwk_is_its_key(self):
        for tee, name in (("psa", "psa_2_0_0"), ("cca", "cca_profile"), ("tpm", "ecdsa_p256_key")):
            folder = ROOT / "tee" / tee / "testdata/valid" / name
            facts = dict(line.split() for line in (folder / "case.txt").read_text().splitlines())
            der = base64.b64decode("".join((folder / "root_ca.pem").read_text().splitlines()[1:-1]))
            curve, size = {91: ("P-256", 32), 120: ("P-384", 48)}[len(der)]
            x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (der[-2 * size:-size], der[-size:]))
            with tempfile.TemporaryDirectory() as holder:
                jwk = pathlib.Path(holder) / "root.jwk"
                jwk.write_text(json.dumps({"kty": "EC", "crv": curve, "x": x, "y": y}))
                args = ("verify", folder / "evidence", "--at", facts["at"], "--hardware-root", f"{tee}={jwk}")
                code, out, err = ward(*args)
                self.assertEqual((code, err, out.splitlines()[0][:8]), (0, "", "accepted"), tee)
                jwk.write_text(json.dumps({"kty": "EC", "crv": curve, "x": x, "y": y, "d": x}))
                code, out, err = ward(*args)
                self.assertEqual((code, out), (2, ""))
                self.assertIn("JWK", err)


class Possible(unittest.TestCase):
    """Values that such evidence can never have are the caller's mistake, and no verdict."""

    def refused(self, tee, name, *more):
        folder = ROOT / "tee" / tee / "testdata/valid" / name
        at = dict(line.split(maxsplit=1) for line in (folder / "case.txt").read_text().splitlines())["at"]
        return ward("verify", folder / "evidence", "--collateral", folder, "--trust-root", folder / "root_ca.pem",
                    "--allow-development", "--at", at, *more)

    def test_values_of_no_possible_length_or_form(self):
        for tee, name, option, value, text in (
                ("tpm", "ecdsa_p256_key", "--measurement", "00", "1 octets, but the measurement of tpm has 32, 48 or 64"),
                ("tpm", "ecdsa_p256_key", "--workload", "00", "1 octets, but the workload field of tpm has 20, 32, 48 or 64"),
                ("tpm", "ecdsa_p256_key", "--accept-value", "tpm.pcr.0=00", "write 20, 32, 48 or 64 octets in hex"),
                ("tpm", "ecdsa_p256_key", "--accept-value", "tpm.ak.name=00", "write 4, 22, 34, 50 or 66 octets in hex"),
                ("tpm", "ecdsa_p256_key", "--accept-value", "tpm.quote.pcr_selection=all", "write PCRs as sha256:0,1,7"),
                ("azure", "snp_0", "--accept-value", "azure.tpm.pcr.0=00", "write 20, 32, 48 or 64 octets in hex"),
                ("azure", "snp_0", "--workload", "00", "20, 32, 48 or 64"),
                ("nitro", "nitro", "--accept-value", "nitro.document.nonce=zz", "write octets in hex"),
                ("cca", "cca_profile", "--measurement", "00", "32, 48 or 64"),
                ("cca", "cca_profile", "--accept-value", "cca.realm.rem0=00", "write 32, 48 or 64 octets in hex"),
                ("psa", "psa_2_0_0", "--report-data", "00", "32, 48 or 64"),
                ("keystone", "keystone", "--workload", "00", "ward keystone measure")):
            code, out, err = self.refused(tee, name, option, value)
            self.assertEqual((code, out), (2, ""), (tee, option, value, err))
            self.assertIn(text, err)
            self.assertEqual(len(err.splitlines()), 2, err)

    def test_values_that_may_be_are_compared(self):
        for tee, name, option, value in (("tpm", "ecdsa_p256_key", "--measurement", "00" * 32),
                                         ("tpm", "ecdsa_p256_key", "--accept-value", "tpm.quote.pcr_selection=sha256:0"),
                                         ("nitro", "nitro", "--accept-value", "nitro.document.nonce=00")):
            self.assertEqual(self.refused(tee, name, option, value)[0], 1, (tee, value))

    def test_the_help_names_the_tees_that_an_option_is_for(self):
        said = " ".join(ward("verify", "--help")[1].split())
        checks = json.loads(ward("checks", "--json")[1])["checks"]
        for option, check in (("--refuse-product", "product.accepted"), ("--chips", "chip.accepted")):
            tees = ", ".join(one["by"] for one in checks if one["id"] == f"{one['by']}.{check}")
            self.assertIn("nvidia", tees)
            self.assertIn(f"({tees})", said[said.index(option):], option)

    def test_a_demand_on_a_status_that_the_hardware_does_not_have(self):
        code, out, err = self.refused("azure", "snp_0", "--accept-tcb", "any")
        self.assertEqual((code, out), (2, ""), err)
        self.assertIn("states no TCB status", err)
        self.assertEqual(self.refused("azure", "tdx_1", "--accept-tcb", "any")[0], 0)

    def test_a_keystone_report_with_more_behind_it_is_told_its_size(self):
        folder = ROOT / "tee/keystone/testdata/valid/keystone"
        for more in (bytes(100), b"junk"):
            code, out, _ = ward("verify", "-", "--hardware-root", f"keystone={folder / 'root_ca.pem'}",
                                stdin=(folder / "evidence").read_bytes() + more)
            self.assertEqual(code, 1)
            self.assertIn("failed     keystone.report.form", out)
            self.assertIn(f"{1352 + len(more)} octets", out)
            self.assertIn("its first 1352 octets are the report", out)

    def test_keystones_two_hashes_are_warned_of_where_one_is_not_compared(self):
        folder = ROOT / "tee/keystone/testdata/valid/keystone"
        facts = dict(line.split(maxsplit=1) for line in (folder / "case.txt").read_text().splitlines())
        both = ("--measurement", facts["measurement"], "--workload", facts["workload"])
        for asked, warned in (((), True), (both[:2], True), (both[2:], True), (both, False)):
            code, out, err = self.refused("keystone", "keystone", "--report-data", facts["report_data"], *asked)
            self.assertEqual((code, "two hashes" in out), (0, warned), (asked, out + err))

    def test_psa_says_that_nobody_compared_what_runs(self):
        folder = ROOT / "tee/psa/testdata/valid/psa_2_0_0"
        facts = dict(line.split(maxsplit=1) for line in (folder / "case.txt").read_text().splitlines())
        code, out, err = self.refused("psa", "psa_2_0_0", "--report-data", facts["report_data"])
        self.assertEqual(code, 0, err)
        self.assertIn("not checked: psa.device.components", out.splitlines()[0])
        told = json.loads(self.refused("psa", "psa_2_0_0", "--report-data", facts["report_data"], "--json")[1])
        self.assertEqual(told["unchecked"], ["psa.device.components"])
        named = [word for item in told["claims"]["components"] for word in ("--accept-value", f"psa.device.components={item}")]
        code, out, err = self.refused("psa", "psa_2_0_0", "--report-data", facts["report_data"], *named)
        self.assertEqual((code, out.splitlines()[0][:8], "not checked" in out.splitlines()[0]), (0, "accepted", False), out + err)

    def test_octets_behind_a_certificate_table_are_told(self):
        folder = ROOT / "tee/snp/testdata/valid/genoa_4_vcek_extended"
        evidence = (folder / "evidence").read_bytes()
        at = dict(line.split(maxsplit=1) for line in (folder / "case.txt").read_text().splitlines())["at"]
        for more, told in ((bytes(16), False), (b"junk", True)):
            code, out, err = ward("verify", "-", "--collateral", folder, "--trust-root", folder / "root_ca.pem",
                                  "--allow-development", "--at", at, stdin=evidence + more)
            self.assertEqual((code, "4 octets that its certificate table does not name" in out), (0, told), out + err)


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_vectors()

    def test_default_policy_refuses_by_exactly_the_tcb_check(self):
        code, out, err = ward("verify", QUOTE, *COLLATERAL, *AT)
        self.assertEqual((code, err), (1, ""))
        self.assertEqual(out.splitlines()[0], "refused: sgx.tcb.status")
        self.assertIn("found    SWHardeningNeeded", out)

    def test_accepted_status_names_what_was_not_checked(self):
        code, out, err = ward("verify", QUOTE, *COLLATERAL, *AT, "--accept-tcb", "SWHardeningNeeded")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(
            out.splitlines()[0],
            "accepted (platform only; not checked: report_data, measurement)",
        )

    def test_json_follows_the_published_schema(self):
        import jsonschema

        schema = json.loads((ROOT / "docs/schemas/ward.appraisal-1.json").read_text())
        for extra in ([], COLLATERAL, [*COLLATERAL, "--accept-tcb", "any"], [*COLLATERAL, "--report-data", "00" * 64]):
            code, out, err = ward("verify", QUOTE, *AT, "--json", *extra)
            appraisal = json.loads(out)
            jsonschema.validate(appraisal, schema)
            self.assertEqual(code, {"accepted": 0, "refused": 1, "undetermined": 3}[appraisal["verdict"]])
            self.assertEqual(err, "")

    def test_expected_values_are_compared_whole(self):
        claims = json.loads(ward("inspect", QUOTE, "--json")[1])["claims"]
        good = ["--accept-tcb", "any", "--report-data", claims["report_data"], "--measurement", claims["mr_enclave"]]
        code, out, _ = ward("verify", QUOTE, *COLLATERAL, *AT, *good)
        self.assertEqual((code, out.splitlines()[0]), (0, "accepted"))
        wrong = ["--accept-tcb", "any", "--report-data", "11" * 64]
        code, out, _ = ward("verify", QUOTE, *COLLATERAL, *AT, *wrong)
        self.assertEqual((code, out.splitlines()[0]), (1, "refused: sgx.report_data.expected"))
        code, out, err = ward("verify", QUOTE, *COLLATERAL, *AT, "--report-data", "11" * 32)
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(
            err,
            "ward: error: --report-data: 32 octets, but the report data of sgx has 64\n"
            "ward: hint: give the whole field; ward neither pads nor cuts what it compares\n",
        )

    def test_a_policy_may_name_the_values_of_a_tees_own_fields(self):
        base = ("verify", QUOTE, *COLLATERAL, *AT, "--accept-tcb", "any")
        code, out, _ = ward(*base, "--accept-value", "sgx.attributes.provision_key=false",
                            "--accept-value", "sgx.report_body.isv_svn=1", "--accept-value", "sgx.report_body.isv_svn=0")
        self.assertEqual((code, out.split()[0]), (0, "accepted"), out)
        code, out, _ = ward(*base, "--accept-value", "sgx.attributes.provision_key=true")
        self.assertEqual((code, out.splitlines()[0]), (1, "refused: sgx.attributes.provision_key"))

    def test_without_collateral_the_verdict_is_undetermined(self):
        code, out, err = ward("verify", QUOTE, *AT)
        self.assertEqual((code, err), (3, ""))
        self.assertTrue(out.startswith("undetermined: sgx.root_crl.present"), out)

    def test_minimum_evaluation_number(self):
        code, out, _ = ward("verify", QUOTE, *COLLATERAL, *AT, "--accept-tcb", "any", "--min-tcb-evaluation", 99)
        self.assertEqual((code, out.splitlines()[0]), (1, "refused: sgx.tcb.evaluation_number"))

    def test_usage_mistakes_are_one_line_and_a_hint(self):
        rows = [
            (["verify"], 2, "FILE is required"),
            (["verify", QUOTE, "--at", "yesterday"], 2, "--at: not a time: yesterday"),
            (["verify", QUOTE, "--report-data", "xyz"], 2, "--report-data: not hexadecimal: xyz"),
            (["verify", QUOTE, "--accept-tcb", "Revoked"], 2, "--accept-tcb: Revoked is never accepted"),
            (["verify", QUOTE, "--accept-tcb", "UpTodate"], 2, "--accept-tcb: no TCB status: UpTodate"),
            (["verify", QUOTE, "--accept-value", "sgx.quote.size=1"], 2, "--accept-value: no field: sgx.quote.size"),
            (["verify", QUOTE, "--accept-value", "sgx.attributes.kss"], 2,
             "--accept-value: no value: sgx.attributes.kss"),
            (["verify", QUOTE, "--accept-value", "sgx.attributes.ks=true"], 2, "--accept-value: no field: sgx.attributes.ks\n"
             "ward: hint: did you mean sgx.attributes.kss?"),
            (["verify", QUOTE, "--accept-value", "sgx.attributes.kss=yes"], 2,
             "--accept-value: sgx.attributes.kss never has this value: yes\nward: hint: write true or false"),
            (["verify", QUOTE, "--accept-value", "sgx.report_body.isv_svn=65536"], 2,
             "--accept-value: sgx.report_body.isv_svn never has this value: 65536\n"
             "ward: hint: write a whole number of at most 65535"),
            (["verify", QUOTE, "--accept-value", "sgx.report_body.mr_signer=" + "ab" * 31], 2,
             "--accept-value: sgx.report_body.mr_signer never has this value: " + "ab" * 31 +
             "\nward: hint: write 32 octets in hex"),
            (["verify", QUOTE, "--accept-value", "sgx.pck.ca="], 2,
             "--accept-value: sgx.pck.ca never has this value: \nward: hint: write one of: processor, platform"),
            (["verify", QUOTE, "--trust-root", ROOT / "LICENSE"], 2, f"{ROOT / 'LICENSE'}: pem: no block"),
            (["verify", "/nonexistent"], 3, "/nonexistent: no such file"),
            (["verify", QUOTE, "--collateral", "/nonexistent"], 3, "/nonexistent: no such file"),
            (["verify", ROOT / "LICENSE"], 3, f"{ROOT / 'LICENSE'}: no kind of evidence that ward knows"),
            (["frobnicate"], 2, "no such command: frobnicate"),
        ]
        for args, want, text in rows:
            with self.subTest(args=args):
                code, out, err = ward(*args)
                self.assertEqual((code, out), (want, ""))
                lines = err.splitlines()
                self.assertTrue(err.startswith("ward: error: " + text), err)
                self.assertLessEqual(len(lines), 2, err)

    def test_altered_and_cut_evidence_is_refused_and_empty_too(self):
        whole = QUOTE.read_bytes()
        code, out, err = ward("verify", "-", *AT, stdin=b"")
        self.assertEqual((code, out, err), (1, "", "ward: error: -: is empty: no evidence\n"))
        for n in (1, 2, 47, 431, 432, 1000, len(whole) - 1):
            code, out, _ = ward("verify", "-", *AT, stdin=whole[:n])
            self.assertEqual((code, out.splitlines()[0]), (1, "refused: sgx.quote.size"), n)
        flipped = bytearray(whole)
        flipped[100] ^= 1
        code, out, _ = ward("verify", "-", *COLLATERAL, *AT, "--accept-tcb", "any", stdin=bytes(flipped))
        self.assertEqual((code, out.splitlines()[0]), (1, "refused: sgx.quote.signature"))

    def test_expected_values_of_another_length_say_how_many_octets_there_are(self):
        for option, octets, field in (("--measurement", 31, "the measurement of sgx has 32"),
                                      ("--workload", 47, "the workload field of sgx has 64"),
                                      ("--report-data", 65, "the report data of sgx has 64")):
            code, out, err = ward("verify", QUOTE, *AT, option, "ab" * octets)
            self.assertEqual((code, out), (2, ""))
            self.assertEqual(err.splitlines()[0], f"ward: error: {option}: {octets} octets, but {field}")

    def test_explain_lists_every_check_once(self):
        _, out, _ = ward("verify", QUOTE, *COLLATERAL, *AT, "--explain")
        listed = [c["id"] for c in json.loads(ward("verify", QUOTE, *COLLATERAL, *AT, "--json")[1])["checks"]]
        mark = re.compile(r"^[│ ]  [├└]─ (passed  |FAILED  |not done) +(\S+)", re.MULTILINE)
        self.assertEqual(sorted(id for _, id in mark.findall(out)), sorted(listed))


class Inspect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_vectors()

    def test_needed_collateral_is_named_and_is_what_verify_misses(self):
        needs = {n["kind"]: n["key"] for n in json.loads(ward("inspect", QUOTE, "--json")[1])["needs"]}
        self.assertEqual(needs["sgx.tcb_info"], "00606a000000")
        self.assertEqual(needs["sgx.pck_crl"], "platform")
        self.assertLessEqual({"sgx.root_crl", "sgx.tcb_signing_chain", "sgx.qe_identity"}, set(needs))
        self.assertIn(
            "\n  sgx.tcb_info 00606a000000: "
            "https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00606a000000\n",
            ward("inspect", QUOTE)[1],
        )

    def test_layout_covers_every_byte(self):
        code, out, _ = ward("inspect", QUOTE, "--layout", "--json")
        self.assertEqual(code, 0)
        at = 0
        for field in json.loads(out)["layout"]:
            self.assertEqual(field["offset"], at, field)
            at += field["size"]
        self.assertEqual(at, QUOTE.stat().st_size)

    def test_layout_text_names_reserved_fields(self):
        code, out, _ = ward("inspect", QUOTE, "--layout")
        self.assertEqual(code, 0)
        for name in ("header.version", "report_body.reserved4", "qe_report.mr_signer", "certification_data.size"):
            self.assertIn(name, out)

    def test_malformed_evidence_is_refused(self):
        code, out, err = ward("inspect", "-", stdin=QUOTE.read_bytes()[:500])
        self.assertEqual((code, out), (1, ""))
        self.assertTrue(err.startswith("ward: error: -: malformed sgx evidence: dcap.quote: signature data"), err)


class Checks(unittest.TestCase):
    def test_the_page_is_what_the_program_prints(self):
        code, out, err = ward("checks")
        self.assertEqual((code, err), (0, ""))
        page = ROOT / "docs/checks.md"
        if "--update" in sys.argv:
            page.write_text(out)
        self.assertEqual(page.read_text(), out, "run test/cli/verify_test.py --update and read the difference")


if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a != "--update"])
