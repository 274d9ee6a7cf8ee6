#!/usr/bin/env python3
"""`ward demo --json`: the whole story, and a cheat that is none."""
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
DATA = ROOT / "build/data/breast_cancer.csv"
CHECKS = {
    "workload-changed": "kbs.release.workload", "env-injected": "kbs.release.workload",
    "evidence-replayed": "kbs.nonce.unused", "evidence-relayed": "sgx.report_data.expected",
    "root-not-trusted": "sgx.pck_chain.root", "tcb-out-of-date": "sgx.tcb.status",
    "input-swapped": "seal.file.no_slot", "model-rolled-back": "seal.file.id_mismatch",
    "receiver-changed": "kbs.release.workload", "output-forged": "seal.file.no_provenance",
    "owner-not-approved": "kbs.release.workload",
}


def missing() -> str:
    if not all((pathlib.Path(WARD).parent / name).exists() for name in ("wardd", "softd", "ward-keep")):
        return "not all programs are built"
    if importlib.util.find_spec("torch") is None:
        return "no PyTorch: python3-torch"
    return "" if DATA.exists() else "no data: ./run test fetches it"


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [WARD, "demo", "--demo-dir", str(ROOT / "demo"), "--data", str(DATA), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


class Story(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir="/var/tmp", prefix="ward-demo-test-")
        self.work = pathlib.Path(self.folder.name, "work")
        pathlib.Path(self.folder.name).chmod(0o755)

    def tearDown(self) -> None:
        self.folder.cleanup()

    def running_here(self) -> list[str]:
        """running_here lists processes that were started from the work folder."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().decode() if entry.name.isdigit() else ""
            except OSError:
                continue
            if str(self.work) in words:
                found.append(words)
        return found

    def all_command_lines(self) -> str:
        lines = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                lines.append((entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else "")
            except OSError:
                continue
        return "\n".join(lines)

    def test_everything_holds_and_every_cheat_is_refused_by_its_check(self) -> None:
        done = demo("--json", "--work", self.work)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        story = json.loads(done.stdout)
        import jsonschema

        jsonschema.validate(story, json.loads((ROOT / "docs/schemas/ward.demo-1.json").read_text()))
        self.assertIs(story["released"], True)
        self.assertIs(story["identical_output"], True)
        self.assertIs(story["plaintext_seen"], False)
        self.assertIs(story["control"]["plaintext_seen"], True)
        self.assertEqual({one["case"]: one["check"] for one in story["refusals"]}, CHECKS)
        self.assertEqual({one["case"]: one["expected"] for one in story["refusals"]}, CHECKS)
        self.assertTrue(all(one["refused"] for one in story["refusals"]))
        self.assertIs(story["root_reads_memory"], True if os.geteuid() == 0 else None)
        self.assertEqual(story["production"]["failed"], ["sgx.pck_chain.root"])
        self.assertIn(str(self.work), done.stderr)
        page = (self.work / "report.html").read_text()
        for text in ("owns the records", "runs the broker", "POST /kbs/v0/attest", "P0001", "evidence-relayed", "sgx.quote.signature"):
            self.assertIn(text, page)
        self.assertEqual(self.running_here(), [])

    def test_an_interrupted_demo_ends_what_it_started(self) -> None:
        command = [WARD, "demo", "--demo-dir", str(ROOT / "demo"), "--data", str(DATA), "--work", str(self.work)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            lines = [""]
            while "softd: listening" not in lines[-1]:
                lines.append(process.stdout.readline())
                self.assertIsNone(process.poll())
            told = iter(lines[3:])  # a blank line and the title before
            for name, text in (("hospital", "owns the records"), ("vendor", "owns the model"),
                               ("operator", "owns the machine"), ("researcher", "owns the result"),
                               ("trust", "runs the broker")):
                self.assertRegex(next(told), rf"^  {name} +{text}")
            services = [words for words in self.running_here() if "--config" in words or "--socket" in words]
            self.assertEqual(len(services), 2, services)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)  # the second one does not keep it from ending in order
            _, errors = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 3)
        self.assertIn("ward: error: interrupted", errors)
        self.assertIn(f"the work folder is {self.work}", errors)
        self.assertEqual(self.running_here(), [])

    def test_a_cheat_that_is_none_is_not_called_refused(self) -> None:
        honest = pathlib.Path(self.folder.name, "honest.sh")
        honest.write_text("# The operator does what was agreed.\n"
                          '"$WARD" keep run "$MANIFEST" --softd "$SOFTD" --out .\n')
        # It says that it was refused, and by which check; and it leaves a process and a link for root to follow.
        liar = pathlib.Path(self.folder.name, "liar.sh")
        liar.write_text("# The operator says that it was refused.\n(setsid sleep 1000 &)\n"
                        "ln -s /etc ../liar-was-here 2>/dev/null || true\n"
                        'ln -s /etc/passwd "$OPERATOR/out-root" || true\n'
                        "echo 'ward: error: kbs.nonce.unused: Evidence was presented before.' >&2\nexit 1\n")
        done = demo("--json", "--work", self.work, "--cheat", honest, "--cheat", liar)
        self.assertIn(done.returncode, (1, 3), done.stderr)
        self.assertEqual([(one["case"], one["refused"], one["check"], one["expected"])
                          for one in json.loads(done.stdout)["refusals"]],
                         [("honest", False, "", None), ("liar", False, "", None)])
        self.assertEqual(self.running_here(), [])
        self.assertNotIn("sleep\0001000", self.all_command_lines())


class Usage(unittest.TestCase):
    def test_without_its_folder_the_demo_cannot_be_told(self) -> None:
        done = subprocess.run([WARD, "demo", "--demo-dir", "/nonexistent"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr, "ward: error: /nonexistent: no demo.py here\n"
                                      "ward: hint: name its folder: --demo-dir\n")

    def test_a_folder_that_is_not_empty_and_a_cheat_that_does_not_exist_are_usage(self) -> None:
        for code, arguments in ((2, ("--work", ROOT)), (3, ("--cheat", "/nonexistent.sh"))):
            done = demo(*arguments)
            self.assertEqual((done.returncode, done.stdout), (code, ""))
            self.assertRegex(done.stderr, "^ward: error: ")
            told = json.loads(demo("--json", *arguments).stdout)
            self.assertEqual((told["schema"], told["exit"]), ("ward.error/1", code))

    def test_a_demo_beside_the_build_is_run_in_a_build_folder_alone(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            for name in ("a/b/bin", "demo"):
                (top / name).mkdir(parents=True)
            program = shutil.copy2(WARD, top / "a/b/bin/ward")
            planted = top / "demo/demo.py"
            planted.write_text("print('planted')\n")
            run = lambda *words: subprocess.run([program, "demo", *words], capture_output=True, text=True, check=False)  # noqa: E731
            done = run()
            self.assertNotIn("planted", done.stdout)
            self.assertEqual(done.returncode, 3, done.stderr)
            (top / "a/b/CMakeCache.txt").write_text("")
            self.assertEqual(run().stdout, "planted\n")
            (top / "a/share/ward/demo").mkdir(parents=True)  # not in its prefix: that is a/b
            self.assertEqual(run().stdout, "planted\n")
            (top / "a/b/share/ward/demo").mkdir(parents=True)
            (top / "a/b/share/ward/demo/demo.py").write_text("print('installed')\n")
            self.assertEqual(run().stdout, "installed\n")

    def test_a_demo_that_everybody_may_change_is_not_run(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            demo_dir = pathlib.Path(folder, "demo")
            demo_dir.mkdir()
            (demo_dir / "demo.py").write_text("print('run')\n")
            (demo_dir / "more.py").write_text("")
            command = [WARD, "demo", "--demo-dir", str(demo_dir)]
            self.assertEqual(subprocess.run(command, capture_output=True, text=True, check=False).stdout, "run\n")
            for path, mode in ((demo_dir, 0o777), (demo_dir, 0o1777), (demo_dir / "demo.py", 0o666),
                               (demo_dir / "more.py", 0o646), (pathlib.Path(folder), 0o777)):
                before = path.stat().st_mode
                path.chmod(mode)
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""), path)
                self.assertIn(f"{path}: everybody may change it", done.stderr)
                path.chmod(before)


if __name__ == "__main__":
    reason = missing()
    if reason and "torch" in os.environ.get("WARD_REQUIRE", ""):
        sys.exit(f"WARD_REQUIRE=torch: {reason}")
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    unittest.main()
