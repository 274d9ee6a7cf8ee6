"""libward as others have it: installed, moved, and used by the examples in C, C++ and Python with nothing else of ward.

usage: installed_test.py BUILD-FOLDER CMAKE WHEEL
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from datetime import datetime, timezone

import vector_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
CHECKED = ("-Wall", "-Wextra", "-Werror", "-pedantic")


def run(*command, cwd=None, want=0, **more):
    """run gives the program nothing of this environment but where Debian's programs are."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(WORK), **more}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    if want is not None and done.returncode != want:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def install():
    """install uses DESTDIR, and moves what was installed: nothing may know where it was meant to lie."""
    run(CMAKE, "--install", BUILD, "--prefix", "/opt/ward", "--strip", DESTDIR=str(WORK / "stage"))
    prefix = WORK / "moved to"
    shutil.move(WORK / "stage/opt/ward", prefix)
    return prefix


def build(prefix):
    """build makes every example from copies, and returns the commands that run them."""
    shutil.copytree(ROOT / "examples", WORK / "examples")
    pc = {"PKG_CONFIG_PATH": str(PREFIX_LINK / "lib/pkgconfig"), "CFLAGS": " ".join(CHECKED)}
    run("make", cwd=WORK / "examples/c", **pc)
    shutil.copytree(WORK / "examples/c", WORK / "examples/c_static")
    (WORK / "examples/c_static/verify").unlink()
    run("make", "STATIC=1", cwd=WORK / "examples/c_static", **pc)
    made = WORK / "cpp"
    run(CMAKE, "-S", WORK / "examples/cpp", "-B", made, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_FLAGS={' '.join(CHECKED)}")
    run(CMAKE, "--build", made)
    run("/usr/bin/python3", "-m", "venv", WORK / "venv")
    run(WORK / "venv/bin/pip", "install", "--quiet", "--no-index", WHEEL)
    python = WORK / "venv/bin/python"
    return {"c": [WORK / "examples/c/verify"], "c, static": [WORK / "examples/c_static/verify"],
            "c++": [made / "verify"], "c++, static": [made / "verify_static"],
            "python": [python, "-I", WORK / "examples/python/verify.py"]}


def own_vectors():
    for case in sorted(ROOT.glob("tee/*/testdata/valid/*/case.txt")):
        facts = vector_files.facts(case.parent)
        at = datetime.strptime(facts["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        yield case.parent, facts["at"], str(int(at.timestamp()))


def setUpModule():
    global WORK, PREFIX, PREFIX_LINK, EXAMPLES
    if not WHEEL.exists():
        if os.environ.get("CI"):
            raise AssertionError(f"no wheel: {WHEEL}")
        raise unittest.SkipTest("no wheel: build the target ward_wheel")
    WORK = pathlib.Path(tempfile.mkdtemp(prefix="ward-installed-"))
    unittest.addModuleCleanup(shutil.rmtree, WORK)
    PREFIX = install()
    PREFIX_LINK = WORK / "prefix"  # pkg-config's words end at blanks
    PREFIX_LINK.symlink_to(PREFIX)
    EXAMPLES = build(PREFIX)


class Installed(unittest.TestCase):
    def everywhere(self, args, code, ward_args):
        """Every example says what the installed `ward verify` says, in its first line and its exit code."""
        said = run(PREFIX / "bin/ward", "verify", *ward_args, want=code).stdout.splitlines()
        for name, command in EXAMPLES.items():
            with self.subTest(example=name, args=args):
                done = run(*command, *args, want=None)
                self.assertEqual((done.returncode, done.stderr), (code, ""))
                self.assertEqual(done.stdout.splitlines()[0], said[0])

    def test_accepted_refused_and_undetermined(self):
        empty = WORK / "empty"
        empty.mkdir()
        seen = 0
        for folder, at, unix in own_vectors():
            evidence, root = folder / "evidence", folder / "root_ca.pem"
            base = [evidence, "--at", at, "--require-crl"]
            trust = ["--trust-root", root, "--allow-development"]
            self.everywhere([evidence, folder, unix, root], 0, [*base, "--collateral", folder, *trust])
            self.everywhere([evidence, folder, unix], 1, [*base, "--collateral", folder])
            altered = WORK / "altered"
            octets = bytearray(evidence.read_bytes())
            octets[vector_files.some_signed(folder)] ^= 1
            altered.write_bytes(octets)
            self.everywhere([altered, folder, unix, root], 1,
                            [altered, *base[1:], "--collateral", folder, *trust])
            seen += 1
        self.assertGreater(seen, 2)
        quote = ROOT / "tee/sgx/testdata/valid/sgx_3"
        unix = next(u for f, _, u in own_vectors() if f == quote)
        at = next(a for f, a, _ in own_vectors() if f == quote)
        self.everywhere([quote / "evidence", empty, unix, quote / "root_ca.pem"], 3,
                        [quote / "evidence", "--at", at, "--trust-root", quote / "root_ca.pem", "--allow-development"])

    def test_a_folder_of_evidence_is_verified_in_a_batch(self):
        program, many, empty = WORK / "cpp/verify_folder", WORK / "many", WORK / "no evidence"
        many.mkdir()
        empty.mkdir()
        for folder, at, unix in own_vectors():
            args = [many, folder, unix, folder / "root_ca.pem"]
            evidence = (folder / "evidence").read_bytes()
            for i in range(20):
                (many / f"{i:02}").write_bytes(evidence)
            said = run(PREFIX / "bin/ward", "verify", many / "00", "--collateral", folder, "--at", at, "--require-crl", "--trust-root",
                       folder / "root_ca.pem", "--allow-development").stdout.splitlines()[0]
            self.assertEqual(run(program, *args).stdout.splitlines(), [f"{i:02}: {said}" for i in range(20)])
            (many / "07").write_bytes(b"hello")
            done = run(program, *args, want=3)
            self.assertIn("07: ward_verifier_verify_all: no kind of evidence that ward knows\n", done.stdout)
            altered = bytearray(evidence)
            altered[vector_files.some_signed(folder)] ^= 1
            (many / "05").write_bytes(altered)
            lines = run(program, *args, want=1).stdout.splitlines()
            self.assertRegex(lines[5], r"^05: refused: \w+\.")
            self.assertEqual(lines[6], f"06: {said}")
            self.assertEqual(run(program, empty, *args[1:], want=3).stdout, "")
        self.assertEqual(run(program, want=2).stdout, "")

    def test_mistakes_have_the_exit_codes_of_ward_verify(self):
        quote = ROOT / "tee/sgx/testdata/valid/sgx_3"
        nothing = WORK / "nothing"
        nothing.write_bytes(b"")
        rows = [([], 2), ([quote / "evidence", quote, "soon"], 2), ([ROOT / "LICENSE", quote, "0"], 3),
                ([WORK / "absent", quote, "0"], 3), ([quote / "evidence", WORK / "absent", "0"], 3),
                ([nothing, quote, "0"], 1), ([quote / "evidence", quote, "0", ROOT / "LICENSE"], 2),
                ([quote / "evidence", quote, "999999999999"], 2)]
        for args, code in rows:
            for name, command in EXAMPLES.items():
                with self.subTest(example=name, args=args):
                    done = run(*command, *args, want=None)
                    self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
                    self.assertTrue(done.stderr)
                    self.assertNotIn("Traceback", done.stderr)

    def test_python_says_the_json_of_ward_verify(self):
        cases = [[folder / "evidence", folder, at, folder / "root_ca.pem"] for folder, at, _ in own_vectors()]
        if (VECTORS / "MANIFEST.tsv").exists():
            for quote in sorted(VECTORS.glob("[st][gd]x/*.dat"))[:12]:
                cases.append([quote, VECTORS / "dcap", "2024-05-18T18:22:51Z", None])
        elif "vectors" in os.environ.get("WARD_REQUIRE", ""):
            raise AssertionError("WARD_REQUIRE=vectors, but none found")
        script = pathlib.Path(__file__).with_name("print_json.py")
        judged = 0
        for evidence, folder, at, root in cases:
            with self.subTest(evidence=evidence):
                trust = ["--trust-root", root, "--allow-development"] if root else ["--accept-tcb", "any"]
                ward = run(PREFIX / "bin/ward", "verify", evidence, "--collateral", folder, "--at", at, "--json",
                           "--require-crl", *trust, want=None)
                ours = run(WORK / "venv/bin/python", "-I", script, evidence, folder, at, *([root] if root else []))
                self.assertEqual(ours.stdout, ward.stdout)
                self.assertEqual(json.loads(ours.stdout)["schema"], "ward.appraisal/1")
                judged += 1
        self.assertEqual(judged, len(cases))

    def test_python_bears_hostile_input_alone_and_in_batches(self):
        for cases in ("hostile_cases.py", "batch_cases.py"):
            done = run(WORK / "venv/bin/python", "-I", pathlib.Path(__file__).with_name(cases), ROOT / "tee", want=None)
            self.assertEqual(done.returncode, 0, done.stderr[-4000:])
            self.assertRegex(done.stderr, r"Ran [1-9]\d* tests")

    def test_python_has_type_hints(self):
        mypy = ROOT / ".venv/bin/mypy"
        if not mypy.exists():
            self.skipTest("no mypy: ./run test installs it")
        for what in (["-p", "ward"], [WORK / "examples/python/verify.py"]):
            found = run(mypy, "--strict", "--cache-dir", WORK / "mypy", "--python-executable", WORK / "venv/bin/python", *what)
            self.assertIn("no issues found", found.stdout)

    def test_run_install_says_what_to_do(self):
        rows = [([], "install takes one folder", "./run install /usr/local"),
                (["/a", "/b"], "install takes one folder", "./run install /usr/local"),
                (["a/b"], "not an absolute path: a/b", f"./run install {ROOT}/a/b"),
                ([ROOT / "LICENSE"], f"not a folder: {ROOT}/LICENSE", "name a folder")]
        for args, what, hint in rows:
            done = run("bash", ROOT / "run", "install", *args, want=2)
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.startswith(f"ward: error: {what}\nward: hint: {hint}"), done.stderr)

    def test_what_is_installed(self):
        for name in ("bin/ward", "bin/wardd", "lib/libward.so", "lib/libward.so.1", "lib/libward.a", "include/ward/ward.h",
                     "include/ward/verifier.h", "lib/cmake/ward/wardConfig.cmake", "lib/pkgconfig/ward.pc",
                     "share/ward/demo/demo.py", "share/doc/ward/LICENSE", "share/doc/ward/docs/library.md",
                     f"share/ward/python/{WHEEL.name}"):
            self.assertTrue((PREFIX / name).exists(), name)
        with zipfile.ZipFile(WHEEL) as wheel:
            for name in ("LICENSE", "LICENSE.aws-lc"):
                ours = [wheel.read(one) for one in wheel.namelist() if ".dist-info/" in one and one.endswith(f"/{name}")]
                self.assertEqual(ours, [path.read_bytes() for path in (PREFIX / "share/doc/ward").glob(name)])
                needed = name == "LICENSE" or re.search(rb"AWS-LC \d+\.\d+", (PREFIX / "lib/libward.so").read_bytes())
                self.assertEqual(len(ours), 1 if needed else 0, name)
        for text in [PREFIX / "lib/cmake/ward/wardConfig.cmake", PREFIX / "lib/pkgconfig/ward.pc"]:
            for path in (str(BUILD), str(ROOT), "/opt/ward"):
                self.assertNotIn(path, text.read_text())
        self.assertEqual(run("pkg-config", "--modversion", "ward",
                             PKG_CONFIG_PATH=str(PREFIX_LINK / "lib/pkgconfig")).stdout, "1.0.0\n")


if __name__ == "__main__":
    WHEEL, CMAKE, BUILD = pathlib.Path(sys.argv.pop()), sys.argv.pop(), pathlib.Path(sys.argv.pop())
    unittest.main()
