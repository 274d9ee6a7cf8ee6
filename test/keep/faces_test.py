#!/usr/bin/env python3
"""Every face of the software TEE, as a user asks for it: evidence alone, and what a keep asks its device."""
import json
import os
import pathlib
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from world import BIN, PATIENCE_S, follows_its_schema, wait_for, ward

FACES = ("sgx", "sgx-v4", "sgx-v5", "tdx", "tdx-v5", "tdx-v5-1.5", "snp", "snp-v2", "snp-v3", "snp-vlek", "snp-v2-vlek",
         "snp-v3-vlek")
DATA = bytes(range(64)).hex()
MARK = "software TEE for development: the administrator of this machine can read everything"


class Machines(unittest.TestCase):
    """Two machines of one maker's kind, each with a softd that listens."""

    @classmethod
    def setUpClass(cls):
        cls.path = pathlib.Path(tempfile.mkdtemp(prefix="ward-faces-", dir="/var/tmp"))
        cls.path.chmod(0o755)
        cls.services = []
        for name in ("one", "two"):
            ward("dev", "init", cls.path / name, check=0)
            log = open(cls.path / f"{name}.log", "wb")
            cls.services.append((subprocess.Popen(
                [BIN / "softd", "--device", cls.path / name, "--socket", cls.path / f"{name}.sock"],
                stdout=log, stderr=subprocess.STDOUT), log))
            wait_for(cls.path / f"{name}.sock")

    @classmethod
    def tearDownClass(cls):
        for service, log in cls.services:
            service.terminate()
            service.wait(PATIENCE_S)
            log.close()
        shutil.rmtree(cls.path)

    def socket(self, machine="one"):
        return self.path / f"{machine}.sock"

    def device(self, face, *words, machine="one", code=0, options=(), **more):
        """device is what `ward-keep device WORDS` prints in a keep of that face."""
        done = ward("keep", "run", "--quiet", "--softd", self.socket(machine), "--tee", f"soft-{face}", *options, "--",
                    "/ward/keep", "device", *words, **more)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stderr.decode() if code else done.stdout

    def attest(self, face, *words, code=0):
        done = ward("attest", "--softd", self.socket(), "--tee", f"soft-{face}", "--report-data", DATA, *words)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done


class Attest(Machines):
    def test_softd_says_at_its_start_that_it_is_no_tee(self):
        self.assertIn(MARK, (self.path / "one.log").read_text())

    def test_closed_standard_streams_are_no_places_for_files_and_sockets(self):
        words = [BIN / "ward", "attest", "--tee", "soft-sgx", "--report-data", DATA]
        for number, closed in enumerate(((0,), (1,), (2,), (0, 1, 2))):
            with self.subTest(closed):
                def close(closed=closed):
                    for fd in closed:
                        os.close(fd)
                how = {"preexec_fn": close, "capture_output": True, "timeout": PATIENCE_S}
                # Its own softd ends at once: whoever held the other end of its socket as well would wait for ever.
                done = subprocess.run([*words, "--device", self.path / "none", "-o", self.path / "never"], **how)
                self.assertEqual(done.returncode, 3, done.stderr.decode())
                out = self.path / f"closed{number}"
                done = subprocess.run([*words, "--softd", self.socket(), "-o", out], **how)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                self.assertNotIn(b"ward:", out.read_bytes())
                run = [BIN / "ward", "keep", "run", "--softd", self.socket(), "--", "/bin/echo", "hello"]
                done = subprocess.run(run, **how)
                self.assertEqual(done.returncode, 1 if 1 in closed else 0, done.stderr.decode())
                self.assertEqual(done.stdout, b"" if 1 in closed else b"hello\n")

    def test_evidence_of_every_face_is_accepted_by_the_command_that_is_printed(self):
        for face in FACES:
            with self.subTest(face):
                out = self.path / f"{face}.evidence"
                log = ("--event-log", self.path / f"{face}.log") if face.startswith("tdx") else ()
                done = self.attest(face, "-o", out, *log)
                said = done.stderr.decode()
                self.assertIn(MARK, said)
                words = shlex.split(said.split("ward: next: ward ")[1])
                self.assertIn("--measurement", words)
                words = [word.replace("DIR/", f"{self.path}/one/") for word in words]
                accepted = json.loads(ward(*words, "--json", check=0).stdout)
                self.assertTrue(accepted["development"])
                if log:
                    self.assertGreater((self.path / f"{face}.log").stat().st_size, 0)
                # Without either of the two switches it is refused, and under another machine's root.
                refused = [word for word in words if word != "--allow-development"]
                self.assertEqual(ward(*refused).returncode, 1)
                at = words.index("--trust-root")
                self.assertEqual(ward(*words[:at], *words[at + 2:]).returncode, 1)
                other = [word.replace("/one/root.pem", "/two/root.pem") for word in words]
                self.assertEqual(ward(*other).returncode, 1)

    def test_it_says_what_was_made_as_json(self):
        out = self.path / "json.evidence"
        told = json.loads(self.attest("snp", "-o", out, "--json").stdout)
        follows_its_schema(told)
        self.assertEqual((told["tee"], told["report_data"], told["evidence"]), ("soft-snp", DATA, str(out)))
        self.assertEqual(told["evidence_bytes"], out.stat().st_size)

    def test_the_next_command_is_for_a_shell(self):
        folder = self.path / "a b"
        folder.mkdir()
        ward("dev", "init", folder / "it's", "--tee", "tdx", check=0)
        done = ward("attest", "--device", "it's", "--tee", "soft-tdx", "--report-data", DATA, "-o=-out", "--event-log=-$(log)",
                    "--json", cwd=folder, check=0)
        told = json.loads(done.stdout)
        self.assertIn(f"--measurement {told['launch_measurement']}", told["next"])
        subprocess.run(["/bin/sh", "-c", told["next"].replace("ward", str(BIN / "ward"), 1)], cwd=folder, check=True,
                       capture_output=True, timeout=PATIENCE_S)

    def test_where_the_collateral_is_out_of_its_time_no_next_command_is_promised(self):
        for name, at, word in (("past", "2020-01-01T00:00:00Z", "until"), ("future", "2090-01-01T00:00:00Z", "from")):
            folder = self.path / name
            folder.mkdir()
            for tee in ("tdx", "snp"):
                ward("dev", "init", folder / tee, "--tee", tee, "--at", at, check=0)
                words = ("attest", "--device", folder / tee, "--tee", f"soft-{tee}", "--report-data", DATA, "--force", "-o")
                said = ward(*words, folder / "text", check=0).stderr.decode()
                self.assertIn(f"valid {word} {at[:3]}", said)
                self.assertNotIn("next:", said)
                told = json.loads(ward(*words, folder / "json", "--json", check=0).stdout)
                follows_its_schema(told)
                self.assertIsNone(told["next"])

    def test_stdout_is_a_file_too(self):
        done = self.attest("sgx", "-o", "-")
        self.assertEqual(struct.unpack_from("<H", done.stdout)[0], 3)
        self.assertIn(bytes.fromhex(DATA), done.stdout)

    def test_hardware_is_not_here_and_the_line_says_what_is_lacking(self):
        for tee, lacks in (("auto", "no TEE to attest with"), ("sgx", "/dev/sgx_enclave"), ("tdx", "/dev/tdx_guest"),
                           ("snp", "/dev/sev-guest"), ("tpm", "/dev/tpmrm0")):
            done = ward("attest", "--tee", tee, "--report-data", DATA, "-o", self.path / "never")
            self.assertEqual(done.returncode, 3)
            self.assertIn(lacks, done.stderr.decode())
            self.assertFalse((self.path / "never").exists())

    def test_usage(self):
        never = self.path / "never"
        for words, text in (((["--tee", "soft-epid", "-o", never]), "no such TEE"),
                            ((["--tee", "soft-sgx", "-o", never, "--event-log", never]), "has no event log"),
                            ((["--tee", "soft-sgx", "-o", "-", "--json"]), "--json needs stdout"),
                            ((["--tee", "soft-tdx", "-o", never, "--event-log", "-"]), "a file of its own"),
                            ((["--tee", "soft-tdx", "-o", never, "--event-log", never]), "a file of its own"),
                            ((["--tee", "soft-sgx", "-o", self.path / "one.log"]), "exists already")):
            done = ward("attest", "--softd", self.socket(), "--report-data", DATA, *words)
            self.assertEqual(done.returncode, 2, done.stderr.decode())
            self.assertIn(text, done.stderr.decode())
        done = ward("attest", "--softd", self.socket(), "--tee", "soft-sgx", "--report-data", "00", "-o", never)
        self.assertEqual(done.returncode, 2)
        self.assertFalse(never.exists())

    def test_no_two_names_of_one_file(self):
        folder = self.path / "names"
        folder.mkdir()
        (folder / "old").write_bytes(b"old")
        (folder / "hard").hardlink_to(folder / "old")
        (folder / "soft").symlink_to("old")
        (folder / "self").symlink_to(".")
        for a, b in (("new", "./new"), ("new", "self/new"), ("old", "hard"), ("old", "soft")):
            done = ward("attest", "--softd", self.path / "nobody", "--tee", "soft-tdx", "--report-data", DATA, "--force",
                        "-o", a, "--event-log", b, cwd=folder)
            self.assertEqual(done.returncode, 2, done.stderr.decode())
            self.assertIn("--event-log needs a file of its own", done.stderr.decode())
        self.assertEqual((folder / "old").read_bytes(), b"old")
        self.assertFalse((folder / "new").exists())

    def test_where_anything_fails_no_file_is_written_and_none_is_lost(self):
        folder = self.path / "whole"
        (folder / "busy").mkdir(parents=True)
        (folder / "old").write_bytes(b"old")
        words = [BIN / "ward", "attest", "--softd", self.socket(), "--tee", "soft-tdx", "--report-data", DATA]
        with open("/dev/full", "wb") as full:
            for more in (("-o", "new", "--json"), ("-o", "-", "--event-log", "new"), ("-o", "old", "--json", "--force")):
                done = subprocess.run([*words, *more], cwd=folder, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_S)
                self.assertEqual(done.returncode, 3, done.stderr.decode())
                self.assertIn("standard output cannot be written", done.stderr.decode())
        for more in (("-o", "old", "--event-log", "busy", "--force"), ("-o", "old", "--event-log", "none/b", "--force"),
                     ("-o", "new", "--event-log", "none/b")):
            done = subprocess.run([*words, *more], cwd=folder, capture_output=True, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 3, done.stderr.decode())
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["busy", "old"])
        self.assertEqual((folder / "old").read_bytes(), b"old")

    def test_a_machine_without_the_processor_says_so(self):
        intel = self.path / "intel"
        ward("dev", "init", intel, "--tee", "sgx,tdx", check=0)
        done = ward("attest", "--device", intel, "--tee", "soft-snp", "--report-data", DATA, "-o", self.path / "never")
        self.assertEqual(done.returncode, 3, done.stderr.decode())
        self.assertIn("soft-snp: ", done.stderr.decode())
        self.assertFalse((self.path / "never").exists())

    def test_a_secret_that_others_may_read_is_refused(self):
        for number, name in enumerate(("device_root", "pck.pk8")):
            device = self.path / f"open{number}"
            ward("dev", "init", device, "--tee", "sgx", check=0)
            (device / "device" / name).chmod(0o644)
            words = ("--device", device, "--tee", "soft-sgx")
            for command in (("attest", *words, "--report-data", DATA, "-o", self.path / "never"),
                            ("keep", "run", *words, "--", "/bin/true")):
                said = ward(*command, check=1).stderr.decode()
                self.assertIn(f"{device}/device/{name}: a secret that others may read\n"
                              f"softd: hint: `chmod 600 {device}/device/{name}`", said)
                self.assertNotIn("ward dev init", said)
        self.assertFalse((self.path / "never").exists())

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_a_platform_that_belongs_to_another_user_is_not_called_missing(self):
        words = ("--device", self.path / "one", "--tee", "soft-sgx")
        for command in (("attest", *words, "--report-data", DATA, "-o", "/tmp/never"),
                        ("keep", "run", *words, "--", "/bin/true")):
            said = ward(*command, user=65534, cwd="/", check=3).stderr.decode()
            self.assertIn("hint: the user who made the platform may read it", said)
            self.assertNotIn("ward dev init", said)

    def test_one_output_of_keep_measure_at_a_time(self):
        said = ward("keep", "measure", "--json", "--tee", "soft-sgx", "m.toml", check=2).stderr.decode()
        self.assertIn("are alternatives\nward: hint: one output at a time", said)

    def test_an_agent_that_is_no_static_program_is_refused_everywhere(self):
        for agent in ("/bin/true", "/etc/hosts"):
            for words in (("attest", "--device", self.path / "one", "--tee", "soft-sgx", "--report-data", DATA),
                          ("dev", "sign", "--key", self.key_for_sgx())):
                done = ward(*words, "--agent", agent, "-o", self.path / "never")
                self.assertEqual(done.returncode, 1, done.stderr.decode())
                self.assertIn(f"agent {agent}: is not a static ward-keep", done.stderr.decode())
        self.assertFalse((self.path / "never").exists())

    def key_for_sgx(self):
        key = self.path / "sgx.pem"
        if not key.exists():
            subprocess.run(["openssl", "genpkey", "-out", key, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072",
                            "-pkeyopt", "rsa_keygen_pubexp:3"], check=True, capture_output=True, timeout=PATIENCE_S)
            key.chmod(0o600)
        return key

    def test_the_launch_measurement_is_foretold(self):
        manifest = self.path / "m.toml"
        manifest.write_bytes(ward("keep", "new", "--name", "m", "--", "/bin/true", check=0).stdout)
        for face in FACES:
            said = json.loads(self.device(face, "info"))
            foretold = ward("keep", "measure", "--tee", f"soft-{face}", manifest, check=0).stdout.decode().strip()
            self.assertEqual(said["launch_measurement"], foretold)
            self.assertEqual((said["face"], said["development"], said["debug"]), (face, True, False))


class Workload(Machines):
    def test_what_keep_measure_prints_is_the_workload_of_every_tee(self):
        manifest = self.path / "w.toml"
        manifest.write_bytes(ward("keep", "new", "--name", "w", "--file", "/bin/true", "--", "/ward/keep", "device", "evidence",
                                  DATA, check=0).stdout)
        digest = json.loads(ward("keep", "measure", "--json", manifest, check=0).stdout)["workload"]
        for tee in ("sgx", "tdx", "snp"):
            with self.subTest(tee):
                out = self.path / f"w.{tee}"
                out.write_bytes(ward("keep", "run", "--quiet", "--softd", self.socket(), "--tee", f"soft-{tee}", manifest,
                                     check=0).stdout)
                words = ("verify", out, "--collateral", self.path / "one/collateral", "--trust-root",
                         self.path / "one/root.pem", "--allow-development", "--workload")
                ward(*words, digest, check=0)
                for other in ("00" + digest[2:], digest[:62] + "00" + digest[64:]):
                    ward(*words, other, check=1)
                ward(*words, digest[:94], check=2)

    def test_a_debug_keep_is_called_one_in_json(self):
        for words, debug in (((), False), (("--debug",), True)):
            told = json.loads(ward("keep", "run", "--json", "--softd", self.socket(), *words, "--", "/bin/true", check=0).stdout)
            follows_its_schema(told)
            self.assertEqual(told["debug"], debug)


class Device(Machines):
    """What a workload asks of its device."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, words in (("rsa", ("RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-pkeyopt", "rsa_keygen_pubexp:3")),
                            ("ec", ("EC", "-pkeyopt", "ec_paramgen_curve:P-384")),
                            ("author", ("EC", "-pkeyopt", "ec_paramgen_curve:P-384"))):
            subprocess.run(["openssl", "genpkey", "-out", cls.path / f"{name}.pem", "-algorithm", *words], check=True,
                           capture_output=True, timeout=PATIENCE_S)
            (cls.path / f"{name}.pem").chmod(0o600)

    def sign(self, tee, name, *words):
        """sign makes a launch signature and returns the option that names it, and the signer."""
        out = self.path / f"{name}.sig"
        key = self.path / ("rsa.pem" if tee == "sgx" else "ec.pem")
        said = ward("dev", "sign", "--tee", f"soft-{tee}", "--key", key, *words, "-o", out, check=0).stdout.decode()
        return ("--launch-signature", out), said.split()[1]

    def run_shell(self, face, script, *files, machine="one", code=0, options=()):
        """run_shell is what a shell prints in a keep; `files` of the host are measured and lie there."""
        manifest = self.path / "shell.toml"
        more = [word for file in files for word in ("--file", file)]
        manifest.write_bytes(ward("keep", "new", "--name", "shell", *more, "--", "/bin/sh", "-c", script, check=0).stdout)
        done = ward("keep", "run", "--quiet", "--softd", self.socket(machine), "--tee", f"soft-{face}", *options, manifest)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stderr.decode() if code else done.stdout

    def test_a_keep_verifies_its_own_report_and_none_that_was_changed(self):
        for face in ("sgx", "tdx"):
            made = f"/ward/keep device report {DATA} > /tmp/r"
            self.run_shell(face, f"{made} && exec /ward/keep device verify-report < /tmp/r")
            said = self.run_shell(face, f"{made} && (/bin/echo -n x; /bin/cat /tmp/r) > /tmp/s; "
                                  "exec /ward/keep device verify-report < /tmp/s", "/bin/echo", "/bin/cat", code=1)
            self.assertIn("ward-keep: error: ", said)

    def test_a_command_that_is_none_is_named_before_the_usage(self):
        for words, why in (((), "no command"), (("sael-key",), "no such command: sael-key")):
            done = subprocess.run([BIN / "ward-keep", "device", *words], capture_output=True, timeout=PATIENCE_S, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertTrue(done.stderr.decode().startswith(f"ward-keep: error: {why}\nusage: "), done.stderr)

    def test_a_report_for_another_keep_is_refused(self):
        report = self.path / "sgx.report"
        report.write_bytes(self.device("sgx", "report", DATA))
        said = self.run_shell("sgx", f"exec /ward/keep device verify-report < {report}", report, code=1)
        self.assertIn("not made on this platform for this keep", said)

    def test_a_tds_report_is_verified_by_another_keep_of_the_machine_and_by_none_of_another(self):
        report = self.path / "td.report"
        report.write_bytes(self.device("tdx", "report", DATA))
        script = f"exec /ward/keep device verify-report < {report}"
        self.run_shell("tdx", script, report)
        said = self.run_shell("tdx", script, report, machine="two", code=1)
        self.assertIn("ward-keep: error: ", said)
        # The other TEEs of the same machine do not know it either.
        self.run_shell("sgx", script, report, code=1)
        self.assertIn("SEV-SNP has no local reports", self.run_shell("snp", script, report, code=1))

    def test_a_sealing_key_is_the_workloads_on_this_machine(self):
        for face in ("sgx", "snp"):
            key = self.device(face, "seal-key", "--hex")
            self.assertEqual(self.device(face, "seal-key", "--hex"), key)
            self.assertEqual(len(key), 33 if face == "sgx" else 65)
            for other in (self.device(face, "seal-key", "--policy", "measurement", "--hex"),  # another workload
                          self.device(face, "seal-key", "--hex", machine="two"),
                          self.device(face, "seal-key", "--hex", options=("--debug",))):
                self.assertNotEqual(other, key)
        self.assertIn("no sealing keys", self.device("tdx", "seal-key", code=1))
        # The raw request says why too: octets that are no request are refused on every TEE alike.
        for face in ("sgx", "tdx", "snp"):
            for request in ("00", "00" * 511, "ff" * 512, "00" * 513):
                self.assertIn("ward-keep: error: ", self.device(face, "key", request, code=1))
        self.assertIn("TDX", self.device("tdx", "key", "00" * 512, code=1))

    def test_an_older_ward_keep_cannot_open_what_a_newer_one_sealed(self):
        older, signer = self.sign("sgx", "svn1", "--isv-svn", "1", "--isv-prod-id", "7")
        newer, again = self.sign("sgx", "svn2", "--isv-svn", "2", "--isv-prod-id", "7")
        self.assertEqual(signer, again)
        words = ("seal-key", "--policy", "signer", "--hex", "--svn")
        data_of_older = self.device("sgx", *words, "1", options=older)
        self.assertEqual(self.device("sgx", *words, "1", options=newer), data_of_older)
        self.assertEqual(len(self.device("sgx", *words, "2", options=newer)), 33)
        self.assertIn("above", self.device("sgx", *words, "2", options=older, code=1))
        other, _ = self.sign("sgx", "prod8", "--isv-svn", "2", "--isv-prod-id", "8")
        self.assertNotEqual(self.device("sgx", *words, "1", options=other), data_of_older)
        debug, _ = self.sign("sgx", "debug", "--isv-svn", "2", "--isv-prod-id", "7", "--debug")
        self.assertNotEqual(self.device("sgx", *words, "1", options=(*debug, "--debug")), data_of_older)
        self.assertIn("nobody signed this keep", self.device("sgx", *words, "1", code=1))

    def test_on_snp_the_id_block_gives_the_svn(self):
        author = ("--author-key", self.path / "author.pem")
        block, _ = self.sign("snp", "block", "--isv-svn", "2", *author)
        before, _ = self.sign("snp", "before", "--isv-svn", "1", *author)
        # One workload, so that nothing but the SVN makes the difference. Where none is named it is the keep's own.
        script = "/ward/keep device seal-key --hex; /ward/keep device seal-key --hex --svn 1"
        older = self.run_shell("snp", script, options=before).split()
        newer = self.run_shell("snp", script, options=block).split()
        self.assertEqual([older[0], newer[1]], [older[1], older[1]])
        self.assertNotEqual(newer[0], older[0])
        words = ("seal-key", "--hex", "--svn")
        self.assertIn("above", self.device("snp", *words, "3", options=block, code=1))
        self.assertIn("above", self.device("snp", *words, "1", code=1))
        self.assertIn("no key from a signer", self.device("snp", "seal-key", "--policy", "signer", code=1))

    def test_who_signed_stands_in_the_evidence(self):
        out = self.path / "authored.sig"
        said = ward("dev", "sign", "--tee", "soft-snp", "--key", self.path / "ec.pem", "--author-key",
                    self.path / "author.pem", "-o", out, check=0).stdout.decode().split()
        self.assertEqual(said[::2], ["ID_KEY_DIGEST", "AUTHOR_KEY_DIGEST"])
        evidence = self.device("snp", "evidence", DATA, options=("--launch-signature", out))
        for digest in said[1::2]:
            self.assertIn(bytes.fromhex(digest), evidence)
        for tee in ("sgx", "snp"):
            signature, signer = self.sign(tee, f"shown-{tee}", "--isv-svn", "3")
            evidence = self.device(tee, "evidence", DATA, options=signature)
            self.assertIn(bytes.fromhex(signer), evidence)

    def test_a_signature_that_does_not_fit_starts_nothing(self):
        other = self.path / "other-agent"
        other.write_bytes((BIN / "ward-keep").read_bytes() + b"x")
        other.chmod(0o755)
        for tee, words, options, why in (
                ("sgx", ("--agent", other), (), "another image"),
                ("snp", ("--agent", other), (), "another image"),
                ("sgx", (), ("--debug",), "does not allow debugging"),
                ("snp", (), ("--debug",), "policy on debugging"),
                ("sgx", ("--debug",), (), "debugging alone (--debug)"),
                ("snp", ("--debug",), (), "policy on debugging")):
            name = f"unfit-{tee}-{why.split()[0]}-{len(words)}"
            signature, _ = self.sign(tee, name, *words)
            said = self.device(tee, "info", options=(*signature, *options), code=1)
            self.assertIn(why, said)
            self.assertNotIn("development\":true", said)
        for tee, of, why in (("sgx", "snp", "this is an ID block; SGX takes a SIGSTRUCT"),
                             ("snp", "sgx", "this is a SIGSTRUCT; SEV-SNP takes an ID block")):
            signature, _ = self.sign(of, f"other-kind-{of}")
            said = self.device(tee, "info", options=signature, code=1)
            self.assertIn(why, said)
            self.assertIn(f"ward: hint: `ward dev sign --tee soft-{tee}` makes one", said)
        flipped = self.path / "flipped.sig"
        octets = bytearray(self.sign("sgx", "whole")[0][1].read_bytes())
        octets[600] ^= 1
        flipped.write_bytes(octets)
        self.device("sgx", "info", options=("--launch-signature", flipped), code=1)
        self.device("tdx", "info", options=("--launch-signature", flipped), code=1)
        flipped.write_bytes(bytes(9000))
        done = ward("keep", "run", "--softd", self.socket(), "--launch-signature", flipped, "--", "/bin/true")
        self.assertEqual(done.returncode, 3)

    def test_keys_that_sign_no_launch_are_usage(self):
        done = ward("dev", "sign", "--key", self.path / "ec.pem", "-o", self.path / "never")
        self.assertEqual(done.returncode, 2)
        self.assertIn("rsa_keygen_pubexp:3", done.stderr.decode())
        done = ward("dev", "sign", "--tee", "soft-snp", "--key", self.path / "rsa.pem", "-o", self.path / "never")
        self.assertEqual(done.returncode, 2)
        done = ward("dev", "sign", "--tee", "soft-snp", "--key", self.path / "ec.pem", "--author-key",
                    self.path / "rsa.pem", "-o", self.path / "never")
        self.assertEqual(done.returncode, 2)
        self.assertIn("rsa.pem", done.stderr.decode())
        for tee in ("soft-tdx", "sgx", "soft-sgx-v5"):
            done = ward("dev", "sign", "--tee", tee, "--key", self.path / "rsa.pem", "-o", self.path / "never")
            self.assertEqual(done.returncode, 2)
            self.assertIn("ward: hint: soft-sgx and soft-snp", done.stderr.decode())
        for option in ("--isv-svn", "--isv-prod-id"):
            done = ward("dev", "sign", "--key", self.path / "rsa.pem", option, "65536", "-o", self.path / "never")
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{option}: ", done.stderr.decode())
            self.assertIn("65535", done.stderr.decode())
            self.assertIn("ward: hint: ", done.stderr.decode())
        self.assertFalse((self.path / "never").exists())

    def test_a_debug_keep_is_refused_unless_debugging_is_allowed(self):
        for face in ("sgx", "tdx", "snp"):
            out = self.path / f"debug-{face}"
            out.write_bytes(self.device(face, "evidence", DATA, options=("--debug",)))
            words = ("verify", out, "--collateral", self.path / "one/collateral", "--trust-root",
                     self.path / "one/root.pem", "--allow-development", "--report-data", DATA)
            self.assertEqual(ward(*words).returncode, 1)
            ward(*words, "--allow-debug", check=0)

    def test_an_event_of_run_time_is_in_the_next_evidence_and_its_log(self):
        framed = self.run_shell("tdx", "/ward/keep device extend model-loaded && "
                                f"exec /ward/keep device evidence --framed {DATA}")
        size = struct.unpack_from("<I", framed)[0]
        quote, log = self.path / "td.quote", self.path / "td.log"
        quote.write_bytes(framed[4:4 + size])
        log.write_bytes(framed[4 + size:])
        self.assertIn(b"model-loaded", log.read_bytes())
        words = ("verify", quote, "--collateral", self.path / "one/collateral", "--trust-root",
                 self.path / "one/root.pem", "--allow-development", "--report-data", DATA)
        ward(*words, "--collateral", log, check=0)
        octets = bytearray(log.read_bytes())
        octets[octets.rindex(b"model-loaded") - 24] ^= 1  # in its digest, which stands before it
        log.write_bytes(octets)
        self.assertEqual(ward(*words, "--collateral", log).returncode, 1)
        self.assertIn("RTMR", self.device("tdx", "extend", "--index", "0", "x", code=1))
        self.assertIn("nothing at run time", self.device("sgx", "extend", "x", code=1))

    def test_a_keep_has_no_evidence_for_another(self):
        # What is bound is the keep's own: the same question in two keeps names two workloads.
        one = self.device("sgx", "evidence", DATA)
        two = self.run_shell("sgx", f"exec /ward/keep device evidence {DATA}")
        digest = json.loads(ward("keep", "measure", "--json", self.path / "shell.toml", check=0).stdout)["workload"]
        self.assertIn(bytes.fromhex(digest), two)
        self.assertNotIn(bytes.fromhex(digest), one)

    def test_python_asks_by_descriptor_3(self):
        script = self.path / "ask.py"
        script.write_text("""import socket, struct
door = socket.socket(fileno=3)
def ask(kind, octets=b""):
    here, there = socket.socketpair()
    socket.send_fds(door, [b"d"], [there.fileno()])
    there.close()
    here.sendall(kind + struct.pack("<I", len(octets)) + octets)
    head = here.recv(5, socket.MSG_WAITALL)
    return head[0], here.recv(struct.unpack_from("<I", head, 1)[0], socket.MSG_WAITALL)
assert ask(b"t") == (0, b"tdx")
code, answer = ask(b"q", bytes(range(64)))
assert code == 0 and bytes(range(64)) in answer
code, why = ask(b"x", b"\\x01data")
assert code != 0 and b"RTMR" in why, why
code, why = ask(b"z")
assert code == 2 and b"no such request" in why, (code, why)
print("asked")
""", encoding="utf-8")
        done = ward("keep", "run", "--quiet", "--softd", self.socket(), "--tee", "soft-tdx", "--", "/usr/bin/python3",
                    script)
        self.assertEqual(done.stdout, b"asked\n", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
