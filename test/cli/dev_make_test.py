#!/usr/bin/env python3
"""`ward dev make`: what it makes is judged by `ward verify` as it says, and is the same for the same seed."""
import json
import os
import pathlib
import resource
import shlex
import subprocess
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
PATIENCE_S = 120
EXIT = {"accepted": 0, "refused": 1, "undetermined": 3}
AT = "2026-09-22T14:13:20Z"
MADE_WITH = "3.0.22"  # the OpenSSL that the tree's vectors are of: another may draw in another order


def ward(*words, code=0, cwd=None):
    done = subprocess.run([WARD, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stderr}")
    return done


def valid(text):
    """valid is the object, once its schema holds."""
    told = json.loads(text)
    schema = ROOT / "docs/schemas" / (told["schema"].replace("/", "-") + ".json")
    jsonschema.validate(told, json.loads(schema.read_text()))
    return told


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def judged(folder):
    """judged is what a case says of its verdict."""
    return [line for line in (folder / "case.txt").read_text().splitlines() if line.split()[0] in ("case", "face", "verdict", "fails")]


def openssl_version():
    return subprocess.run(["openssl", "version"], capture_output=True, check=True, text=True).stdout.split()[1]


class Folder(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="ward dev make ")
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)


class Cases(Folder):
    def judge(self, made):
        """judge runs the command that was printed, for people and as JSON."""
        words = shlex.split(made["verify"])
        self.assertEqual(words[0], "ward")
        code = EXIT[made["verdict"]]
        text = ward(*words[1:], code=code).stdout
        self.assertTrue(text.startswith(made["verdict"]), text)
        told = valid(ward(*words[1:], "--json", code=code).stdout)
        checks = {check["id"]: check["outcome"] for check in told["checks"]}
        self.assertEqual([name for name, outcome in checks.items() if outcome == "failed"], made["fails"])
        for name in made["open"]:
            self.assertEqual(checks[name], "not_done")
        if made["tcb_status"]:
            self.assertEqual(told["tcb"]["status"], made["tcb_status"])
        if not made["open"]:  # what is no certificate is said to be none
            self.assertNotIn("not recognised", text)

    def test_every_case_is_judged_as_it_says(self):
        listed = valid(ward("dev", "make", "--json").stdout)["cases"]
        told = valid(ward("dev", "make", "all", self.folder / "all", "--seed", "of this test", "--json").stdout)
        self.assertEqual([made["case"] for made in told["made"]], [case["case"] for case in listed])
        self.assertGreater(len(listed), 100)
        for made, case in zip(told["made"], listed):
            with self.subTest(case["case"]):
                self.assertEqual({name: made[name] for name in ("verdict", "fails", "open", "tcb_status")},
                                 {name: case[name] for name in ("verdict", "fails", "open", "tcb_status")})
                self.assertEqual(made["face"], case["faces"][0])
                self.judge(made)

    def test_a_case_of_another_face_alone(self):
        made = valid(ward("dev", "make", "tdx-debug", self.folder / "it's", "--face", "tdx-v5", "--at", AT,
                          "--json").stdout)["made"]
        self.assertEqual([made[0]["face"]], ["tdx-v5"])
        self.judge(made[0])

    def test_without_trust_in_its_root_nothing_is_accepted(self):
        made = valid(ward("dev", "make", "sgx-good", self.folder / "good", "--json").stdout)["made"][0]
        words = shlex.split(made["verify"])[1:]
        ward(*[word for word in words if word != "--allow-development"], code=1)
        root = words.index("--trust-root")
        ward(*words[:root], *words[root + 2:], code=1)


class Seeds(Folder):
    def make(self, name, *words, case="tdx-pck-revoked"):
        ward("dev", "make", case, self.folder / name, *words)
        return contents(self.folder / name)

    def test_the_same_seed_and_time_make_the_same_octets(self):
        one = self.make("one", "--seed", "a seed", "--at", AT)
        self.assertEqual(one, self.make("again", "--seed", "a seed", "--at", AT))
        self.assertEqual(one, self.make("hex", "--seed", b"a seed".hex(), "--at", AT))
        self.assertNotEqual(one["evidence"], self.make("other", "--seed", "b seed", "--at", AT)["evidence"])
        self.assertNotEqual(one["collateral/tcb_info.json"],
                            self.make("later", "--seed", "a seed", "--at", "2026-09-23T14:13:20Z")["collateral/tcb_info.json"])

    def test_the_vectors_of_the_tree_are_made_of_their_seed(self):
        told = valid(ward("dev", "make", "all", self.folder / "all", "--seed", "ward vectors", "--at", AT, "--json").stdout)
        for made in told["made"]:
            if made["verdict"] == "accepted":
                continue
            with self.subTest(made["case"]):
                vector = ROOT / "tee" / made["case"].split("-")[0] / "testdata/invalid" / made["case"]
                if openssl_version() == MADE_WITH:
                    self.assertEqual(contents(pathlib.Path(made["folder"])), contents(vector))
                self.assertEqual(judged(pathlib.Path(made["folder"])), judged(vector))
        names = {made["case"] for made in told["made"] if made["verdict"] != "accepted"}
        tees = {name.split("-")[0] for name in names}  # others' vectors are made in their own folders
        self.assertEqual(names, {path.name for tee in tees for path in ROOT.glob(f"tee/{tee}/testdata/invalid/*")})

    def test_a_platform_of_amds_too(self):
        one = self.make("one", "--seed", "a seed", "--at", AT, case="snp-debug")
        self.assertEqual(one, self.make("again", "--seed", "a seed", "--at", AT, case="snp-debug"))

    def test_without_a_seed_it_says_how_to_make_it_again(self):
        told = valid(ward("dev", "make", "sgx-debug", self.folder / "one", "--json").stdout)
        again = self.make("again", "--seed", told["seed"], "--at", told["at"], "--days", told["days"], case="sgx-debug")
        self.assertEqual(contents(self.folder / "one"), again)
        self.assertNotEqual(told["seed"],
                            valid(ward("dev", "make", "sgx-debug", self.folder / "two", "--json").stdout)["seed"])


class Refusals(Folder):
    def refused(self, *words, code=2):
        """refused is what it says; nothing is left."""
        before = contents(self.folder), sorted(self.folder.iterdir())
        done = ward("dev", "make", *words, code=code)
        self.assertEqual(done.stdout, "")
        self.assertEqual((contents(self.folder), sorted(self.folder.iterdir())), before)
        return done.stderr

    def test_usage(self):
        x = self.folder / "x"
        self.assertIn("did you mean sgx-debug?", self.refused("sgx-debgu", x))
        self.assertIn("DIR is required", self.refused("sgx-debug"))
        self.assertIn("its faces: sgx, sgx-v4, sgx-v5", self.refused("sgx-debug", x, "--face", "tdx"))
        self.assertIn("--face is of one case", self.refused("all", x, "--face", "sgx"))
        self.assertIn("--maker is of `outdated`", self.refused("sgx-debug", x, "--maker", x))
        self.assertIn("--maker is required", self.refused("outdated", x))
        self.assertIn("--maker alone", self.refused("outdated", x, "--maker", x, "--face", "sgx"))
        self.assertIn("--at", self.refused("sgx-debug", x, "--at", "yesterday"))
        self.assertIn("--days", self.refused("sgx-debug", x, "--days", "1"))
        self.refused("sgx-debug", x, "--seed", "")

    def test_it_overwrites_nothing(self):
        taken = self.folder / "taken"
        taken.mkdir()
        (taken / "evidence").write_text("mine")
        file = self.folder / "file"
        file.write_text("mine")
        link = self.folder / "link"
        link.symlink_to(self.folder / "nowhere")
        for name in (taken, file, link):
            self.assertIn("nothing was changed", self.refused("sgx-debug", name))
        empty = self.folder / "empty"
        empty.mkdir()
        ward("dev", "make", "sgx-debug", empty)
        self.assertIn("evidence", contents(empty))

    def test_where_it_cannot_write_nothing_is_left(self):
        self.assertIn("no such file", self.refused("sgx-debug", self.folder / "no/such", code=3))

    def test_on_a_full_disk_nothing_is_left(self):
        full = subprocess.run([WARD, "dev", "make", "sgx-debug", self.folder / "x"], capture_output=True, text=True,
                              timeout=PATIENCE_S, restore_signals=False,  # SIGXFSZ stays ignored, as Python has it
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)))
        self.assertEqual(full.returncode, 3, full.stderr)
        self.assertIn("cannot be written", full.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_outdated_is_as_it_was(self):
        ward("dev", "init", self.folder / "dev")
        said = ward("dev", "make", "outdated", self.folder / "old", "--maker", self.folder / "dev").stdout
        self.assertIn("OutOfDate", said)
        self.assertIn("device/pck_chain.pem", contents(self.folder / "old"))


class Docs(unittest.TestCase):
    def test_the_readme_has_the_list(self):
        table = ward("dev", "make", "--list").stdout
        self.assertEqual(table, ward("dev", "make").stdout)
        self.assertIn("\n" + table, (ROOT / "tee/soft/README.md").read_text(), "put `ward dev make --list` there")


if __name__ == "__main__":
    unittest.main()
