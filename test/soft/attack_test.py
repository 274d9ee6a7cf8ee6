#!/usr/bin/env python3
"""What the software TEE does not prove, measured: whoever is root on its machine forges evidence with openssl alone.

And what it does: another user of the machine gets none of what is needed for that.
"""
import ctypes
import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
SOFTD = WARD.parent / "softd"
NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)
REPORT_DATA = bytes(range(64))
FORGED = hashlib.sha256(b"code that never ran").digest()
# Offsets of a quote of version 3 (SGX ECDSA Quote Library Reference, A.4).
BODY, SIGNATURE, KEY, QE_REPORT, QE_SIGNATURE, AUTH = 48, 436, 500, 564, 948, 1012
MR_ENCLAVE, QE_REPORT_DATA = BODY + 64, QE_REPORT + 320


def ward(*words, **how):
    return subprocess.run([WARD, *words], capture_output=True, check=False, **how)


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


def sign(key, message):
    """An ECDSA signature as a quote has it, r || s."""
    der = openssl("dgst", "-sha256", "-keyform", "DER", "-sign", key, data=message)
    numbers, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        numbers += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return numbers


def forge(genuine, pck, folder):
    """The quote of an enclave that never ran: a new attestation key, for which the PCK key vouches."""
    key = folder / "attestation.pk8"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "DER", "-out", key)
    point = openssl("pkey", "-inform", "DER", "-in", key, "-pubout", "-outform", "DER")[-64:]
    quote = bytearray(genuine)
    quote[MR_ENCLAVE:MR_ENCLAVE + 32] = FORGED
    quote[KEY:KEY + 64] = point
    quote[SIGNATURE:SIGNATURE + 64] = sign(key, bytes(quote[:SIGNATURE - 4]))
    auth_size = int.from_bytes(quote[AUTH:AUTH + 2], "little")
    bound = hashlib.sha256(point + quote[AUTH + 2:AUTH + 2 + auth_size]).digest()
    quote[QE_REPORT_DATA:QE_REPORT_DATA + 64] = bound + bytes(32)
    quote[QE_SIGNATURE:QE_SIGNATURE + 64] = sign(pck, bytes(quote[QE_REPORT:QE_REPORT + 384]))
    return bytes(quote)


def read_one(path):
    with open(path, "rb") as file:
        file.read(1)


def attach(pid):
    """ptrace(PTRACE_ATTACH)."""
    if LIBC.ptrace(16, pid, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")


def refused_to_nobody(act):
    """Whether `act` raises PermissionError where another user does it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            act()
        except PermissionError:
            code = 9
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@unittest.skipIf(os.geteuid() != 0, "root's attack needs root")
class Attack(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.folder.chmod(0o755)
        self.platform = self.folder / "platform"
        self.assertEqual(ward("dev", "init", "--tee", "sgx", self.platform).returncode, 0)

    def genuine(self):
        path = self.folder / "genuine.quote"
        done = ward("attest", "--tee", "soft-sgx", "--device", self.platform, "--report-data", REPORT_DATA.hex(), "-o", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path.read_bytes()

    def verify(self, quote, *options):
        path = self.folder / "quote"
        path.write_bytes(quote)
        return ward("verify", path, "--collateral", self.platform / "collateral", "--report-data", REPORT_DATA.hex(), *options)

    def test_root_forges_the_evidence_of_code_that_never_ran(self):
        genuine = self.genuine()
        began = time.monotonic()
        forged = forge(genuine, self.platform / "device/pck.pk8", self.folder)
        print(f"forged in {1000 * (time.monotonic() - began):.0f} ms, with openssl", file=sys.stderr)
        trusting = ("--trust-root", self.platform / "root.pem", "--allow-development", "--measurement", FORGED.hex())
        accepted = self.verify(forged, *trusting)
        self.assertEqual(accepted.returncode, 0, accepted.stdout + accepted.stderr)
        # Whoever did not ask for the development platform is not deceived.
        self.assertEqual(self.verify(forged, "--measurement", FORGED.hex()).returncode, 1)
        self.assertEqual(self.verify(forged, *trusting[:2], *trusting[3:]).returncode, 1)

    def test_another_user_gets_no_key_no_memory_and_no_keep(self):
        path = self.folder / "softd.sock"
        softd = subprocess.Popen([SOFTD, "--device", self.platform, "--socket", path], stderr=subprocess.DEVNULL)
        self.addCleanup(softd.wait)
        self.addCleanup(softd.terminate)
        while not path.exists():
            self.assertIsNone(softd.poll())
            time.sleep(0.01)

        for name in ("device/device_root", "device/pck.pk8", "ca/root.pk8"):
            self.assertTrue(refused_to_nobody(lambda name=name: open(self.platform / name, "rb").close()), name)
        for name in ("mem", "maps", "environ"):
            self.assertTrue(refused_to_nobody(lambda name=name: read_one(f"/proc/{softd.pid}/{name}")), name)
        self.assertTrue(refused_to_nobody(lambda: os.listdir(f"/proc/{softd.pid}/fd")))
        self.assertTrue(refused_to_nobody(lambda: os.kill(softd.pid, signal.SIGKILL)))
        self.assertTrue(refused_to_nobody(lambda: attach(softd.pid)))
        with socket.socket(socket.AF_UNIX) as client:
            self.assertTrue(refused_to_nobody(lambda: client.connect(str(path))))
        self.assertIsNone(softd.poll())
        softd.terminate()
        self.assertEqual(softd.wait(), 0)


if __name__ == "__main__":
    unittest.main()
