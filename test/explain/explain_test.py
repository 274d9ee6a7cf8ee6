#!/usr/bin/env python3
"""Explanations of verdicts: golden files, and that each names the one thing that is wrong. `--update` writes the golden files."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from cases import OWN, ROOT, THEIRS, VECTORS, WARD, have_vectors

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"


def verify(*args):
    done = subprocess.run([WARD, "verify", *map(str, args)], capture_output=True, cwd=ROOT, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def cases():
    return {**OWN, **(THEIRS if have_vectors() else {})}


def outputs():
    """Golden files' names and what must be in them."""
    for name, args in cases().items():
        code, out, err = verify(*args, "--explain")
        assert code in (0, 1, 3) and err == "", (name, code, err)
        yield f"{name}.txt", out
    for name, args in COMPARISONS.items():
        code, out, err = verify(*args)
        assert code in (0, 1, 3) and err == "", (name, code, err)
        yield f"{name}.txt", out
    if have_vectors():
        yield "real_sgx_then_now.txt", verify(*REAL_THEN_NOW)[1]


OWN_SGX = OWN["sgx_platform_only"]
COMPARISONS = {
    "sgx_then_now": [
        *OWN_SGX[: OWN_SGX.index("--at")],
        "--allow-development",
        "--then",
        "2026-09-22T14:13:20Z",
        "--now",
        "2026-11-22T14:13:20Z",
    ],
}
REAL_THEN_NOW = [
    VECTORS / "sgx/sgx_v3_automata-network_b69ac41b.dat",
    "--collateral",
    VECTORS / "dcap",
    "--then",
    "2024-02-08T07:34:33Z",
    "--now",
    "2026-08-11T07:19:18Z",
]


class Golden(unittest.TestCase):
    maxDiff = None

    def test_explanations_are_as_they_were_looked_at(self):
        for name, out in outputs():
            with self.subTest(name):
                self.assertEqual(out, (GOLDEN / name).read_text())

    def test_no_golden_file_is_left_over(self):
        if not have_vectors():
            return
        self.assertEqual({f.name for f in GOLDEN.iterdir()}, {name for name, _ in outputs()})

    def test_the_same_time_gives_the_same_octets(self):
        args = [*OWN["sgx_accepted"], "--json"]
        self.assertEqual(verify(*args), verify(*args))


class Advice(unittest.TestCase):
    def json(self, *args):
        code, out, err = verify(*args, "--json")
        self.assertEqual(err, "")
        return code, json.loads(out)

    def wrong(self, appraisal):
        """Checks that did not pass, but for those that rest on them and those that nobody asked for."""
        return [c["id"] for c in appraisal["checks"] if c["outcome"] == "failed" or c.get("reason") == "absent"]

    def test_every_check_that_is_wrong_has_advice_and_no_other(self):
        for name, args in cases().items():
            with self.subTest(name):
                _, appraisal = self.json(*args)
                asked = {c["id"] for c in appraisal["checks"] if c.get("reason") != "not asked"}
                advised = {a["check"] for a in appraisal["advice"]}
                self.assertEqual(advised & asked, set(self.wrong(appraisal)))

    def test_a_missing_document_is_named_with_its_address(self):
        _, appraisal = self.json(*OWN["tdx_no_collateral"])
        fetch = {a["check"]: a["what"] for a in appraisal["advice"] if a["kind"] == "fetch"}
        self.assertEqual(
            fetch["tdx.root_crl.present"], "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
        )
        _, appraisal = self.json(*OWN["snp_no_collateral"])
        fetch = {a["check"]: a["what"] for a in appraisal["advice"] if a["kind"] == "fetch"}
        self.assertTrue(fetch["snp.vek.present"].startswith("https://kdsintf.amd.com/vcek/v1/"), fetch)

    def test_what_the_advice_accepts_is_accepted(self):
        """Each option that is named, given with the others, turns the refusal round."""
        for name in ("sgx_development_refused", "sgx_expired", "tdx_field_refused", "snp_product_refused"):
            with self.subTest(name):
                _, appraisal = self.json(*OWN[name])
                for check in self.wrong(appraisal):
                    kinds = {a["kind"] for a in appraisal["advice"] if a["check"] == check}
                    self.assertIn("accept", kinds, check)
        _, appraisal = self.json(*OWN["sgx_development_refused"])
        (option,) = [a["what"] for a in appraisal["advice"] if a["kind"] == "accept"]
        code, appraisal = self.json(*OWN["sgx_development_refused"], option)
        self.assertEqual((code, appraisal["verdict"]), (0, "accepted"))

    def test_a_wrong_signature_has_no_option_that_accepts_it(self):
        folder = ROOT / "tee/sgx/testdata/valid/sgx_3"
        evidence = bytearray((folder / "evidence").read_bytes())
        evidence[112] ^= 1  # MRENCLAVE
        with tempfile.TemporaryDirectory() as scratch:
            changed = pathlib.Path(scratch) / "evidence"
            changed.write_bytes(evidence)
            code, appraisal = self.json(changed, *OWN_SGX[1:])
        self.assertEqual((code, self.wrong(appraisal)), (1, ["sgx.quote.signature"]))
        self.assertEqual({a["kind"] for a in appraisal["advice"] if a["check"] == "sgx.quote.signature"}, {"hint"})

    def test_days_left_are_those_of_the_document(self):
        _, appraisal = self.json(*OWN_SGX)
        left = {m["object"]: m["days_left"] for m in appraisal["materials"] if m["kind"] == "document"}
        self.assertEqual(set(left), {"tcb_info", "qe_identity"})
        self.assertEqual(set(left.values()), {29})
        _, expired = self.json(*OWN["sgx_expired"])
        self.assertTrue(all(m["days_left"] < 0 for m in expired["materials"] if m["kind"] == "document"))


class NegativeVectors(unittest.TestCase):
    """Documents that the makers' own tests refuse: the explanation names the document and what is wrong in it."""

    @classmethod
    def setUpClass(cls):
        if not have_vectors():
            raise unittest.SkipTest("no vectors: set WARD_VECTORS")
        rows = (VECTORS / "dcap/cases.tsv").read_text().splitlines()
        names = rows[0].split("\t")
        cls.case = next(
            dict(zip(names, row.split("\t")))
            for row in rows[1:]
            if "sgx_v3_coco_77bcbdfa" in row and "_v3_ev21" in row
        )

    def explain(self, instead_of, document):
        args = [VECTORS / self.case["quote"], "--at", self.case["time"], "--accept-tcb", "any", "--allow-debug"]
        for part in ("tcb_info", "qe_identity", "pck_crl", "root_crl", "tcb_signing_cert", "root_ca"):
            args += ["--collateral", document if part == instead_of else VECTORS / self.case[part]]
        _, out, err = verify(*args, "--json")
        self.assertEqual(err, "")
        return json.loads(out)

    def test_the_case_is_right_without_them(self):
        self.assertEqual(self.explain("", None)["verdict"], "accepted")

    def check(self, kind, object_, pattern):
        files = sorted((VECTORS / "dcap" / kind).glob(pattern))
        self.assertGreater(len(files), 1)
        for file in files:
            with self.subTest(file.name):
                appraisal = self.explain(object_, file)
                wrong = [c for c in appraisal["checks"] if c["outcome"] == "failed"]
                self.assertTrue(wrong)
                for c in wrong:
                    self.assertTrue(c["id"].startswith(f"sgx.{object_}."), c["id"])
                    self.assertIn(c["id"], {a["check"] for a in appraisal["advice"]})
                form = [c for c in wrong if c["id"].endswith(".form")]
                # What does not parse is one thing, and its place is named.
                if form:
                    self.assertEqual(len(wrong), 1)
                    self.assertRegex(form[0]["found"], r"neg_.*\.json: .+")

    def test_tcb_infos(self):
        self.check("tcbinfo", "tcb_info", "neg_*.json")

    def test_qe_identities(self):
        self.check("qeid", "qe_identity", "neg_*.json")


def update():
    GOLDEN.mkdir(exist_ok=True)
    for name, out in outputs():
        (GOLDEN / name).write_text(out)


if __name__ == "__main__":
    if "--update" in sys.argv:
        update()
    else:
        unittest.main()
