#!/usr/bin/env python3
"""Where a bit of evidence or collateral is changed, both scripts say which check does not hold: the one that
ward writes of the changed copy, and the genuine one that is given the changed copy."""
import base64
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import unittest

import work


def flipped(octets, at, bit=0):
    out = bytearray(octets)
    out[at] ^= 1 << bit
    return bytes(out)


def offsets(path):
    """name: (offset, size) of each field."""
    shown = subprocess.run([work.WARD, "inspect", path, "--layout", "--json"], capture_output=True, check=True)
    return {f["name"]: (f["offset"], f["size"]) for f in json.loads(shown.stdout)["layout"]}


def with_certificate(octets, number, change):
    """The PEM certificate of this number in `octets`, changed as DER."""
    block = list(re.finditer(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", octets, re.S))[number]
    lines = block.group(1)
    der = change(base64.b64decode(lines))
    text = iter(base64.b64encode(der))
    same_lines = bytes(c if c in b"\r\n" else next(text) for c in lines)
    return octets[:block.start(1)] + same_lines + octets[block.end(1):]


def quote_changes(case):
    """Changed copies of a quote, each with the check that must fail."""
    tee = "tdx" if "tdx" in case.name else "sgx"
    octets = case.evidence.read_bytes()
    at = offsets(case.evidence)
    key = at["attest_pub_key"][0]
    body = at["report_body.report_data"][0]
    report = at["qe_report.mr_enclave"][0]
    yield f"{tee}.quote.signature", flipped(octets, body + 5, 3)
    yield f"{tee}.quote.signature", flipped(octets, key - 64 + 31, 0)
    yield f"{tee}.quote.signature", flipped(octets, key - 1, 7)
    yield f"{tee}.qe_report.signature", flipped(octets, report + 2, 6)
    yield f"{tee}.qe_report.signature", flipped(octets, at["qe_report_sig"][0] + 40, 1)
    if at.get("auth_data.auth_data", (0, 0))[1] > 0:
        yield f"{tee}.qe_report.report_data", flipped(octets, at["auth_data.auth_data"][0], 2)
    if b"-----BEGIN CERTIFICATE-----" in octets:
        yield f"{tee}.pck_chain.signature", with_certificate(octets, 0, lambda der: flipped(der, len(der) - 1))
        yield f"{tee}.pck_chain.signature", with_certificate(octets, 1, lambda der: flipped(der, 20))


def report_changes(case):
    octets = case.evidence.read_bytes()
    yield "snp.report.signature", flipped(octets, 0x52, 4)
    yield "snp.report.signature", flipped(octets, 0x2a0 + 3, 0)
    yield "snp.report.signature", flipped(octets, 0x2e8 + 47, 6)
    if len(octets) > 1184:
        at = offsets(case.evidence)
        for kind in ("VCEK", "ASK"):
            begin, size = at[f"certificates.{kind}"]
            yield "snp.vek_chain.signature", flipped(octets, begin + size - 1)


def changes(case):
    return report_changes(case) if ".bin" in case.name or "vcek" in case.name or "vlek" in case.name else quote_changes(case)


def document_changes(folder):
    """File of a folder of collateral, its changed octets, and the check that must fail."""
    tee = folder.parent.parent.parent.name
    if (folder / "ccel.bin").exists():
        octets = (folder / "ccel.bin").read_bytes()
        separator = octets.index(hashlib.sha384(bytes(4)).digest())  # of RTMR 0; behind it the data and its size
        yield "ccel.bin", flipped(octets, separator), "tdx.event_log.rtmr0"
        yield "ccel.bin", flipped(octets, separator), "tdx.event_log.events"
        yield "ccel.bin", flipped(octets, separator + 48 + 4, 7), "tdx.event_log.events"
        return  # the rest is as SGX has it
    for name, check, *places in (
            ("tcb_info.json", "tcb_info", b'"tcbEvaluationDataNumber":1', b'"signature":"'),
            ("qe_identity.json", "qe_identity", b'"mrsigner":"', b'"signature":"')):
        path = folder / name
        if not path.exists():
            continue
        octets = path.read_bytes()
        for place in places:
            at = octets.index(place) + len(place)
            digit = b"12"[octets[at] == ord("1")]
            yield name, octets[:at] + bytes([digit]) + octets[at + 1:], f"{tee}.{check}.signature"
    for name, check in (("root_ca.crl", "root_crl"), ("pck_platform_ca.crl", "pck_crl"), ("crl.der", "crl")):
        if (folder / name).exists():
            octets = (folder / name).read_bytes()
            yield name, flipped(octets, len(octets) - 1), f"{tee}.{check}.signature"
            at = re.search(rb"\x17\x0d\d{12}Z", octets).start() + 13  # a second of thisUpdate
            yield name, flipped(octets, at), f"{tee}.{check}.signature"
    for name, check in (("vcek.der", "vek_chain"), ("ask.der", "vek_chain")):
        if (folder / name).exists():
            octets = (folder / name).read_bytes()
            yield name, flipped(octets, len(octets) - 1), f"{tee}.{check}.signature"
    if (folder / "tcb_signing.pem").exists():
        octets = (folder / "tcb_signing.pem").read_bytes()
        yield "tcb_signing.pem", with_certificate(octets, 0, lambda der: flipped(der, len(der) - 1)), f"{tee}.tcb_signing.signature"


class Changed(work.WorkTest):
    def wrong_by(self, derived, check, genuine, text):
        """Exactly what rests on the changed octets is wrong."""
        self.assertEqual(derived.code, 1, text)
        self.assertIn(check, derived.wrong(), text)
        self.assertEqual("OTHERWISE" in derived.text, genuine, text)

    def test_evidence(self):
        cases = {case.name: case for case in work.own_cases()}
        chosen = [cases[name] for name in ("sgx_3", "tdx_5_report_15", "milan_2_vcek", "genoa_4_vcek_extended")]
        rows = []
        for case in chosen:
            genuine = case.judge(self.folder)
            rows += [(case, genuine, check, octets) for check, octets in changes(case)]

        def run(row):
            case, genuine, check, octets = row
            verdict = case.judge(self.folder, octets)
            evidence = verdict.script.with_suffix(".evidence")
            return row, verdict, work.derive(verdict.script), work.derive(genuine.script, evidence)

        for (case, _, check, _), verdict, of_copy, of_genuine in self.each(run, rows):
            with self.subTest(case=case.name, check=check):
                self.assertEqual(verdict.outcomes[check], "failed")
                self.agree(case.name, of_copy, verdict)
                self.wrong_by(of_copy, check, False, of_copy.text)
                self.wrong_by(of_genuine, check, True, of_genuine.text)
                self.assertIn("\nTHE EVIDENCE GIVEN HAS OTHER OCTETS THAN THE ONE THAT WAS JUDGED\n", of_genuine.text)

    def test_recorded_evidence(self):
        """One change of each, another one from file to file."""
        work.need_vectors()

        def run(numbered):
            number, case = numbered
            rows = list(changes(case))
            check, octets = rows[number % len(rows)]
            genuine = case.judge(self.folder)
            copy = genuine.script.with_suffix(".changed")
            copy.write_bytes(octets)
            return case, check, genuine, work.derive(genuine.script, copy)

        for case, check, genuine, derived in self.each(run, enumerate(work.recorded_cases())):
            with self.subTest(case=case.name, check=check):
                if check not in genuine_checks(genuine):
                    self.assertEqual(genuine.outcomes[check], "not_done")
                    self.assertIn(derived.code, (1, 3))
                    continue
                self.assertEqual(derived.code, 1)
                self.assertIn(check, derived.wrong(), derived.text)

    def test_collateral(self):
        cases = {case.name: case for case in work.own_cases()}
        rows = []
        for name in ("sgx_4", "tdx_4", "milan_2_vcek"):
            case = cases[name]
            genuine = case.judge(self.folder)
            rows += [(case, genuine, *change) for change in document_changes(case.evidence.parent)]

        def run(numbered):
            number, (case, genuine, name, octets, check) = numbered
            copy = self.folder / f"collateral-{number}"
            shutil.copytree(case.evidence.parent, copy)
            (copy / name).write_bytes(octets)
            options = ["--collateral", copy, *case.options[2:]]
            verdict = case.judge(self.folder, case.evidence.read_bytes(), options)
            return case, name, check, verdict, work.derive(verdict.script), work.derive(self.exchanged(genuine, case, name, octets))

        for case, name, check, verdict, of_copy, of_genuine in self.each(run, enumerate(rows)):
            with self.subTest(case=case.name, file=name, check=check):
                self.assertEqual(verdict.outcomes[check], "failed")
                self.agree(name, of_copy, verdict)
                self.wrong_by(of_copy, check, False, of_copy.text)
                self.wrong_by(of_genuine, check, True, of_genuine.text)
                self.assertRegex(of_genuine.text, r"WRONG  material \d+: these octets have another SHA-256")

    def exchanged(self, genuine, case, name, octets):
        """The genuine script with the changed octets in the place of the material."""
        def der_of(file):
            block = re.search(rb"-----BEGIN [^-]+-----(.*?)-----END", file, re.S)
            return base64.b64decode(block.group(1)) if block else file

        def lines(file):
            text = base64.b64encode(der_of(file)).decode()
            return "".join(text[i:i + 64] + "\n" for i in range(0, len(text), 64))

        script = genuine.script.read_text()
        changed = script.replace(lines((case.evidence.parent / name).read_bytes()), lines(octets))
        self.assertTrue(script != changed, name)
        out = pathlib.Path(self.folder / f"exchanged-{len(list(self.folder.iterdir()))}.sh")
        out.write_text(changed)
        return out

    def test_octets_that_nothing_signs(self):
        """What is signed is the same; the evidence is not."""
        case = next(case for case in work.own_cases() if case.name == "genoa_3_vlek")
        genuine = case.judge(self.folder)
        copy = self.folder / "longer"
        copy.write_bytes(case.evidence.read_bytes() + b"\0")
        derived = work.derive(genuine.script, copy)
        self.assertEqual((derived.code, derived.wrong()), (1, set()), derived.text)
        self.assertIn("\nWRONG: all 5 signatures and 1 digests hold, but octets of the evidence", derived.text)


def genuine_checks(verdict):
    return {check for check, outcome in verdict.outcomes.items() if outcome in ("passed", "failed")}


if __name__ == "__main__":
    unittest.main()
