#!/usr/bin/env python3
"""The demo's modules, each alone: relay, parties, observer, workload, cheats' reading, the teller."""
import base64
import importlib.util
import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"
sys.path[:0] = [str(DEMO), str(DEMO / "workload")]
if importlib.util.find_spec("numpy") is None:  # the leak search's; it comes with PyTorch
    if "torch" in os.environ.get("WARD_REQUIRE", ""):
        sys.exit("WARD_REQUIRE=torch, but there is no numpy")
    print("skipped: no numpy (python3-torch)")
    sys.exit(77)
import asking  # noqa: E402
import cheats  # noqa: E402
import genuine  # noqa: E402
import observer  # noqa: E402
import parties  # noqa: E402
import performing  # noqa: E402
import processes  # noqa: E402
import records  # noqa: E402
import report_events  # noqa: E402
import reporting  # noqa: E402
from leak_search import ProvesNothing  # noqa: E402
import tell  # noqa: E402
import wire  # noqa: E402
import work  # noqa: E402


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)

    def tearDown(self) -> None:
        self._folder.cleanup()


class DataTest(Folder):
    """A table that is not the one is told in a line, before anything is started."""

    def demo(self, data):
        ran = subprocess.run([sys.executable, "-I", str(DEMO / "demo.py"), "--programs", str(self.folder), "--data", str(data)],
                             capture_output=True, text=True, check=False)
        self.assertEqual(ran.stdout, "")
        return ran.returncode, ran.stderr.splitlines()

    def test_a_file_that_is_not_the_table_is_a_usage_error(self):
        rows = 569 * [",".join(["1"] * 31)]
        for text in (b"", b"a,b\n1,2\n", b"\xff\xfe\0", "\n".join(["head", *rows[1:]]).encode(),
                     "\n".join(["head", *rows[:-1], rows[0][:-1] + "x"]).encode()):
            with self.subTest(text=text[:20]):
                bad = self.folder / "bad.csv"
                bad.write_bytes(text)
                code, lines = self.demo(bad)
                self.assertEqual((code, lines[0]), (2, f"ward: error: {bad}: not the breast-cancer table of 569 patients"))
                self.assertEqual(len(lines), 2)

    def test_a_file_that_is_not_there_cannot_be_told(self):
        for path in (self.folder / "absent.csv", self.folder):
            code, lines = self.demo(path)
            self.assertEqual((code, lines[0]), (3, f"ward: error: {path}: not a file"))


class WireTest(Folder):
    def echo(self) -> int:
        """echo answers one connection with what it was sent, until that side closes."""
        server = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            client, _ = server.accept()
            with client, server:
                while octets := client.recv(1000):
                    client.sendall(octets.upper())

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    def test_every_octet_passes_and_is_recorded_in_both_directions(self) -> None:
        recording = wire.Wire(self.folder / "wire")
        port = recording.join(parties.Party("hospital", self.folder), None, self.echo())
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(100), b""))
        recording.close()
        self.assertEqual(answer, b"QUESTION")
        (described,) = recording.describe()
        self.assertEqual(pathlib.Path(described["to_service"]).read_bytes(), b"question")
        self.assertEqual(pathlib.Path(described["from_service"]).read_bytes(), b"QUESTION")
        self.assertEqual({piece["to_service"] for piece in described["pieces"]}, {True, False})

    def test_a_service_that_is_down_ends_the_connection(self) -> None:
        recording = wire.Wire(self.folder / "wire")
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        entrance = recording.join(parties.Party("hospital", self.folder), None, port)
        with socket.create_connection(("127.0.0.1", entrance)) as client:
            self.assertEqual(client.recv(1), b"")
        recording.close()
        self.assertEqual(recording.describe(), [])


class PartiesTest(Folder):
    def test_a_party_runs_in_its_folder_with_its_own_environment(self) -> None:
        os.environ["WARD_DEMO_TEST"] = "must not get through"
        party = parties.Party("vendor", self.folder)
        self.assertEqual(party.run("sh", "-c", "pwd; echo $WARD_DEMO_TEST"), f"{self.folder}\n\n")

    def test_a_command_that_fails_is_told_with_its_words(self) -> None:
        with self.assertRaisesRegex(parties.CommandFailed, "vendor: `sh -c .*` ended with 3: oh"):
            parties.Party("vendor", self.folder).run("sh", "-c", "echo oh >&2; exit 3")

    @unittest.skipUnless(os.geteuid() == 0, "separate parties need root")
    def test_as_root_parties_are_users_and_networks_of_their_own(self) -> None:
        both = parties.Parties(self.folder, ["hospital", "operator"], separate=True)
        try:
            both["hospital"].write("records", "secret").chmod(0o600)
            self.assertEqual(both["hospital"].run("id", "-u"), "61001\n")
            self.assertEqual(both["hospital"].run("cat", "records"), "secret")
            tried = both["operator"].try_run("cat", self.folder / "hospital/records")
            self.assertIn(b"Permission denied", tried.stderr)
            devices = both["operator"].run("cat", "/proc/net/dev").splitlines()[2:]
            self.assertEqual([line.split(":")[0].strip() for line in devices], ["lo"])
            here = os.readlink("/proc/self/ns/net")
            self.assertNotIn(here, both["operator"].run("readlink", "/proc/self/ns/net"))
        finally:
            both.close()


    @unittest.skipUnless(os.geteuid() == 0, "separate parties need root")
    def test_as_root_a_partys_links_lead_the_demo_nowhere(self) -> None:
        mine = self.folder / "mine"
        mine.write_text("root's")
        mine.chmod(0o600)
        both = parties.Parties(self.folder, ["operator"], separate=True)
        operator = both["operator"]
        try:
            for name in ("link", "manifest.toml"):
                operator.run("ln", "-s", str(mine), name)
            operator.run("ln", "-s", str(self.folder), "up")
            self.assertFalse(operator.has("absent"))
            for name in ("link", "up/mine", "absent"):
                with self.assertRaisesRegex(parties.CommandFailed, "not there, or not to be read by its owner"):
                    operator.read(name)
            written = operator.write("manifest.toml", "theirs")
            self.assertEqual((mine.read_text(), mine.stat().st_uid), ("root's", 0))
            status = written.lstat()
            self.assertEqual((status.st_uid, status.st_mode & 0o777), (61001, 0o600))
            for attempt in (lambda: operator.write("up/new", "x"), lambda: operator.make_folder("up/new")):
                with self.assertRaises(parties.CommandFailed):
                    attempt()
            self.assertFalse((self.folder / "new").exists())
        finally:
            both.close()
        self.assertEqual(operator.read("manifest.toml"), b"theirs", "files outlive the networks")


class ObserverTest(unittest.TestCase):
    def holder(self, text: str) -> "subprocess.Popen[bytes]":
        """holder is a process that has the text in its memory, but not on its command line."""
        program = "import sys; word = sys.argv[1][::-1]; print('ready', flush=True); sys.stdin.read()"
        process = subprocess.Popen([sys.executable, "-c", program, text[::-1]], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        process.stdout.readline()
        return process

    def test_finds_what_a_process_holds_and_nothing_else(self) -> None:
        process = self.holder("a plaintext of this test")
        try:
            sight = observer.look_stopped(process.pid, b"a plaintext of this test")
            self.assertIsNotNone(sight)
            self.assertEqual(sight.pid, process.pid)
            self.assertIsNone(observer.look(process.pid, b"a plaintext of another test"))
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, "memory")
                taken = observer.snapshot(process.pid, file)
                self.assertEqual(taken.unread, [])
                self.assertGreater(taken.octets, 1 << 20)
                self.assertIn(b"a plaintext of this test", file.read_bytes())
            self.assertIn(process.pid, processes.descendants(os.getpid()))
        finally:
            process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertIsNone(observer.look(process.pid, b"x"))

    def test_a_snapshot_names_what_it_could_not_read(self) -> None:
        # A mapping that is longer than its file: the kernel gives nobody what is behind the end.
        program = ("import mmap, tempfile; file = tempfile.TemporaryFile(); file.truncate(8192)\n"
                   "held = mmap.mmap(file.fileno(), 8192); file.truncate(0); print('ready', flush=True); input()")
        process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            process.stdout.readline()
            with tempfile.TemporaryDirectory() as folder:
                taken = observer.snapshot(process.pid, pathlib.Path(folder, "memory"))
            self.assertEqual(len(taken.unread), 1, taken.unread)
            self.assertRegex(taken.unread[0], f"(?s)^process {process.pid} .* at 0x[0-9a-f]+: ")
            with tempfile.TemporaryDirectory() as folder:
                with self.assertRaisesRegex(ProvesNothing, f"not read whole: process {process.pid}"):
                    performing.snapshots([process.pid], pathlib.Path(folder, "memory"))
        finally:
            process.communicate(b"\n")

    def test_a_process_that_is_gone_is_no_complete_snapshot(self) -> None:
        process = subprocess.Popen(["true"])
        process.wait()
        with tempfile.TemporaryDirectory() as folder:
            self.assertNotEqual(observer.snapshot(process.pid, pathlib.Path(folder, "memory")).unread, [])
            self.assertEqual(performing.launcher_of([process.pid]), [process.pid])
            with self.assertRaises(ProvesNothing):
                performing.snapshots([process.pid], pathlib.Path(folder, "snapshots"))


class ProcessesTest(unittest.TestCase):
    """Each case is a Python of its own: it changes how signals and orphans are treated."""

    def run_demo_part(self, program: str, number: int | None = None) -> str:
        """run_demo_part returns what the program prints after it was sent the signal, once it said `ready`."""
        with subprocess.Popen([sys.executable, "-c", f"import sys; sys.path.insert(0, {str(DEMO)!r})\n{program}"],
                              stdout=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            if number is not None:
                process.send_signal(number)
            return process.stdout.read()

    def test_each_signal_that_asks_to_end_interrupts_once(self) -> None:
        program = ("import os, processes, signal\nprocesses.be_asked_to_end()\n"
                   "try:\n    print('ready', flush=True)\n    signal.pause()\n"
                   "except KeyboardInterrupt:\n"
                   "    for again in processes.ENDING: os.kill(os.getpid(), again)\n    print('in order')\n")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.assertEqual(self.run_demo_part(program, number), "in order\n", number)

    def test_a_hangup_that_was_ignored_stays_so(self) -> None:
        program = ("import os, processes, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
                   "processes.be_asked_to_end()\nprint('ready', flush=True)\n"
                   "os.kill(os.getpid(), signal.SIGHUP)\nprint('goes on')\n")
        self.assertEqual(self.run_demo_part(program), "goes on\n")

    def test_nothing_that_was_started_is_left_neither_an_orphan_nor_one_that_does_not_want_to_end(self) -> None:
        program = (
            "import os, pathlib, processes, subprocess\nprocesses.adopt_orphans()\n"
            "shell = 'trap \"\" TERM; (setsid sleep 1000 & echo $! ) ; echo $$; exec sleep 1000'\n"
            "child = subprocess.Popen(['sh', '-c', shell], stdout=subprocess.PIPE, start_new_session=True)\n"
            "pids = [int(child.stdout.readline()) for _ in range(2)]\n"
            "print('ready', flush=True)\nassert len(processes.descendants(os.getpid())) == 2\n"
            "print(processes.end_all(), [pathlib.Path(f'/proc/{pid}').exists() for pid in pids])\n")
        self.assertEqual(self.run_demo_part(program), "[] [False, False]\n")


class WorkTest(Folder):
    def test_a_new_or_an_empty_folder_is_taken_and_parties_may_enter(self) -> None:
        for name in ("new", "deep/er/new", "new"):
            made = work.make(self.folder / name)
            self.assertEqual(made, self.folder / name)
            self.assertEqual(made.stat().st_mode & 0o7777, 0o755)
        made = work.make(None)
        self.assertEqual(made.parent, pathlib.Path("/var/tmp"))
        made.rmdir()

    def test_what_is_not_empty_or_a_link_is_refused(self) -> None:
        (self.folder / "used").mkdir()
        (self.folder / "used/file").write_text("mine")
        (self.folder / "elsewhere").mkdir(mode=0o700)
        (self.folder / "link").symlink_to("elsewhere")
        (self.folder / "file").write_text("mine")
        for name in ("used", "link", "file"):
            with self.assertRaises(OSError, msg=name):
                work.make(self.folder / name)
        self.assertEqual((self.folder / "elsewhere").stat().st_mode & 0o777, 0o700)

    @unittest.skipUnless(os.geteuid() == 0, "other users need root")
    def test_as_root_nothing_that_another_user_laid_there_is_followed(self) -> None:
        (self.folder / "elsewhere").mkdir(mode=0o700)
        (self.folder / "public").mkdir()
        (self.folder / "public").chmod(0o1777)
        stranger = parties.Party("stranger", self.folder / "public", 65533)
        stranger.run("mkdir", "theirs")
        stranger.run("ln", "-s", str(self.folder / "elsewhere"), "link")
        (self.folder / "open").mkdir()
        (self.folder / "open").chmod(0o777)
        for name, why in (("public/theirs", "another user"), ("public/theirs/new", "another user"),
                          ("public/link/new", "another user"), ("open/new", "others may replace")):
            with self.assertRaisesRegex(OSError, why, msg=name):
                work.make(self.folder / name)
        self.assertEqual(list((self.folder / "elsewhere").iterdir()), [])
        self.assertEqual(work.make(self.folder / "public/mine"), self.folder / "public/mine")


class RecordsTest(Folder):
    def test_the_split_is_the_same_every_time_and_loses_nobody(self) -> None:
        rows = [[str(number)] * 30 + [str(number % 2)] for number in range(569)]
        mine, held_out = records.split(rows)
        self.assertEqual((len(mine), len(held_out)), (398, 171))
        self.assertEqual(sorted(mine + held_out), sorted(rows))
        self.assertEqual(records.split(rows), (mine, held_out))

    def test_another_table_is_refused(self) -> None:
        file = self.folder / "table.csv"
        file.write_text("1,30,malignant,benign\n" + ",".join(["1"] * 31) + "\n")
        with self.assertRaisesRegex(ValueError, "not the breast-cancer data"):
            records.read(file)


class GenuineTest(Folder):
    def test_documents_are_what_was_signed_octet_for_octet(self) -> None:
        body = '{"id":"SGX",  "version":3}'  # with blanks: the signature is over the text as it stands
        pieces = {"pck_crl_issuer_chain": "PEM 1", "tcb_info_issuer_chain": "PEM 2",
                  "qe_identity_issuer_chain": "PEM 3", "root_ca_crl": "3000", "pck_crl": "3001ff", "tcb_info": body, "tcb_info_signature": "aa",
                  "qe_identity": "{}", "qe_identity_signature": "bb"}
        made = dict(genuine.documents(pieces))
        self.assertEqual(made["tcb_info.json"], b'{"tcbInfo":' + body.encode() + b',"signature":"aa"}')
        self.assertEqual(made["qe_identity.json"], b'{"enclaveIdentity":{},"signature":"bb"}')
        self.assertEqual(made["pck_crl.der"], b"\x30\x01\xff")
        self.assertEqual(len(made), 7)

    def test_without_recorded_evidence_there_is_none(self) -> None:
        self.assertIsNone(genuine.find(None, self.folder, self.folder / "into"))
        self.assertFalse((self.folder / "into").exists())


class ReportingTest(Folder):
    def test_flights_join_what_one_side_sent_without_an_answer(self) -> None:
        for name, octets in (("to", b"helloGET"), ("from", b"worldkey")):
            (self.folder / name).write_bytes(octets)
        pieces = [{"to_service": up, "seconds": at, "offset": offset, "size": size} for up, at, offset, size in (
            (True, 0.0, 0, 5), (False, 0.1, 0, 2), (False, 0.2, 2, 3), (True, 0.3, 5, 3), (False, 0.4, 5, 3))]
        connection = {"to_service": self.folder / "to", "from_service": self.folder / "from", "pieces": pieces}
        self.assertEqual(reporting.flights(connection), [(True, 0.0, b"hello"), (False, 0.1, b"world"),
                                                         (True, 0.3, b"GET"), (False, 0.4, b"key")])

    def test_names_are_told_from_the_end_because_a_handshake_varies(self) -> None:
        names = [name for name, _ in reporting.names_for(9, ["hospital/key/records"], 1)]
        self.assertEqual(names, ["TLS handshake", "TLS handshake", "POST /kbs/v0/auth", "challenge",
                                 "POST /kbs/v0/attest", "attestation result",
                                 "GET /kbs/v0/resource/hospital/key/records", "key", "end"])
        self.assertEqual(reporting.names_for(0, [], 0), [])


class OpenedTest(Folder):
    """What the operator recorded of a keep whose TLS it ended itself."""

    def opened(self) -> list[report_events.Message]:
        return reporting.opened({"operator": parties.Party("operator", self.folder)})

    def test_each_line_is_a_request_and_its_answer(self) -> None:
        (self.folder / "recorded").mkdir()
        lines = [{"method": "POST", "path": "/kbs/v0/auth", "status": 200, "asked": 7.0, "answered": 7.5,
                  "request": base64.b64encode(b'{"tee":"sgx"}').decode(), "answer": base64.b64encode(b"{}").decode()}]
        (self.folder / "recorded/exchange.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.assertEqual([(m.name, m.seconds, m.plain, m.octets) for m in self.opened()],
                         [("POST /kbs/v0/auth", 0.0, b'{"tee":"sgx"}', b""), ("answer, 200", 0.5, b"{}", b"")])

    def test_without_a_record_there_is_nothing(self) -> None:
        self.assertEqual(self.opened(), [])


class CheatsTest(unittest.TestCase):
    def test_a_check_is_found_by_its_id_and_not_a_files_name(self) -> None:
        line = "ward: error: weights.pt: seal.file.no_slot: no slot"
        self.assertEqual(cheats.last_line(f"ward: hello\n{line}\nbye", "seal.file.no_slot"), line)
        self.assertEqual(cheats.last_line("ward: hello\nbye\n"), "bye")

    def test_who_refused_says_by_which_check_and_no_text_of_the_operators(self) -> None:
        def answer(code: int, **report: object) -> asking.Answer:
            return asking.Answer(["keep", "run", "m.toml"], code, b"", b"ward: error: kbs.nonce.unused: so the script", report)

        refused = {"ending": "input_refused", "detail": "seal.file.no_slot: no slot for this key"}
        self.assertEqual(cheats.by_keep([answer(0), answer(1, **refused)]), "seal.file.no_slot")
        # Said by a broker that the operator's own manifest names; by a keep that ended otherwise; by nobody.
        for one in (answer(1, ending="broker_refused", detail="kbs.release.workload: no"), answer(3, **refused),
                    answer(1, ending="input_refused", detail="x seal.file.no_slot: y"), answer(1)):
            self.assertEqual(cheats.by_keep([one]), "", one)
        entries = [{"kind": "attestation", "details": {"checks": "sgx.a.b"}},
                   {"kind": "refusal", "details": {"checks": "kbs.nonce.unused kbs.x.y"}}]
        self.assertEqual(cheats.by_broker(entries), "kbs.nonce.unused")
        self.assertEqual(cheats.by_broker(entries[:1]), "")

    def test_a_shipped_cheat_is_refused_by_its_own_check_and_by_no_other(self) -> None:
        self.assertTrue(cheats.holds(True, "kbs.nonce.unused", "kbs.nonce.unused"))
        self.assertFalse(cheats.holds(True, "kbs.session.cookie", "kbs.nonce.unused"))
        self.assertTrue(cheats.holds(True, "kbs.session.cookie", None))
        self.assertFalse(cheats.holds(True, "", None))
        self.assertFalse(cheats.holds(False, "kbs.nonce.unused", "kbs.nonce.unused"))

    def test_each_shipped_cheat_has_its_check_and_is_known_by_its_place(self) -> None:
        self.assertEqual({script.stem for script in (DEMO / "cheats").glob("*.sh")}, set(cheats.EXPECTED))
        documented = (ROOT / "docs/checks.md").read_text() + (ROOT / "docs/formats/sealed-file.md").read_text()
        for case, check in cheats.EXPECTED.items():
            self.assertIn(check.removeprefix("seal.file."), documented, case)
            self.assertTrue(cheats.is_shipped(DEMO / "cheats" / f"{case}.sh", DEMO))
        self.assertFalse(cheats.is_shipped(pathlib.Path("/tmp/env-injected.sh"), DEMO))

    def test_passed_checks_keep_their_order_and_stand_once(self) -> None:
        entries = [{"details": {"passed": "b a"}}, {"details": {}}, {"details": {"passed": "a c"}}]
        self.assertEqual(cheats.passed_in(entries), ["b", "a", "c"])

    def test_the_shipped_scripts_are_short_say_what_they_do_and_are_documented(self) -> None:
        readme = (DEMO / "cheats/README.md").read_text()
        scripts = sorted((DEMO / "cheats").glob("*.sh"))
        self.assertEqual(len(scripts), 11)
        for script in scripts:
            text = script.read_text()
            self.assertLessEqual(len(text.splitlines()), 15, script)
            self.assertTrue(text.startswith("# The operator "), script)
            for name in re.findall(r"\$\{?([A-Z_]{4,})\b", text):
                self.assertIn(f"`{name}`", readme, script)


class AskingTest(Folder):
    """Ward as a cheat sees it: run by the demo, which keeps what ward itself said."""

    def setUp(self) -> None:
        super().setUp()
        ward = self.folder / "real-ward"
        ward.write_text('#!/bin/sh\ncase "$*" in "keep run --json"*) echo \'{"ending":"done"}\';; *) pwd;; esac\n'
                        'echo "$@" >&2\nexit 7\n')
        ward.chmod(0o755)
        self.asked = asking.Asking(self.folder / "sock", parties.Party("operator", self.folder), ward)
        (self.folder / "cheat").mkdir()

    def tearDown(self) -> None:
        self.asked.close()
        super().tearDown()

    def ask(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run([DEMO / "ask.py", *words], env={"WARD_ASK": str(self.folder / "sock")}, check=False,
                              capture_output=True, cwd=self.folder / "cheat")

    def test_what_ward_said_is_handed_on_and_kept(self) -> None:
        done = self.ask("seal", "a b")
        self.assertEqual((done.returncode, done.stdout.decode(), done.stderr), (7, f"{self.folder}/cheat\n", b"seal a b\n"))
        done = self.ask("keep", "run", "m.toml")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, b"", b"keep run --json m.toml\n"))
        first, second = self.asked.take()
        self.assertEqual((first.argv, first.exit, first.report), (["seal", "a b"], 7, {}))
        self.assertEqual((second.argv, second.report), (["keep", "run", "m.toml"], {"ending": "done"}))
        self.assertEqual(self.asked.take(), [])

    def test_a_question_that_is_none_ends_nothing(self) -> None:
        for octets in (b"", b"no JSON\n", b'{"argv":1}\n', b"[]\n"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.folder / "sock"))
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(1), b"")
        self.assertEqual(self.ask("x").returncode, 7)
        self.assertEqual(len(self.asked.take()), 1)


class TellTest(unittest.TestCase):
    def test_colour_is_for_terminals_only_and_times_add_up(self) -> None:
        out = io.StringIO()
        teller = tell.Teller(out)
        for _ in range(2):
            with teller.step("seal"):
                teller.fact(True, "it holds")
        teller.fact(False, "it does not")
        self.assertNotIn("\033", out.getvalue())
        self.assertIn("ok", out.getvalue())
        self.assertIn("NO", out.getvalue())
        self.assertEqual(list(teller.seconds), ["seal"])
        self.assertGreaterEqual(teller.total(), teller.seconds["seal"])

    def test_without_a_place_to_write_nothing_is_written(self) -> None:
        tell.Teller(None).chapter("quiet")


if __name__ == "__main__":
    unittest.main()
