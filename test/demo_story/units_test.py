#!/usr/bin/env python3
"""The demo's modules, each alone: relay, parties, observer, workload, cheats' reading, the teller."""
import base64
import importlib.util
import io
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"
sys.path[:0] = [str(DEMO), str(DEMO / "workload")]
if importlib.util.find_spec("numpy") is None:  # the leak search's; it comes with PyTorch
    if "torch" in os.environ.get("WARD_REQUIRE", ""):
        sys.exit("WARD_REQUIRE=torch, but there is no numpy")
    print("skipped: no numpy (python3-torch)")
    sys.exit(77)
import cheats  # noqa: E402
import genuine  # noqa: E402
import observer  # noqa: E402
import parties  # noqa: E402
import records  # noqa: E402
import report_events  # noqa: E402
import reporting  # noqa: E402
import tell  # noqa: E402
import wire  # noqa: E402


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)

    def tearDown(self) -> None:
        self._folder.cleanup()


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
                self.assertGreater(observer.snapshot(process.pid, file), 1 << 20)
                self.assertIn(b"a plaintext of this test", file.read_bytes())
            self.assertIn(process.pid, observer.descendants(os.getpid()))
        finally:
            process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertIsNone(observer.look(process.pid, b"x"))


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
        world = {"operator": types.SimpleNamespace(folder=self.folder)}
        return reporting.opened(world)

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
        self.assertEqual(cheats.last_line(f"ward: hello\n{line}\n"), line)
        self.assertEqual(cheats.CHECK.search("weights.pt: kbs.release.workload: The").group(0), "kbs.release.workload")
        self.assertIsNone(cheats.CHECK.search("predictions.csv.sealed: gone"))

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
