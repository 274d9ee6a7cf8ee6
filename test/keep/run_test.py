#!/usr/bin/env python3
"""`ward keep run` against a real softd and a real wardd, as a user runs them."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from world import BIN, PATIENCE_S, RECORDS, World, follows_its_schema, wait_for, ward

ROOT = os.geteuid() == 0
FACES = ("sgx", "sgx-v4", "sgx-v5", "tdx", "tdx-v5", "tdx-v5-1.5", "snp", "snp-v2", "snp-v3", "snp-vlek", "snp-v2-vlek",
         "snp-v3-vlek")
NOBODY = 65534


class Released(unittest.TestCase):
    """What the broker releases, and what it refuses by which check."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.end()

    def run_keep(self, manifest, *words):
        return ward("keep", "run", "--device", self.world.device, *words, manifest)

    def refused(self, done, text, code=1):
        self.assertEqual(done.returncode, code, done.stderr.decode())
        self.assertIn(text, done.stderr.decode())

    def test_an_approved_keep_gets_the_key_and_its_output_proves_where_it_came_from(self):
        manifest = self.world.manifest()
        workload = self.world.approve(manifest)
        out = self.world.out()
        done = self.run_keep(manifest, "--out", out, "--json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        said = json.loads(done.stdout)
        self.assertEqual(said["schema"], "ward.keep-run/1")
        follows_its_schema(said)
        follows_its_schema(json.loads(ward("keep", "measure", "--json", manifest, check=0).stdout))
        self.assertEqual((said["ending"], said["workload"], said["development"]), ("done", workload, True))
        self.assertEqual(said["outputs"], {"result": str(out / "result.sealed")})
        self.assertNotIn(RECORDS[:32], (out / "result.sealed").read_bytes())
        opened = ward("open", out / "result.sealed", "--identity", self.world.identity, "--jwks", self.world.jwks(),
                      "--issuer", "wardd", "--expect-workload", workload, "--expect-input",
                      f"records={self.world.file_id}", "--allow-development", "-o", out / "plain")
        self.assertEqual(opened.returncode, 0, opened.stderr.decode())
        self.assertEqual((out / "plain").read_bytes(), RECORDS)

    def test_the_same_manifest_gets_its_key_on_every_face_by_one_policy(self):
        manifest = self.world.manifest()
        workload = self.world.approve(manifest)
        for face in FACES:
            with self.subTest(face):
                out = self.world.out()
                done = self.run_keep(manifest, "--tee", f"soft-{face}", "--out", out, "--json")
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                said = json.loads(done.stdout)
                self.assertEqual((said["ending"], said["workload"]), ("done", workload))
                self.assertIn(f"soft-{face}: ", said["platform"])
                opened = ward("open", out / "result.sealed", "--identity", self.world.identity, "--jwks",
                              self.world.jwks(), "--issuer", "wardd", "--expect-workload", workload, "--expect-input",
                              f"records={self.world.file_id}", "--allow-development", "-o", out / "plain")
                self.assertEqual(opened.returncode, 0, opened.stderr.decode())
                self.assertEqual((out / "plain").read_bytes(), RECORDS)

    def test_on_each_tee_another_runtime_or_a_debug_keep_gets_nothing(self):
        manifest = self.world.manifest()
        measured = json.loads(ward("keep", "measure", "--json", manifest, check=0).stdout)["launch_measurement"]
        for tee in ("sgx", "tdx", "snp"):
            others = [value for name, value in measured.items() if name != f"soft-{tee}"]
            self.world.approve(manifest, release={"runtimes": others})
            self.refused(self.run_keep(manifest, "--tee", f"soft-{tee}", "--out", self.world.out()), "kbs.release.runtime")
            self.world.approve(manifest)
            self.refused(self.run_keep(manifest, "--tee", f"soft-{tee}", "--debug", "--out", self.world.out()), "debug")

    def test_a_workload_with_a_broker_has_no_evidence_of_its_own(self):
        # Such evidence could bind a key of the operator's, and the broker would release to that.
        manifest = self.world.manifest("attests", ("/ward/keep", "device", "evidence", "00" * 64))
        self.world.approve(manifest)
        for tee in ("sgx", "tdx", "snp"):
            done = self.run_keep(manifest, "--tee", f"soft-{tee}", "--out", self.world.out())
            self.refused(done, "the agent alone attests")
            self.assertEqual(done.stdout, b"")

    def test_a_keep_verifies_a_report_that_another_made_for_it(self):
        # The report reaches it as a sealed input of any version: what a keep is given that way is not measured.
        manifest = self.world.manifest("verifies", ("/bin/sh", "-c", "/ward/keep device verify-report < /in/records && "
                                                    "echo verified > /out/result"), file_id="any",
                                       source=self.world.folder / "report.sealed")
        workload = bytes.fromhex(self.world.approve(manifest))
        runtime = ward("keep", "measure", "--tee", "soft-sgx", manifest, check=0).stdout.decode().strip()
        # TARGETINFO: MRENCLAVE, ATTRIBUTES (INIT, MODE64BIT, KSS; x87 and SSE), CONFIGID.
        target = (bytes.fromhex(runtime) + bytes([0x85]) + bytes(7) + bytes([3]) + bytes(7) + bytes(16) + workload).ljust(
            512, b"\0").hex()
        for face, named, code in (("sgx", target, 0), ("sgx", target.replace("85", "84", 1), 1), ("tdx", None, 0)):
            made = ward("keep", "run", "--quiet", "--device", self.world.device, "--tee", f"soft-{face}", "--",
                        "/ward/keep", "device", "report", *(("--target", named) if named else ()), "ab" * 64, check=0)
            (self.world.folder / "report").write_bytes(made.stdout)
            self.world.seal("report")
            done = self.run_keep(manifest, "--tee", f"soft-{face}", "--out", self.world.out())
            self.assertEqual(done.returncode, code, done.stderr.decode())

    def test_another_workload_is_refused_by_name(self):
        self.world.approve(self.world.manifest())
        other = self.world.manifest("other", ("/bin/cp", "-v", "/in/records", "/out/result"))
        out = self.world.out()
        self.refused(self.run_keep(other, "--out", out), "kbs.release.workload")
        self.assertEqual(list(out.iterdir()), [])

    def test_a_production_policy_refuses_the_development_platform(self):
        manifest = self.world.manifest()
        self.world.approve(manifest, evidence={"allow_development": False})
        self.refused(self.run_keep(manifest, "--out", self.world.out()), "sgx.platform.development")

    def test_a_value_that_the_policy_for_evidence_does_not_accept_is_refused_and_recorded(self):
        manifest = self.world.manifest()
        values = {"sgx.attributes.kss": [True], "sgx.attributes.provision_key": [False]}
        self.world.approve(manifest, evidence={"accepted_values": values})
        self.assertEqual(self.run_keep(manifest, "--out", self.world.out()).returncode, 0)
        self.world.approve(manifest, evidence={"accepted_values": {**values, "sgx.report_body.isv_svn": [7, 8]}})
        self.refused(self.run_keep(manifest, "--out", self.world.out()), "sgx.report_body.isv_svn")
        store = next((self.world.folder / "service").glob("*.db"))
        entries = [json.loads(line) for line in ward("ledger", "list", store, "--count", 1000, check=0).stdout.splitlines()]
        self.assertEqual((entries[-1]["kind"], entries[-1]["details"]["checks"]), ("refusal", "sgx.report_body.isv_svn"))

    def test_another_runtime_is_refused(self):
        manifest = self.world.manifest()
        self.world.approve(manifest, release={"runtimes": ["00" * 32]})
        self.refused(self.run_keep(manifest, "--out", self.world.out()), "kbs.release.runtime")

    def test_a_broker_with_another_key_is_told_nothing(self):
        manifest = self.world.manifest("stranger", server_key="ab" * 32)
        self.refused(self.run_keep(manifest, "--out", self.world.out()), "is not the manifest's broker")

    def test_a_broker_that_is_down_is_no_refusal(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            manifest = self.world.manifest("down", url=f"https://127.0.0.1:{taken.getsockname()[1]}")
            self.refused(self.run_keep(manifest, "--out", self.world.out()), "cannot be reached", code=3)

    def test_a_changed_input_is_refused_and_nothing_is_written(self):
        changed = bytearray(self.world.sealed.read_bytes())
        changed[-1] ^= 1
        path = self.world.folder / "changed.sealed"
        path.write_bytes(changed)
        manifest = self.world.manifest("changed", source=path)
        self.world.approve(manifest)
        out = self.world.out()
        self.refused(self.run_keep(manifest, "--out", out), "input records:")
        self.assertEqual(list(out.iterdir()), [])

    def test_another_file_under_the_same_key_is_refused_by_its_id(self):
        (self.world.folder / "second").write_bytes(RECORDS)
        self.world.seal("second")
        manifest = self.world.manifest("second", source=self.world.folder / "second.sealed")
        self.world.approve(manifest)
        self.refused(self.run_keep(manifest, "--out", self.world.out()), "input records:")

    def test_an_output_that_exists_is_kept_unless_forced(self):
        manifest = self.world.manifest()
        self.world.approve(manifest)
        out = self.world.out()
        (out / "result.sealed").write_text("mine")
        self.refused(self.run_keep(manifest, "--out", out), "exists already", code=2)
        self.assertEqual((out / "result.sealed").read_text(), "mine")
        self.assertEqual(self.run_keep(manifest, "--out", out, "--force").returncode, 0)
        self.assertNotEqual((out / "result.sealed").read_bytes(), b"mine")

    def test_a_folder_that_is_not_there_is_found_before_a_keep_starts(self):
        manifest = self.world.manifest()
        done = self.run_keep(manifest, "--out", self.world.folder / "absent")
        self.refused(done, "folder", code=3)
        self.assertNotIn("workload", done.stderr.decode())

    def test_a_workload_that_fails_hands_out_nothing(self):
        manifest = self.world.manifest("fails", ("/bin/cp", "/in/absent", "/out/result"))
        self.world.approve(manifest)
        out = self.world.out()
        self.refused(self.run_keep(manifest, "--out", out), "the workload returned 1")
        self.assertEqual(list(out.iterdir()), [])

    def test_an_output_that_was_not_written_is_named(self):
        manifest = self.world.manifest("forgets", ("/bin/true",))
        self.world.approve(manifest)
        self.refused(self.run_keep(manifest, "--out", self.world.out()), "output result:")


class Commands(unittest.TestCase):
    """A command without a manifest, wrong input, and softd's own behaviour. No service is needed."""

    @classmethod
    def setUpClass(cls):
        cls.path = pathlib.Path(subprocess.run(["mktemp", "-d", "/var/tmp/ward-softd-XXXXXX"], capture_output=True,
                                               check=True).stdout.decode().strip())
        cls.path.chmod(0o755)
        cls.device = cls.path / "device"
        ward("dev", "init", cls.device, check=0)

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["rm", "-rf", cls.path], check=True)

    def softd(self, *words, name="softd.sock"):
        process = subprocess.Popen([BIN / "softd", "--device", self.device, "--socket", self.path / name, *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.stop, process)
        wait_for(self.path / name)
        return process

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_S)

    def test_a_command_runs_and_its_inferred_manifest_is_printed(self):
        done = ward("keep", "run", "--device", self.device, "--", "/bin/echo", "hello")
        self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr.decode())
        self.assertIn('argv = ["/usr/bin/echo", "hello"]', done.stderr.decode())
        self.assertIn("software TEE for development", done.stderr.decode())

    def test_the_manifest_that_was_printed_runs_the_same_workload(self):
        done = ward("keep", "run", "--device", self.device, "--json", "--", "/bin/echo", "hello")
        text = done.stderr.decode()
        begin = text.index("version = 1")
        path = self.path / "inferred.toml"
        # What the workload says may stand between the manifest and ward's last line.
        lines = text[begin : text.index("softd: ", begin)].splitlines()
        path.write_text("\n".join(line for line in lines if line != "hello"), encoding="utf-8")
        again = ward("keep", "run", "--device", self.device, "--json", path, check=0)
        self.assertEqual(json.loads(done.stdout)["workload"], json.loads(again.stdout)["workload"])

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_an_ordinary_user_is_told_that_nothing_is_kept_from_him(self):
        folder = self.path / "ordinary"
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        ward("dev", "init", folder / "device", user=NOBODY, check=0)
        done = ward("keep", "run", "--device", folder / "device", "--", "/bin/echo", "hello", user=NOBODY, cwd=folder)
        self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr.decode())
        self.assertIn("users: none: the launcher's user", done.stderr.decode())

    def test_a_manifest_that_does_not_parse_is_a_usage_error_with_its_place(self):
        path = self.path / "bad.toml"
        path.write_text('version = 1\nname = "x"\nsurprise = 1\n', encoding="utf-8")
        done = ward("keep", "run", "--device", self.device, path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bad.toml", done.stderr.decode())
        done = ward("keep", "run", "--device", self.device, self.path / "absent.toml")
        self.assertEqual(done.returncode, 3)

    def test_without_a_platform_the_error_says_what_to_do(self):
        done = ward("keep", "run", "--softd", self.path / "nobody.sock", "--", "/bin/true")
        self.assertEqual(done.returncode, 3)
        self.assertIn("nobody.sock", done.stderr.decode())
        done = ward("keep", "run", "--device", self.path / "absent", "--", "/bin/true")
        self.assertEqual(done.returncode, 3)
        self.assertIn("ward dev init", done.stderr.decode())
        self.assertEqual(done.stderr.count(b"error: "), 1, done.stderr.decode())

    def test_a_command_without_a_manifest_prints_the_one_that_was_inferred(self):
        done = ward("keep", "run", "--device", self.device, "--", "/bin/echo", "hello")
        self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr.decode())
        said = done.stderr.decode()
        begin = said.index("this one was inferred:\n") + len("this one was inferred:\n")
        manifest = self.path / "inferred.toml"
        manifest.write_text(said[begin:said.index("softd: ")], encoding="utf-8")
        again = ward("keep", "run", "--device", self.device, manifest)
        self.assertEqual((again.returncode, again.stdout), (0, b"hello\n"), again.stderr.decode())

    def test_softd_serves_many_and_ends_them_and_its_socket_on_sigterm(self):
        service = self.softd()
        sleepers = [subprocess.Popen([BIN / "ward", "keep", "run", "--softd", self.path / "softd.sock", "--quiet",
                                      "--", "/usr/bin/yes", "ready"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        for one in sleepers:
            self.addCleanup(one.communicate)
            self.assertEqual(one.stdout.readline(), b"ready\n")
        done = ward("keep", "run", "--softd", self.path / "softd.sock", "--", "/bin/echo", "fourth", check=0)
        self.assertEqual(done.stdout, b"fourth\n")
        service.send_signal(signal.SIGTERM)
        for one in sleepers:
            _, errors = one.communicate(timeout=PATIENCE_S)
            self.assertEqual(one.returncode, 3, errors.decode())
            self.assertIn(b"the keep ended without a report: signal 9", errors)
        self.assertEqual(service.wait(PATIENCE_S), 0)
        self.assertFalse((self.path / "softd.sock").exists())

    def test_a_keep_ends_when_who_asked_for_it_is_killed(self):
        self.softd(name="killed.sock")
        run = subprocess.Popen([BIN / "ward", "keep", "run", "--softd", self.path / "killed.sock", "--quiet", "--",
                                "/usr/bin/yes", "ready"], stdout=subprocess.PIPE)
        self.assertEqual(run.stdout.readline(), b"ready\n")
        run.kill()
        # The workload holds the other end of this pipe: it ends when the last process of the keep does.
        run.stdout.read()
        run.stdout.close()
        run.wait(PATIENCE_S)

    @staticmethod
    def groups_of(launcher):
        """groups_of lists the cgroups of the keeps that a process launched."""
        return [place for place in pathlib.Path("/sys/fs/cgroup").glob(f"**/ward-keep-{launcher}-*") if place.is_dir()]

    @staticmethod
    def child_of(service):
        """child_of is the connection of a softd that has one."""
        return int(pathlib.Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text())

    def ready(self, name, **more):
        """ready is a keep that runs and says so without end."""
        run = subprocess.Popen([*more.get("before", ()), BIN / "ward", "keep", "run", "--softd", self.path / name,
                                "--quiet", "--", "/usr/bin/yes", "ready"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, cwd="/")
        self.assertEqual(run.stdout.readline(), b"ready\n")
        return run

    def test_a_keep_ends_with_its_connection_and_leaves_no_group(self):
        service = self.softd(name="orphan.sock")
        run = self.ready("orphan.sock")
        connection = self.child_of(service)
        os.kill(connection, signal.SIGKILL)
        _, errors = run.communicate(timeout=PATIENCE_S)  # returns once nobody holds the pipe any more
        self.assertEqual(run.returncode, 3, errors.decode())
        end = time.monotonic() + PATIENCE_S
        while self.groups_of(connection):
            self.assertLess(time.monotonic(), end, "a group is left")
            time.sleep(0.05)

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_another_users_keep_ends_when_softd_is_killed(self):
        service = self.softd("--allow-user", str(NOBODY), name="lifeline.sock")
        run = self.ready("lifeline.sock",
                         before=("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))
        connection = self.child_of(service)
        service.kill()
        run.communicate(timeout=PATIENCE_S)
        self.assertEqual(run.returncode, 3)
        end = time.monotonic() + PATIENCE_S
        while pathlib.Path(f"/proc/{connection}").exists():
            self.assertLess(time.monotonic(), end, "the connection is left")
            time.sleep(0.05)
        self.assertEqual(self.groups_of(connection), [])

    def test_an_interrupt_gives_up_a_keep_that_is_being_built(self):
        large = self.path / "large"
        with open(large, "wb") as file:
            file.truncate(2 << 30)  # without content: it takes long to measure, and no room on the disk
        path = self.path / "large.toml"
        head = ward("keep", "new", "--name", "large", "--", "/bin/true", check=0).stdout.decode()
        path.write_text(head + f'\n[[file]]\npath = "/large"\nsource = "{large}"\n', encoding="utf-8")
        service = self.softd(name="built.sock")
        run = subprocess.Popen([BIN / "ward", "keep", "run", "--softd", self.path / "built.sock", path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        children = pathlib.Path(f"/proc/{service.pid}/task/{service.pid}/children")
        end = time.monotonic() + PATIENCE_S
        connection = ""
        while not (connection and pathlib.Path(f"/proc/{connection}/task/{connection}/children").read_text()):
            self.assertLess(time.monotonic(), end)
            connection = children.read_text().strip()
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(PATIENCE_S), -signal.SIGINT)
        run.communicate()
        wrote = None
        while pathlib.Path(f"/proc/{connection}").exists():
            self.assertLess(time.monotonic(), end, "the connection builds on")
            wrote = self.written_by(connection) or wrote
            time.sleep(0.01)
        if wrote is not None:
            self.assertLess(wrote, 2 << 30, "it was built to its end first")
        self.assertEqual(self.groups_of(connection), [])

    @staticmethod
    def written_by(pid):
        """written_by is how many octets a process has handed to write(2); None once it is gone."""
        try:
            text = pathlib.Path(f"/proc/{pid}/io").read_text()
        except OSError:
            return None
        return int(dict(line.split(": ") for line in text.splitlines())["wchar"])

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_only_users_who_are_named_may_start_keeps(self):
        self.softd(name="own.sock")
        run = ("keep", "run", "--quiet", "--softd")
        done = ward(*run, self.path / "own.sock", "--", "/bin/true", user=NOBODY, cwd="/")
        self.assertEqual(done.returncode, 3)
        self.assertIn("Permission denied", done.stderr.decode())
        self.assertIn(f"ward: hint: ask softd's owner to start it with --allow-user {NOBODY}", done.stderr.decode())
        self.softd("--allow-user", str(NOBODY), name="shared.sock")
        ward(*run, self.path / "shared.sock", "--", "/bin/true", user=NOBODY, cwd="/", check=0)
        done = ward(*run, self.path / "shared.sock", "--", "/bin/true", user=NOBODY - 1, cwd="/")
        self.assertEqual(done.returncode, 1)
        self.assertIn("may not start keeps", done.stderr.decode())

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_a_user_cannot_measure_in_a_file_that_he_may_not_read(self):
        secret = self.path / "secret.txt"
        secret.write_text("not for others")
        secret.chmod(0o600)
        self.softd("--allow-user", str(NOBODY), name="reader.sock")
        path = self.path / "reads.toml"
        head = ward("keep", "new", "--name", "reads", "--", "/bin/cat", "/secret.txt", check=0).stdout.decode()
        path.write_text(head + f'\n[[file]]\npath = "/secret.txt"\nsource = "{secret}"\n', encoding="utf-8")
        done = ward("keep", "run", "--softd", self.path / "reader.sock", path, user=NOBODY, cwd="/")
        self.assertEqual(done.returncode, 1, done.stderr.decode())
        self.assertIn("secret.txt", done.stderr.decode())
        self.assertEqual(done.stdout, b"")

    def test_what_a_softd_says_does_not_write_to_the_terminal_what_it_likes(self):
        text = b"\x1b]0;x\x07\nward: next: all is well"
        words = {"mark": text, "platform": text, "workload": text, "development": None, "enforcement": [],
                 "launch_measurement": text}
        event = b"\xa6"
        for name, value in words.items():  # CBOR of short texts
            event += bytes([0x60 | len(name)]) + name.encode()
            event += b"\xf5" if value is None else b"\x80" if value == [] else b"\x78" + bytes([len(value)]) + value
        event = b"S" + len(event).to_bytes(4, "little") + event
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path / "liar.sock"))
            listener.listen()
            run = subprocess.Popen([BIN / "ward", "keep", "run", "--softd", self.path / "liar.sock", "--", "/bin/true"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with listener.accept()[0] as connection:
                connection.recv(1 << 20)
                connection.sendall(event)
                connection.shutdown(socket.SHUT_WR)
                _, errors = run.communicate(timeout=PATIENCE_S)
        self.assertIn(b"ward: platform: ?]0;x", errors)
        self.assertNotIn(b"\x1b", errors)
        self.assertNotIn(b"\nward: next", errors)

    def test_an_ordinary_users_softd_serves_nobody_else(self):
        before = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if ROOT else []
        done = subprocess.run([*before, BIN / "softd", "--device", self.device, "--socket", self.path / "nobodys.sock",
                               "--allow-user", str(NOBODY - 1)], capture_output=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 2, done.stderr.decode())
        self.assertIn("another one's rights", done.stderr.decode())
        self.assertFalse((self.path / "nobodys.sock").exists())

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_a_softd_that_cannot_take_another_users_rights_reads_nothing_for_him(self):
        secret = self.path / "own.txt"
        secret.write_text("not for others")
        secret.chmod(0o600)
        # Root of a user namespace without a range of ids has no more rights than who made it.
        service = subprocess.Popen(["unshare", "--user", "--map-root-user", BIN / "softd", "--device", self.device,
                                    "--socket", self.path / "mapped.sock", "--allow-user", str(NOBODY)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop, service)
        wait_for(self.path / "mapped.sock")
        path = self.path / "own.toml"
        head = ward("keep", "new", "--name", "reads", "--", "/bin/cat", "/own.txt", check=0).stdout.decode()
        path.write_text(head + f'\n[[file]]\npath = "/own.txt"\nsource = "{secret}"\n', encoding="utf-8")
        done = ward("keep", "run", "--softd", self.path / "mapped.sock", path, user=NOBODY, cwd="/")
        self.assertEqual((done.returncode, done.stdout), (3, b""), done.stderr.decode())
        self.assertIn("cannot take the asker's rights", done.stderr.decode())
        ward("keep", "run", "--quiet", "--softd", self.path / "mapped.sock", path, check=0)

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_a_softd_with_roots_powers_under_another_id_reads_nothing_for_others_by_them(self):
        secret = self.path / "roots.txt"
        secret.write_text("not for others")
        secret.chmod(0o600)
        powers = "+sys_admin,+setuid,+setgid,+dac_override"
        before = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        service = subprocess.Popen([*before, "--inh-caps", powers, "--ambient-caps", powers, BIN / "softd", "--device",
                                    self.device, "--socket", self.path / "powers.sock", "--allow-user", str(NOBODY - 1)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop, service)
        wait_for(self.path / "powers.sock")
        path = self.path / "roots.toml"
        head = ward("keep", "new", "--name", "reads", "--", "/bin/cat", "/roots.txt", check=0).stdout.decode()
        path.write_text(head + f'\n[[file]]\npath = "/roots.txt"\nsource = "{secret}"\n', encoding="utf-8")
        run = ("keep", "run", "--quiet", "--softd", self.path / "powers.sock")
        for user in (NOBODY, NOBODY - 1):
            done = ward(*run, path, user=user, cwd="/")
            self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr.decode())
            self.assertIn("roots.txt: Permission denied", done.stderr.decode())
            ward(*run, "--", "/bin/true", user=user, cwd="/", check=0)

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_another_user_has_no_more_than_his_share(self):
        self.softd("--allow-user", str(NOBODY), name="share.sock")
        # Connections that ask for nothing count: each holds a process of softd's.
        script = ("import socket, sys\n"
                  "held = []\n"
                  "for _ in range(17):\n"
                  "    held.append(socket.socket(socket.AF_UNIX))\n"
                  "    held[-1].connect(sys.argv[1])\n"
                  "print(held[-1].recv(4096))\n")
        done = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", sys.executable,
                               "-c", script, self.path / "share.sock"], capture_output=True, timeout=PATIENCE_S,
                              check=True)
        self.assertIn(b"16 keeps of this user are there already", done.stdout)
        # softd's own user is not bounded by that, and the other one's share comes back.
        ward("keep", "run", "--quiet", "--softd", self.path / "share.sock", "--", "/bin/true", check=0)
        end = time.monotonic() + PATIENCE_S
        while ward("keep", "run", "--quiet", "--softd", self.path / "share.sock", "--", "/bin/true", user=NOBODY,
                   cwd="/").returncode != 0:
            self.assertLess(time.monotonic(), end)

    def test_octets_that_are_no_request_are_answered_and_harm_nobody(self):
        self.softd(name="noise.sock")
        for noise in (b"", b"W", b"GET / HTTP/1.1\r\n\r\n", bytes(4096)):
            with socket.socket(socket.AF_UNIX) as stranger:
                stranger.connect(str(self.path / "noise.sock"))
                stranger.sendall(noise)
                stranger.shutdown(socket.SHUT_WR)
                stranger.settimeout(PATIENCE_S)
                self.assertEqual(stranger.recv(1), b"F")
        ward("keep", "run", "--quiet", "--softd", self.path / "noise.sock", "--", "/bin/true", check=0)

    def test_a_stale_socket_is_replaced_and_a_live_one_is_not(self):
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(str(self.path / "stale.sock"))
        self.assertTrue((self.path / "stale.sock").is_socket())
        first = self.softd(name="stale.sock")
        line = first.stdout.readline().decode()
        self.assertIn("not a TEE", line)
        second = subprocess.run([BIN / "softd", "--device", self.device, "--socket", self.path / "stale.sock"],
                                capture_output=True, timeout=PATIENCE_S)
        self.assertEqual(second.returncode, 3)
        self.assertIn(b"Address already in use", second.stderr)
        ward("keep", "run", "--quiet", "--softd", self.path / "stale.sock", "--", "/bin/true", check=0)


if __name__ == "__main__":
    unittest.main()
