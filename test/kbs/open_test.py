#!/usr/bin/env python3
"""What an open session costs a running wardd, and which TLS it speaks, as openssl sees it."""
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]
from kbs_client import Client
from service import PATIENCE_S, Service

SESSIONS = 200
MOST = 128 << 10  # octets of memory for a session with its connection; docs/benchmarks.md measures about 75 kB


class Open(unittest.TestCase):
    def setUp(self):
        self.made = Service()
        self.addCleanup(self.made.end)
        self.address = self.made.url.removeprefix("https://")

    def resident(self):
        status = pathlib.Path(f"/proc/{self.made.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))

    def session(self):
        """session is begun, and its connection stays open."""
        client = Client(self.address, self.made.cafile)
        self.addCleanup(client.close)
        client.auth("sgx")
        return client

    def test_an_open_session_takes_no_more_memory_than_is_said(self):
        first = [self.session() for _ in range(8)]  # what is made once is there
        before = self.resident()
        others = [self.session() for _ in range(SESSIONS)]
        grown = self.resident() - before
        self.assertLess(grown, SESSIONS * MOST)
        for client in (first[0], others[0], others[-1]):  # none was closed to make room
            client.auth("sgx")

    def test_a_session_without_its_connection_takes_nothing(self):
        """It is in the client's cookie: a thousand that were begun and left cost less than one with its connection."""
        client = self.session()
        for _ in range(200):  # buffers grow to what they need
            client.auth("sgx")
        before = self.resident()
        cookies = set()
        for _ in range(1000):
            client.auth("sgx")
            cookies.add(client.cookie)
        self.assertEqual(len(cookies), 1000)
        self.assertLess(self.resident() - before, MOST)

    def s_client(self, *options):
        return subprocess.run(["openssl", "s_client", "-connect", self.address, "-CAfile", self.made.cafile, "-verify_return_error",
                               "-ign_eof", *options], input=b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                              capture_output=True, timeout=PATIENCE_S, check=False)

    def test_openssl_speaks_tls_1_3_with_it_and_nothing_older(self):
        new = self.s_client("-tls1_3")
        self.assertEqual(new.returncode, 0, new.stderr)
        self.assertIn(b"New, TLSv1.3", new.stdout)
        self.assertIn(b"\nHTTP/1.1 200 OK\r\n", new.stdout)
        for old in ("-tls1_2", "-no_tls1_3", "-tls1_1", "-tls1"):
            with self.subTest(old):
                # Whoever may do everything, the lowest level included, is told by an alert that it is the version.
                refused = self.s_client(old, "-cipher", "ALL:@SECLEVEL=0")
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn(b"alert protocol version", refused.stderr)
                self.assertNotIn(b"HTTP/1.1", refused.stdout)


if __name__ == "__main__":
    unittest.main()
