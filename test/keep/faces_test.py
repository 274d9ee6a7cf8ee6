#!/usr/bin/env python3
"""Every face of the software TEE, as a user asks for it: evidence alone, and what a keep asks its device."""
import json
import pathlib
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

    def test_evidence_of_every_face_is_accepted_by_the_command_that_is_printed(self):
        for face in FACES:
            with self.subTest(face):
                out = self.path / f"{face}.evidence"
                log = ("--event-log", self.path / f"{face}.log") if face.startswith("tdx") else ()
                done = self.attest(face, "-o", out, *log)
                said = done.stderr.decode()
                self.assertIn(MARK, said)
                words = said.split("ward: next: ward ")[1].split()
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
                            ((["--tee", "soft-sgx", "-o", self.path / "one.log"]), "exists already")):
            done = ward("attest", "--softd", self.socket(), "--report-data", DATA, *words)
            self.assertEqual(done.returncode, 2, done.stderr.decode())
            self.assertIn(text, done.stderr.decode())
        done = ward("attest", "--softd", self.socket(), "--tee", "soft-sgx", "--report-data", "00", "-o", never)
        self.assertEqual(done.returncode, 2)
        self.assertFalse(never.exists())

    def test_a_machine_without_the_processor_says_so(self):
        intel = self.path / "intel"
        ward("dev", "init", intel, "--tee", "sgx,tdx", check=0)
        done = ward("attest", "--device", intel, "--tee", "soft-snp", "--report-data", DATA, "-o", self.path / "never")
        self.assertEqual(done.returncode, 1, done.stderr.decode())
        self.assertIn("soft-snp: ", done.stderr.decode())
        self.assertFalse((self.path / "never").exists())

    def test_the_launch_measurement_is_foretold(self):
        manifest = self.path / "m.toml"
        manifest.write_bytes(ward("keep", "new", "--name", "m", "--", "/bin/true", check=0).stdout)
        for face in FACES:
            said = json.loads(self.device(face, "info"))
            foretold = ward("keep", "measure", "--tee", f"soft-{face}", manifest, check=0).stdout.decode().strip()
            self.assertEqual(said["launch_measurement"], foretold)
            self.assertEqual((said["face"], said["development"], said["debug"]), (face, True, False))


if __name__ == "__main__":
    unittest.main()
