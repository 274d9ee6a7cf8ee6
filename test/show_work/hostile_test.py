#!/usr/bin/env python3
"""The script as a program: what is needed, what is refused, and names that were chosen against it."""
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import work

CASES = {case.name: case for case in work.own_cases()}
# A common name has 64 characters at most.
COMMON_NAME = "';touch PWNED;'\n$(touch PWNED)`\"\x1b[2J SGX PCK Certificate"
HOSTILE = "'; touch PWNED; '\nEND\n$(touch PWNED)`touch PWNED`\\\"\x1b[2J\x9b %s %n*"


def trustee_json(*arguments):
    """As test/cli has it."""
    spec = importlib.util.spec_from_file_location("snp_test", work.ROOT / "test/cli/snp_test.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["snp_test"] = module
    spec.loader.exec_module(module)
    return module.trustee_json(*arguments)


class Script(work.WorkTest):
    def genuine(self, name="sgx_3", options=None):
        return CASES[name].judge(self.folder, options=options)

    def tools(self, *names, **fakes):
        folder = self.folder / f"tools{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        for name in names:
            (folder / name).symlink_to(shutil.which(name, path=work.SYSTEM["PATH"]))
        for name, text in fakes.items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        return {"PATH": str(folder)}

    def test_a_tool_that_is_missing_or_too_old_is_named(self):
        script = self.genuine().script
        old = self.tools("jq", "xxd", openssl="echo OpenSSL 1.1.1w 11 Sep 2023")
        libre = self.tools("jq", "xxd", openssl="echo LibreSSL 3.8.2")
        for env, text in ((self.tools(), "openssl is not installed"), (self.tools("openssl"), "jq is not installed"),
                          (self.tools("openssl", "jq"), "xxd is not installed"), (old, "this is OpenSSL 1.1.1w 11 Sep 2023"),
                          (libre, "this is LibreSSL 3.8.2")):
            derived = work.derive(script, env=env)
            self.assertEqual((derived.code, derived.text, derived.errors),
                             (3, "", f"cannot run: {text}; openssl 3, jq and xxd are needed\n"))

    def test_own_copy_of_the_evidence(self):
        case = CASES["sgx_3"]
        genuine = self.genuine()
        octets = case.evidence.read_bytes()
        forms = {"octets": octets, "hex": re.sub("(.{60})", r"\1\n", octets.hex().upper()).encode(),
                 "base64": subprocess.run(["base64", case.evidence], capture_output=True, check=True).stdout}
        forms["base64url"] = forms["base64"].translate(bytes.maketrans(b"+/", b"-_")).replace(b"=", b"")
        for name, form in forms.items():
            with self.subTest(name):
                (self.folder / "own copy").write_bytes(form)
                derived = work.derive(genuine.script, self.folder / "own copy")
                self.assertEqual((derived.code, derived.errors), (0, ""), derived.text)
                self.assertIn("\nthe evidence given has the same octets as the one that was judged\n", derived.text)
        for name, code, text in (("absent", 3, "cannot run: the evidence cannot be read\n"), ("empty", 3, "cannot run: the evidence is empty\n")):
            if name == "empty":
                (self.folder / name).write_bytes(b"")
            derived = work.derive(genuine.script, self.folder / name)
            self.assertEqual((derived.code, derived.errors.splitlines()[-1] + "\n"), (code, text))
        self.assertEqual(work.derive(genuine.script, "a", "b").code, 2)

    def test_another_shell_says_the_same(self):
        script = self.genuine("tdx_4").script
        self.assertEqual(work.derive(script, shell="/bin/bash").text, work.derive(script).text)

    def test_a_verdict_that_rests_on_more(self):
        options = [word for word in CASES["milan_2_vcek"].options if word != "--allow-development"]
        genuine = self.genuine("milan_2_vcek", options)
        derived = work.derive(genuine.script)
        self.assertEqual((genuine.verdict, derived.code), ("refused", 0), derived.text)
        self.assertEqual(derived.last(), "the verdict of ward rests on more than signatures and digests: "
                         "refused: snp.platform.development")

    def test_a_step_that_is_left_out_is_told(self):
        genuine = self.genuine("tdx_4")
        script = genuine.script.read_text()
        begin, end = (i.start() for i in list(re.finditer(r"\nstep digest '\S*rtmr0'|\nstep digest '\S*rtmr1'", script))[:2])
        (self.folder / "left.sh").write_text(script[:begin] + "\nstep digest 'x.rtmr0' yes \\\n  'a register'\nleft_out 'long'\n" + script[end:])
        derived = work.derive(self.folder / "left.sh")
        self.assertEqual((derived.code, derived.wrong(), derived.errors), (3, set(), ""), derived.text)
        self.assertIn("\nLEFT   x.rtmr0: a register: not derived here: long\n", derived.text)
        self.assertRegex(derived.text, r"\nnot derived here: x.rtmr0\nthe other \d+ signatures and \d+ digests hold, as ward found\n")
        wrong = self.folder / "wrong"
        octets = bytearray(CASES["tdx_4"].evidence.read_bytes())
        octets[120] ^= 1
        wrong.write_bytes(octets)
        self.assertEqual(work.derive(self.folder / "left.sh", wrong).code, 1)

    def test_malformed_evidence_has_nothing_to_derive(self):
        case = CASES["sgx_3"]
        verdict = case.judge(self.folder, case.evidence.read_bytes()[:700])
        derived = work.derive(verdict.script)
        self.assertEqual((verdict.verdict, derived.code, derived.last()),
                         ("refused", 3, "no signature and no digest: the verdict of ward rests on none: refused: sgx.quote.size"))

    def test_the_file_is_new_and_the_verdict_as_without(self):
        case = CASES["sgx_3"]
        command = [work.WARD, "verify", case.evidence, *map(str, case.options)]
        plain = subprocess.run(command, capture_output=True, check=True)
        path = self.folder / "work.sh"
        both = subprocess.run([*command, "--show-work", path], capture_output=True, check=True)
        self.assertEqual((both.stdout, both.stderr), (plain.stdout, plain.stderr))
        before = path.read_bytes()
        again = subprocess.run([*command, "--show-work", path], capture_output=True, check=False)
        self.assertEqual((again.returncode, again.stdout), (2, b""))
        self.assertEqual(again.stderr.decode(), f"ward: error: {path}: exists already\nward: hint: remove it, or name another file\n")
        self.assertEqual(path.read_bytes(), before)
        away = subprocess.run([*command, "--show-work", self.folder / "absent/work.sh"], capture_output=True, check=False)
        self.assertEqual((away.returncode, away.stdout), (3, b""))
        refused = subprocess.run([work.WARD, "verify", case.evidence, "--show-work", self.folder / "two.sh"],
                                 capture_output=True, check=False)
        self.assertEqual(refused.returncode, 1, "the verdict's")
        self.assertTrue((self.folder / "two.sh").exists())

    def hostile_certificate(self):
        """A certificate whose name has all that a shell could stumble over in it."""
        config = self.folder / "config"
        name = "".join("\\n" if c == "\n" else "\\" + c if c in "$'`\"" else c for c in COMMON_NAME)
        config.write_text(f"[req]\ndistinguished_name=d\nprompt=no\nutf8=yes\n[d]\nCN={name}\n")
        path = self.folder / "signer.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        self.folder / "key", "-config", config, "-out", path, "-days", "30000"], capture_output=True, check=True)
        return path

    def test_names_are_never_commands(self):
        case = CASES["sgx_3"]
        collateral = self.folder / "collateral"
        shutil.copytree(case.evidence.parent, collateral)
        for number, path in enumerate(sorted(collateral.iterdir())):
            path.rename(collateral / f"{number}{HOSTILE.replace('/', '')}{path.name}")
        quote = case.evidence.read_bytes()
        begin, rest = quote.index(b"-----BEGIN"), quote.index(b"-----BEGIN", quote.index(b"-----BEGIN") + 1)
        chain = self.hostile_certificate().read_bytes() + quote[rest:]
        body = quote[436:begin - 4] + len(chain).to_bytes(4, "little") + chain  # behind header, report and their size
        hostile = quote[:432] + len(body).to_bytes(4, "little") + body
        verdict = case.judge(self.folder, hostile, options=["--collateral", collateral, *case.options[2:]])
        self.assertEqual(verdict.outcomes["sgx.pck_chain.signature"], "failed")
        text = verdict.script.read_bytes().decode("ascii")
        self.assertIn("'\\'';touch PWNED;'\\''??(touch PWNED)???[2J SGX PCK Certificate", text)
        self.assertIn("touch PWNED", text)
        for part in ("$(touch", "`touch", "\x1b", "\nEND\n$"):
            self.assertNotIn(part, text)
        # work.derive refuses a run that leaves a file.
        derived = work.derive(verdict.script)
        self.agree("hostile", derived, verdict)
        self.assertIn("sgx.pck_chain.signature", derived.wrong(), derived.text)
        self.assertNotRegex(derived.text, r"[^\n -~]")
        lint = shutil.which("shellcheck")
        if lint:
            self.assertEqual(subprocess.run([lint, "-s", "sh", "-e", "SC2317", verdict.script], check=False).returncode, 0)

    def test_json_of_a_document_cannot_write_to_the_terminal(self):
        case = CASES["sgx_3"]
        collateral = self.folder / "collateral"
        shutil.copytree(case.evidence.parent, collateral)
        path = collateral / "tcb_info.json"
        octets = path.read_bytes()
        path.write_bytes(octets.replace(b'"tcbInfo":{', '"tcbInfo":{"x":{"issueDate":"\u009b31m\u202e\\u001b[2J"},'.encode()))
        verdict = case.judge(self.folder, options=["--collateral", collateral, *case.options[2:]])
        derived = work.derive(verdict.script)
        self.agree("document", derived, verdict)
        self.assertNotRegex(derived.text, r"[^\n -~]")

    def test_trustees_json(self):
        case = CASES["turin_5_vcek"]
        folder = case.evidence.parent
        pem = (folder / "root_ca.pem").read_bytes()
        chain = [{"cert_type": kind, "data": list(octets)} for kind, octets in (
            ("VCEK", (folder / "vcek.der").read_bytes()), ("ASK", (folder / "ask.der").read_bytes()), ("ARK", pem))]
        octets = trustee_json(case.evidence.read_bytes(), True, chain).encode()
        options = ["--collateral", folder / "crl.der", *case.options[2:]]
        genuine = case.judge(self.folder, octets, options)
        derived = work.derive(genuine.script)
        self.agree("json", derived, genuine)
        self.assertEqual((genuine.verdict, derived.code), ("accepted", 0), derived.text)
        self.assertIn("made by ward of another material; not derived here", derived.text)
        document = json.loads(octets)
        document["attestation_report"]["report_data"][0] ^= 1
        signed = json.dumps(document).encode()
        document = json.loads(octets)
        document["cert_chain"][0]["data"][-1] ^= 1
        issued = json.dumps(document).encode()
        for check, changed in (("snp.report.signature", signed), ("snp.vek_chain.signature", issued)):
            with self.subTest(check):
                verdict = case.judge(self.folder, changed, options)
                self.assertEqual(verdict.outcomes[check], "failed")
                self.agree(check, work.derive(verdict.script), verdict)
                of_genuine = work.derive(genuine.script, verdict.script.with_suffix(".evidence"))
                self.assertEqual(of_genuine.code, 1)
                self.assertIn(check, of_genuine.wrong(), of_genuine.text)


if __name__ == "__main__":
    unittest.main()
