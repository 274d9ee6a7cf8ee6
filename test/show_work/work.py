"""Runs the script that `ward verify --show-work` writes, and compares what it finds with the verdict."""
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
SYSTEM = {"PATH": "/usr/bin:/bin"}  # ward is not there
WORKERS = 2
NUMBERS = itertools.count()  # of files; threads draw from it


def need_vectors():
    if (VECTORS / "MANIFEST.tsv").exists():
        return
    if "vectors" in os.environ.get("WARD_REQUIRE", ""):
        raise AssertionError("WARD_REQUIRE=vectors, but none found")
    raise unittest.SkipTest("no vectors: set WARD_VECTORS")


class Derived:
    """What one run of a script printed."""

    def __init__(self, done):
        self.code, self.text, self.errors = done.returncode, done.stdout.decode(), done.stderr.decode()
        self.outcomes = {}  # check: whether all of it holds
        for word, check in re.findall(r"^(ok|WRONG) +([^:\n]+):", self.text, re.M):
            self.outcomes[check] = self.outcomes.get(check, True) and word == "ok"

        self.left = set(re.findall(r"^LEFT +([^:\n]+):", self.text, re.M))  # checks that it says it cannot derive

    def wrong(self):
        return {check for check, holds in self.outcomes.items() if not holds}

    def last(self):
        return self.text.splitlines()[-1]


def derive(script, *evidence, env=None, shell="/bin/sh"):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([shell, str(script), *map(str, evidence)], capture_output=True, timeout=120, cwd=folder,
                              check=False, env={**SYSTEM, "TMPDIR": folder, **(env or {})})
        if os.listdir(folder):
            raise AssertionError(f"the script left {os.listdir(folder)}")
    return Derived(done)


class Verdict:
    """What ward found, and the script that it wrote."""

    def __init__(self, script, evidence, options):
        self.script = script
        done = subprocess.run([WARD, "verify", evidence, *map(str, options), "--json", "--show-work", script],
                              capture_output=True, timeout=60, check=False)
        if done.returncode not in (0, 1, 3) or not done.stdout:
            raise AssertionError(done.stderr.decode())
        appraisal = json.loads(done.stdout)
        self.verdict = appraisal["verdict"]
        self.outcomes = {c["id"]: c["outcome"] for c in appraisal["checks"]}


class Case:
    """Evidence with what it takes to judge it."""

    def __init__(self, name, evidence, options):
        self.name, self.evidence, self.options = name, evidence, options

    def judge(self, folder, evidence=None, options=None):
        """`evidence`: other octets than the case's."""
        name = f"{next(NUMBERS)}-{re.sub('[^a-z0-9_]', '-', self.name)}"
        path = self.evidence
        if evidence is not None:
            path = folder / f"{name}.evidence"
            path.write_bytes(evidence)
        return Verdict(folder / f"{name}.sh", path, options or self.options)


def own_cases():
    out = []
    for folder in sorted(ROOT.glob("tee/*/testdata/valid/*")):
        facts = dict(line.split() for line in (folder / "case.txt").read_text().splitlines())
        out.append(Case(folder.name, folder / "evidence",
                        ["--collateral", folder, "--at", facts["at"], "--trust-root", folder / "root_ca.pem",
                         "--allow-development"]))
    return out


def table(name):
    lines = (VECTORS / name).read_text().splitlines()
    keys = lines[0].split("\t")
    return [dict(zip(keys, line.split("\t"))) for line in lines[1:]]


def recorded_cases():
    """Each recorded SGX quote, TDX quote and SEV-SNP report once."""
    documents = ("tcb_info", "qe_identity", "pck_crl", "root_crl", "tcb_signing_cert", "root_ca")
    rows = {row["quote"]: row for row in table("dcap/cases.tsv")}
    out = []
    for path in sorted([*(VECTORS / "sgx").glob("*.dat"), *(VECTORS / "tdx").glob("*.dat")]):
        name = f"{path.parent.name}/{path.name}"
        options = ["--collateral", VECTORS / "dcap", "--at", "2025-06-11T19:08:46Z"]
        if name in rows:
            options = ["--at", rows[name]["time"]]
            options += [word for d in documents for word in ("--collateral", VECTORS / rows[name][d])]
        out.append(Case(name, path, options))
    for path in sorted((VECTORS / "snp").glob("*.bin")):
        out.append(Case(f"snp/{path.name}", path,
                        ["--collateral", VECTORS / "snp/certs", "--at", "2025-08-01T00:00:00Z"]))
    return out


class WorkTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def each(self, run, items):
        """Two at a time; the first that fails fails the test."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(run, items))

    def agree(self, name, derived, verdict):
        """A script of this very evidence finds what ward found, and says so."""
        text = f"{name}: {verdict.verdict}\n{derived.text}{derived.errors}"
        self.assertEqual(derived.errors, "", text)
        self.assertNotIn("OTHERWISE", derived.text, text)
        for check, holds in derived.outcomes.items():
            self.assertEqual("passed" if holds else "failed", verdict.outcomes[check], f"{check} of {text}")
        # A fact that ward judged is in the script.
        judged = {check for check, outcome in verdict.outcomes.items() if outcome in ("passed", "failed") and
                  (check.endswith((".signature", "_chain.root")) or ".event_log.rtmr" in check and "_measured" not in check)}
        self.assertLessEqual(judged, set(derived.outcomes) | derived.left, text)
        if not derived.outcomes:
            self.assertEqual(derived.code, 3, text)
        elif derived.wrong():
            self.assertEqual(derived.code, 1, text)
            self.assertIn("\nall outcomes are as ward found them\n", derived.text)
        elif derived.left:
            self.assertEqual(derived.code, 3, text)
            self.assertIn("\nnot derived here: ", derived.text)
        else:
            self.assertEqual(derived.code, 0, text)
            self.assertRegex(derived.text, r"\nall \d+ signatures and \d+ digests hold, as ward found\n")
            self.assertEqual(derived.last().startswith("verdict of ward: accepted"), verdict.verdict == "accepted", text)
