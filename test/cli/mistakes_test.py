#!/usr/bin/env python3
"""What a newcomer does wrong: typing mistakes, files that are not there or are something else, other makers' evidence.

Each is one line `ward: error: ...`, at most one `ward: hint: ...`, nothing else, and the exit code of docs/cli.md.
"""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"] if os.geteuid() == 0 else []
SERVER = ["--server", "https://127.0.0.1:1", "--server-key", "00" * 32]
ANY = None  # the command takes such a file

# A command line in which X is the file; then the exit codes for an empty file and for octets that mean nothing.
# Absent, a folder, or not readable is 3 everywhere.
OWN = (2, 2)  # the caller's own files: they do not parse
FILES = (
    (["verify", "X"], (1, 3)),
    (["verify", "QUOTE", "--trust-root", "X"], OWN),
    (["verify", "QUOTE", "--collateral", "X"], (ANY, ANY)),
    (["inspect", "X"], (1, 3)),
    (["advisories", "X"], (1, 3)),
    (["advisories", "QUOTE", "--trust-root", "X"], OWN),
    (["advisories", "QUOTE", "--collateral", "X"], (ANY, ANY)),
    (["token", "verify", "X", "--jwks", "JWKS", "--issuer", "i"], (1, 1)),
    (["token", "verify", "QUOTE", "--jwks", "X", "--issuer", "i"], OWN),
    (["ledger", "verify", "QUOTE", "--key", "X"], OWN),
    (["ledger", "verify", "X", "--key", "LEDGER_KEY"], (1, 1)),
    (["ledger", "audit", "--key", "X", *SERVER, "--admin", "JWKS"], OWN),
    (["ledger", "audit", "--checkpoint", "X", "--key", "LEDGER_KEY", *SERVER, "--admin", "JWKS"], (1, 1)),
    (["ledger", "list", "X"], (1, 1)),
    (["ledger", "prove", "0", "--db", "X", "--key", "LEDGER_KEY"], (1, 1)),
    (["policy", "check", "X", "--for", "evidence"], OWN),
    (["policy", "check", "X", "--for", "results"], OWN),
    (["policy", "set", "X", "--for", "evidence", *SERVER, "--admin", "JWKS"], OWN),
    (["policy", "list", *SERVER, "--admin", "X"], OWN),
    (["secret", "put", "a/b/c", "--file", "X", *SERVER, "--admin", "JWKS"], (2, 2)),  # the second for its --admin
    (["keep", "measure", "X"], OWN),
    (["seal", "X", "--to", "JWK"], (ANY, ANY)),
    (["seal", "RECORDS", "--force", "--to", "X"], OWN),
    (["seal", "RECORDS", "--force", "--resource", "a/b/c", "--key", "X"], OWN),
    (["seal", "RECORDS", "--force", "--passphrase-file", "X"], OWN),
    (["open", "X", "--identity", "PEM", "-o", "OUT"], (1, 1)),
    (["open", "X", "--identity", "PEM"], OWN),  # the name does not say where to
    (["open", "SEALED", "--identity", "X", "-o", "OUT"], OWN),
    (["open", "SEALED", "--resource-key", "X", "-o", "OUT"], OWN),
    (["open", "SEALED", "--identity", "PEM", "--jwks", "X", "--issuer", "i", "--any-workload", "-o", "OUT"], OWN),
    (["key", "public", "X"], OWN),
)


def ledger_key(name):
    """ledger_key is a verifier key of a signed note: name, key id, and the key with its kind before it."""
    key = b"\1" + b"k" * 32
    number = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{number}+{base64.b64encode(key).decode()}"


class Mistakes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(dir="/var/tmp", prefix="ward-mistakes-")
        cls.folder = pathlib.Path(cls.holder.name)
        cls.folder.chmod(0o777)
        cls.program = pathlib.Path(shutil.copy2(WARD, cls.folder / "ward"))
        cls.names = {name: str(cls.folder / name.lower()) for name in
                     ("QUOTE", "JWKS", "JWK", "PEM", "RECORDS", "SEALED", "OUT")}
        cls.names["LEDGER_KEY"] = ledger_key("example.org")
        pathlib.Path(cls.names["QUOTE"]).write_bytes(bytes([3, 0, 2, 0]) + bytes(600))
        pathlib.Path(cls.names["RECORDS"]).write_text("eleven patients")
        jwk = cls.ward("key", "new", "-o", cls.names["PEM"])[1]
        pathlib.Path(cls.names["JWK"]).write_text(jwk)
        signs = json.loads(jwk) | {"alg": "ES256", "use": "sig"}
        pathlib.Path(cls.names["JWKS"]).write_text(json.dumps({"keys": [signs]}))
        cls.ward("seal", cls.names["RECORDS"], "--to", cls.names["JWK"], "-o", cls.names["SEALED"])
        bad = {"empty": b"", "junk": bytes(range(7, 256)) * 8, "unreadable": b"secret"}
        for name, octets in bad.items():
            (cls.folder / name).write_bytes(octets)
        (cls.folder / "unreadable").chmod(0)
        (cls.folder / "folder").mkdir()

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def ward(cls, *words, program="ward"):
        """ward runs as a user for whom file modes count."""
        done = subprocess.run([*AS_NOBODY, WARD.parent / program if program != "ward" else cls.program, *map(str, words)],
                              capture_output=True, stdin=subprocess.DEVNULL, cwd=cls.folder, timeout=60, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def check_error(self, words, ended, code, *texts):
        self.assertEqual((ended[0], ended[1]), (code, ""), (words, ended))
        lines = ended[2].splitlines()
        self.assertTrue(lines[0].startswith("ward: error: "), (words, ended))
        self.assertLessEqual(len(lines), 2, (words, ended))
        self.assertTrue(all(line.startswith("ward: hint: ") for line in lines[1:]), (words, ended))
        for text in texts:
            self.assertIn(text, ended[2], words)

    def check_json(self, words, code):
        import jsonschema

        ended = self.ward(*words, "--json")
        self.assertEqual(ended[0], code, (words, ended))
        told = json.loads(ended[1])  # one object and nothing else
        if told["schema"] in ("ward.seal/1", "ward.open/1"):
            return
        jsonschema.validate(told, json.loads((ROOT / "docs/schemas/ward.error-1.json").read_text()))
        self.assertEqual(told["exit"], code)
        self.assertEqual(ended[2].splitlines()[0], "ward: error: " + told["error"])

    def test_every_file_that_is_not_what_it_should_be_is_one_clear_line(self):
        for row, (empty, junk) in FILES:
            for name, code in (("absent", 3), ("folder", 3), ("unreadable", 3), ("empty", empty), ("junk", junk)):
                if code is ANY or (name == "folder" and "--collateral" in row):
                    continue
                file = self.folder / name
                words = [str(file) if word == "X" else self.names.get(word, word) for word in row]
                with self.subTest(words=" ".join(words)):
                    texts = [name] if "--admin" not in row or row[-1] == "X" else []
                    self.check_error(words, self.ward(*words), code, *texts)
                    if row[1] != "prove" and row[:2] != ["ledger", "list"]:
                        self.check_json(words, code)
        self.assertFalse(pathlib.Path(self.names["OUT"]).exists())

    def test_a_typing_mistake_names_what_was_meant(self):
        for words, error, hint in (
                (["verfy"], "no such command: verfy", "did you mean ward verify?"),
                (["keep", "mesure", "x"], "no such command: mesure", "did you mean ward keep measure?"),
                (["verify", "x", "--jsno"], "no such option: --jsno", "did you mean --json?"),
                (["verify", "x", "--collatral=y"], "no such option: --collatral", "did you mean --collateral?"),
                (["seal", "--recipient", "x", "y"], "no such option: --recipient", "see `ward seal --help`"),
                (["frobnicate"], "no such command: frobnicate", "demo, up, role, verify, attest, inspect"),
                (["keep"], "a command is missing", "ward keep takes one of: new, measure, run"),
                ([], "a command is missing", "ward takes one of: demo, up, role, verify"),
                (["verify", "x", "y"], "one argument too many: y", "see `ward verify --help`"),
                (["dev", "init"], "DIR is required", "see `ward dev init --help`"),
        ):
            self.check_error(words, self.ward(*words), 2, error, hint)
        self.check_json(["verfy"], 2)
        self.check_json(["verify"], 2)

    def test_an_empty_file_name_is_a_usage_error(self):
        """What an unset variable of a script leaves is not taken for "no file"."""
        for command in ("advisories", "verify", "inspect"):
            with self.subTest(command):
                done = subprocess.run([WARD, command, ""], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("FILE: the value is empty", done.stderr)

    def test_a_wrong_value_says_what_was_expected(self):
        for words, text in (
                (["verify", self.names["QUOTE"], "--at", "yesterday"], "like 2024-05-18T18:22:51Z"),
                (["seal", self.names["RECORDS"], "--to", "x", "--created", "now"], "like 2024-05-18T18:22:51Z"),
                (["token", "verify", "x", "--jwks", "x", "--issuer", "i", "--at", "2024"], "like 2024-05-18T18:22:51Z"),
                (["verify", self.names["QUOTE"], "--measurement", "ab" * 33], "33 octets, but the measurement of sgx has 32"),
                (["open", "x.sealed", "--identity", "x", "--expect-id", "ab"], "1 octets, but a file's id has 16"),
                (["key", "new", "--kind", "recipent", "-o", "x"], "{recipient,resource}"),
        ):
            self.check_error(words, self.ward(*words), 2, text)
            if "--kind" not in words:
                self.check_json(words, 2)

    def test_a_policy_says_the_place_of_what_is_wrong(self):
        policy = self.folder / "policy.json"
        policy.write_text('{"schema": "ward.results-policy/1", "releases": [\n'
                          '  {"resources": ["key/records"], "runtimes": [],\n   "workloads": ["%s", "abcd"]}]}\n' % ("ab" * 48))
        for words in (["policy", "check", policy, "--for", "results"],
                      ["policy", "set", policy, "--for", "results", "--repository", "r", *SERVER, "--admin", "x"]):
            self.check_error(words, self.ward(*words), 2,
                             "line 3, column 118: releases[0].workloads[1]: expected 32 to 64 octets in hex, not 2")

    def test_what_would_be_overwritten_is_a_usage_error(self):
        (self.folder / "used").mkdir(exist_ok=True)
        (self.folder / "used" / "mine").write_text("mine")
        for words in (["dev", "init", self.folder / "used"], ["key", "new", "-o", self.names["RECORDS"]],
                      ["dev", "make", "outdated", self.folder / "used", "--maker", "x"]):
            self.check_error(words, self.ward(*words), 2, "exists")
        self.assertEqual(os.listdir(self.folder / "used"), ["mine"])

    def test_collateral_that_cannot_be_read_is_named_and_not_passed_over(self):
        for inside in ("one/file", "one/folder/file"):
            file = self.folder / "collateral" / inside
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
            closed = file if inside == "one/file" else file.parent
            closed.chmod(0)
            words = ["verify", self.names["QUOTE"], "--collateral", self.folder / "collateral"]
            self.check_error(words, self.ward(*words), 3, "collateral")
            if closed == file:
                self.check_error(words, self.ward(*words), 3, f"{file}: this user may not read it")
            closed.chmod(0o700 if closed != file else 0o644)

    def test_a_development_platform_that_is_not_there_is_3(self):
        for words in (["dev", "make", "outdated", "new", "--maker", "absent"],
                      ["keep", "run", "--device", "absent", "--quiet", "--", "/bin/true"]):
            self.check_error(words, self.ward(*words), 3, "absent")


class Values(unittest.TestCase):
    """What an option is given: a value that says nothing, or that this evidence cannot have, is told."""

    def ward(self, *words):
        done = subprocess.run([WARD, *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def verify(self, tee, *words):
        folder = ROOT / "tee" / tee.split("_")[0] / "testdata/valid" / tee
        facts = dict(line.split() for line in (folder / "case.txt").read_text().splitlines())
        return self.ward("verify", folder / "evidence", "--collateral", folder, "--at", facts["at"], "--trust-root",
                         folder / "root_ca.pem", "--allow-development", *words)

    def test_an_empty_value_switches_nothing_off(self):
        for words in (["verify", "x", "--report-data", ""], ["verify", "x", "--at", ""],
                      ["verify", "x", "--trust-root", ""], ["verify", "x", "--collateral", ""],
                      ["token", "verify", "x", "--jwks", "y", "--issuer", "z", "--audience", ""],
                      ["ledger", "verify", "x", "--key", "y", "--checkpoint", ""],
                      ["open", "x", "--identity", "y", "--expect-name", ""]):
            code, out, err = self.ward(*words)
            self.assertEqual((code, out), (2, ""), words)
            self.assertTrue(err.startswith(f"ward: error: {words[-2]}: the value is empty"), err)

    def test_numbers_are_decimal_and_do_not_wrap(self):
        for value in ("022", "-1", "+18", "0x10", "99999999999999999999999999", "1.0"):
            for words in (["verify", "x", "--min-tcb-evaluation"], ["seal", "x", "--to", "y", "--content-version"]):
                code, out, err = self.ward(*words, value)
                self.assertEqual((code, out), (2, ""), (words, value))
                self.assertIn("not a decimal number", err)

    def test_a_policy_with_a_status_that_no_tee_has_is_no_policy(self):
        with tempfile.NamedTemporaryFile("w") as policy:
            policy.write('{"schema":"ward.evidence-policy/1","name":"x","runtimes":[],"accepted_tcb":["uptodate"]}')
            policy.flush()
            code, out, err = self.ward("policy", "check", policy.name, "--for", "evidence")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("accepted_tcb: no TCB status: uptodate", err)
        self.assertIn("UpToDate", err)

    def test_a_policy_that_demands_what_no_tee_has_is_no_policy(self):
        rows = (('"tdx.td_atributes.sept_ve_disable":[true]', "did you mean tdx.td_attributes.sept_ve_disable?"),
                ('"tdx.td_report.mr_seam":["' + "00" * 32 + '"]', "expected 48 octets in hex"))
        for member, text in rows:
            with self.subTest(member=member), tempfile.NamedTemporaryFile("w") as policy:
                policy.write('{"schema":"ward.evidence-policy/1","runtimes":[],"accepted_values":{%s}}' % member)
                policy.flush()
                code, out, err = self.ward("policy", "check", policy.name, "--for", "evidence")
                self.assertEqual((code, out), (2, ""))
                self.assertIn("accepted_values.tdx.td_", err)
                self.assertIn(text, err)

    def test_a_demand_on_another_tees_field_is_told(self):
        code, out, err = self.verify("sgx_3", "--accept-value", "tdx.pck.smt_enabled=false")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("evidence of sgx has no field tdx.pck.smt_enabled", err)

    def test_a_field_that_this_form_does_not_have_is_the_reason(self):
        code, out, _ = self.verify("tdx_4", "--accept-value", "tdx.td_report.mr_servicetd=" + "00" * 48)
        self.assertEqual((code, out.splitlines()[0]), (3, "undetermined: tdx.td_report.mr_servicetd"))

    def test_the_case_of_letters_of_a_value_does_not_matter(self):
        claims = json.loads(self.verify("tdx_4", "--json")[1])["claims"]
        self.assertEqual(self.verify("tdx_4", "--accept-value", "tdx.td_report.mr_seam=" + claims["mr_seam"].upper())[0], 0)

    def test_the_appraisal_of_every_form_follows_the_schema(self):
        import jsonschema

        schema = json.loads((ROOT / "docs/schemas/ward.appraisal-1.json").read_text())
        for form in ("sgx_3", "sgx_4", "sgx_5", "tdx_4", "tdx_5_report_10", "tdx_5_report_15", "tdx_5_report_15_ex"):
            code, out, _ = self.verify(form, "--json")
            self.assertEqual(code, 0)
            jsonschema.validate(json.loads(out), schema)


class Terminal(unittest.TestCase):
    def test_what_is_quoted_writes_no_control_characters_to_the_terminal(self):
        name = "a\x1b[2Jb\nward: hint: trust me\x7f\u009b2Jc"
        done = subprocess.run([WARD, "verify", name], capture_output=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.decode().splitlines()[0].split(": ")[2], "a?[2Jb?ward")
        self.assertFalse([c for c in done.stderr.decode().replace("\n", "") if ord(c) < 32 or 127 <= ord(c) < 160])


    def test_an_appraisal_writes_none_either(self):
        """Evidence, collateral and its names are a stranger's: what is quoted of them stays on its line."""
        source = ROOT / "tee/sgx/testdata/valid/sgx_3"
        facts = dict(line.split() for line in (source / "case.txt").read_text().splitlines())
        with tempfile.TemporaryDirectory() as folder:
            collateral = pathlib.Path(folder) / "collateral"
            shutil.copytree(source, collateral)
            (collateral / "a\x1b[2J\nverdict: accepted\x7f\u009b2J").write_text("no collateral")
            for more in ([], ["--explain"]):
                done = subprocess.run([WARD, "verify", source / "evidence", "--collateral", collateral, "--at", facts["at"],
                                       "--trust-root", source / "root_ca.pem", "--allow-development", *more],
                                      capture_output=True, check=False)
                out = done.stdout.decode()
                self.assertIn("a?[2J?verdict: accepted??2J", out)
                self.assertFalse([c for c in out.replace("\n", "") if ord(c) < 32 or 127 <= ord(c) < 160], out)


class OtherEvidence(unittest.TestCase):
    """Evidence of makers that this build does not judge is named as what it is, and is no malformed quote."""

    def test_it_is_named_and_the_exit_code_is_3(self):
        if not (VECTORS / "MANIFEST.tsv").exists():
            if "vectors" in os.environ.get("WARD_REQUIRE", ""):
                self.fail("WARD_REQUIRE=vectors, but none found")
            self.skipTest("no vectors: set WARD_VECTORS")
        judged = subprocess.run([WARD, "verify", ROOT / "LICENSE"], capture_output=True, text=True, check=False)
        self.assertEqual(judged.returncode, 3)
        seen = 0
        for pattern, scheme, text in (("tpm/*quote*", "TPM", "a TPM 2.0 quote"),
                                      ("tpm/eventlog_*.bin", "TCG", "a TCG event log (of a TPM, or a CCEL of TDX)"),
                                      ("tpm/ccel_CCEL*", "TCG", "a TCG event log (of a TPM, or a CCEL of TDX)"),
                                      ("nitro/veracruz*", "Nitro", "an AWS Nitro attestation document"),
                                      ("cca/veraison_cca-evidence.cbor", "CCA", "an Arm CCA attestation token"),
                                      ("azure/hcl-report-snp-kinvolk.bin", "Azure", "an Azure HCL report"),
                                      ("azure/az-snp-vtpm_evidence-v1.json", "Azure", "a JSON document")):
            for file in sorted(VECTORS.glob(pattern)):
                if file.name == "keylime_quotesig.out":  # the signature alone
                    continue
                for command in ("verify", "inspect"):
                    done = subprocess.run([WARD, command, file], capture_output=True, text=True, check=False)
                    if "no such kind" not in done.stderr and scheme.lower() in (done.stdout + done.stderr).lower():
                        continue  # this build has come to judge it
                    self.assertEqual((done.returncode, done.stdout), (3, ""), (file, done))
                    self.assertIn(f"{file}: looks like {text}: no such kind of evidence here", done.stderr)
                    seen += 1
        self.assertGreater(seen, 0)

    def test_documents_that_are_no_evidence_are_told_where_they_belong(self):
        with tempfile.TemporaryDirectory() as folder:
            for octets, hint in ((b"WARDSEAL....", "ward open"), (b"eyJhbGciOiJFUzI1NiJ9.e30.x", "ward token verify"),
                                 (b"-----BEGIN CERTIFICATE-----\n", "--collateral")):
                file = pathlib.Path(folder, "file")
                file.write_bytes(octets)
                done = subprocess.run([WARD, "verify", file], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (3, ""))
                self.assertIn(hint, done.stderr)


if __name__ == "__main__":
    unittest.main()
