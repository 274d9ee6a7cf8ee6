#!/usr/bin/env python3
"""ward connect and ward proxy: programs of others through attested channels, and who must not get through."""
import base64
import functools
import hashlib
import http.server
import json
import os
import pathlib
import queue
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
SCHEMA = json.loads((ROOT / "docs/schemas/ward.channel-1.json").read_text())
PATIENCE_S = 60
PAGE = b"only for whom the channel is\n"


def ward(*words):
    return subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S)


def done_well(*words):
    done = ward(*words)
    if done.returncode != 0:
        raise AssertionError(f"ward {words}: exit {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done


class Proxy:
    """A ward proxy that runs, and what it tells, line by line."""

    def __init__(self, *words):
        self.process = subprocess.Popen([WARD, "proxy", *map(str, words), "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.events = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        first = self.next("listening")
        self.address, self.key = first["address"], first["key"]
        self.port = int(self.address.rsplit(":", 1)[1])

    def read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def next(self, event):
        """next is the next event of this name; what stands before it is passed over."""
        while True:
            told = self.events.get(timeout=PATIENCE_S)
            jsonschema.validate(told, SCHEMA)
            if told["event"] == event:
                return told

    def end(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        self.process.stdout.close()
        return code


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while part := self.request.recv(65536):
                self.request.sendall(part)
        except ConnectionResetError:  # what a refused channel does to its program
            pass


class Threading(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Relay(socketserver.BaseRequestHandler):
    """Ends TLS on both sides, with whatever keys it holds, and passes on what is said."""
    inner = outer = target = None

    def handle(self):
        with self.inner.wrap_socket(self.request, server_side=True) as near, \
                socket.create_connection(self.target) as plain, self.outer.wrap_socket(plain) as far:
            there = threading.Thread(target=self.pass_on, args=(near, far), daemon=True)
            there.start()
            self.pass_on(far, near)
            there.join(PATIENCE_S)

    @staticmethod
    def pass_on(source, sink):
        try:
            while part := source.recv(65536):
                sink.sendall(part)
        except OSError:
            pass
        finally:
            try:
                sink.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Flip(socketserver.BaseRequestHandler):
    """Passes TCP on, and flips one bit of what the server says: the FLIPPED-th octet."""
    target = None
    FLIPPED = 3000  # behind the handshake, in the record that has the evidence

    def handle(self):
        with socket.create_connection(self.target) as far:
            threading.Thread(target=Relay.pass_on, args=(self.request, far), daemon=True).start()
            passed = 0
            while part := bytearray(far.recv(65536)):
                if passed <= self.FLIPPED < passed + len(part):
                    part[self.FLIPPED - passed] ^= 1
                passed += len(part)
                self.request.sendall(part)


def context(side, certificate, key):
    made = ssl.SSLContext(side)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.load_cert_chain(certificate, key)
    made.set_alpn_protocols(["ward-channel/1"])
    return made


class Channel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-channel-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.device = cls.folder / "dev"
        done_well("dev", "init", cls.device)
        probe = cls.folder / "probe"
        done_well("attest", "--tee", "soft-sgx", "--device", cls.device, "--report-data", "00" * 64, "-o", probe)
        cls.measurement = json.loads(done_well("inspect", probe, "--json").stdout)["claims"]["mr_enclave"]
        cls.give = ["--attest", "--tee", "soft-sgx", "--device", cls.device]
        cls.expect = ["--measurement", cls.measurement, "--collateral", cls.device / "collateral", "--trust-root",
                      cls.device / "root.pem", "--allow-development"]
        cls.key, cls.certificate = cls.make_key("server")
        cls.other_key, cls.other_certificate = cls.make_key("relay")
        root = cls.folder / "web"
        root.mkdir()
        (root / "page").write_bytes(PAGE)
        cls.web = cls.serve(http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(QuietFiles, directory=root)))
        cls.echo = cls.serve(Threading(("127.0.0.1", 0), Echo))
        cls.server = cls.start("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{cls.web}", *cls.give,
                               "--tls-key", cls.key)

    @classmethod
    def make_key(cls, name):
        key, certificate = cls.folder / f"{name}.key", cls.folder / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        key, "-out", certificate, "-subj", f"/CN={name}"], check=True, capture_output=True)
        key.chmod(0o600)
        return key, certificate

    @classmethod
    def serve(cls, server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        return server.server_address[1]

    @classmethod
    def start(cls, *words):
        proxy = Proxy(*words)
        cls.addClassCleanup(proxy.end)
        return proxy

    def connect(self, address, *words, command=("curl", "-sS", "--max-time", "30", "http://{}/page")):
        return ward("connect", address, *words, "--", *command)

    def test_curl_goes_through(self):
        done = self.connect(self.server.address, *self.expect)
        self.assertEqual((done.returncode, done.stdout), (0, PAGE), done.stderr)
        told = self.connect(self.server.address, *self.expect, "--server-key", self.server.key, "--json")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn(PAGE, told.stderr)
        events = [json.loads(line) for line in told.stdout.splitlines()]
        for event in events:
            jsonschema.validate(event, SCHEMA)
        self.assertEqual([event["event"] for event in events], ["listening", "attested", "closed", "command"])
        self.assertEqual(events[2]["rounds"], 1)

    def test_the_command_s_end_is_told(self):
        done = self.connect(self.server.address, *self.expect, command=("sh", "-c", "test $WARD_CONNECT = {} && exit 7"))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"sh: exit 7", done.stderr)
        none = self.connect(self.server.address, *self.expect, command=("/no/such/program",))
        self.assertEqual(none.returncode, 3)

    def test_any_program_both_ways_attested(self):
        server = self.start("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.echo}", *self.give,
                            "--require", *self.expect)
        client = self.start("--side", "client", "--listen", "127.0.0.1:0", "--to", server.address, *self.give, "--require",
                            *self.expect)
        much = os.urandom(3_000_000)
        with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as program:
            back = bytearray()
            reader = threading.Thread(target=self.drain, args=(program, back))
            reader.start()
            program.sendall(much)
            program.shutdown(socket.SHUT_WR)
            reader.join(PATIENCE_S)
        self.assertEqual(back, much)
        for proxy in (client, server):
            closed = proxy.next("closed")
            self.assertEqual((closed["to_peer"], closed["from_peer"], closed["rounds"]), (len(much), len(much), 1))

    @staticmethod
    def drain(source, into):
        while part := source.recv(65536):
            into.extend(part)

    def s_client(self, *words, said=b""):
        return subprocess.run(["openssl", "s_client", "-connect", self.server.address, "-quiet", *map(str, words)], input=said,
                              capture_output=True, timeout=PATIENCE_S)

    def test_openssl_gets_a_clear_refusal(self):
        self.assertIn(b"channel.tls.protocol", self.s_client().stdout)
        self.assertIn(b"channel.peer.key", self.s_client("-alpn", "ward-channel/1").stdout)
        mine = ["-alpn", "ward-channel/1", "-cert", self.other_certificate, "-key", self.other_key]
        self.assertIn(b"channel.message.limit", self.s_client(*mine, said=b"GET / HTTP/1.1\r\n\r\n").stdout)
        other = self.s_client("-alpn", "http/1.1")
        self.assertEqual((other.returncode, other.stdout), (1, b""))
        self.assertIn(b"no application protocol", other.stderr)
        self.assertIn(b"protocol version", self.s_client("-tls1_2").stderr)

    def test_a_relay_that_holds_the_server_s_tls_key_is_refused(self):
        server = self.start("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.web}", *self.give,
                            "--tls-key", self.key)
        for key, certificate, check in ((self.key, self.certificate, b"channel.exporter.same"),
                                        (self.other_key, self.other_certificate, b"channel.sender.key")):
            handler = type("Between", (Relay,), {
                "inner": context(ssl.PROTOCOL_TLS_SERVER, certificate, key),
                "outer": context(ssl.PROTOCOL_TLS_CLIENT, self.other_certificate, self.other_key),
                "target": ("127.0.0.1", server.port)})
            port = self.serve(Threading(("127.0.0.1", 0), handler))
            done = self.connect(f"127.0.0.1:{port}", *self.expect)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn(check, done.stderr)
            refused = server.next("refused")
            self.assertEqual((refused["check"], refused["by"], refused["from_peer"]),
                             (check.decode(), "the other end", 0))

    def test_a_bit_that_is_flipped_on_the_way_is_seen(self):
        handler = type("Flipping", (Flip,), {"target": ("127.0.0.1", self.server.port)})
        port = self.serve(Threading(("127.0.0.1", 0), handler))
        done = self.connect(f"127.0.0.1:{port}", *self.expect)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"channel.tls.record", done.stderr)

    def test_what_the_policy_does_not_accept_is_refused_by_its_own_check(self):
        chips = self.folder / "chips"
        chips.write_text("77" * 16 + "\n")
        rest = self.expect[2:]
        for words, code, check in (
                ([*self.expect, "--chips", chips], 1, b"sgx.chip.accepted"),
                ([*self.expect[:-1]], 1, b"sgx.platform.development"),
                (["--measurement", "00" * 32, *rest], 1, b"sgx.measurement.expected"),
                ([*self.expect, "--server-key", "00" * 32], 1, b"channel.server.key"),
                ([*self.expect, "--min-tcb-evaluation", "1000000"], 1, b"sgx.tcb.evaluation_number"),
                ([*self.expect[:2], *self.expect[4:]], 3, b"sgx."),
        ):
            with self.subTest(check):
                done = self.connect(self.server.address, *words)
                self.assertEqual((done.returncode, done.stdout), (code, b""), done.stderr)
                self.assertIn(check, done.stderr)

    def test_a_side_that_gives_no_evidence_is_refused(self):
        server = self.start("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.echo}", "--require",
                            *self.expect)
        done = self.connect(server.address, *self.expect)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"channel.peer.attests", done.stderr)

    def test_evidence_is_asked_for_again_and_traffic_stops_when_it_is_not_accepted(self):
        collateral = self.folder / "collateral"
        shutil.copytree(self.device / "collateral", collateral)
        server = self.start("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.echo}", *self.give)
        client = self.start("--side", "client", "--listen", "127.0.0.1:0", "--to", server.address, "--require", *self.expect[:3],
                            collateral, *self.expect[4:], "--reattest", "1", "--max-age", "30")
        with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as program:
            program.sendall(b"before")
            self.assertEqual(program.recv(6), b"before")
            while client.next("attested")["rounds"] < 3:
                pass
            program.sendall(b"again")
            self.assertEqual(program.recv(5), b"again")
            shutil.rmtree(collateral)
            collateral.mkdir()
            with self.assertRaises(ConnectionResetError):
                while program.recv(1):
                    pass
        refused = client.next("refused")
        self.assertTrue(refused["check"].startswith("sgx."), refused)
        self.assertEqual((refused["by"], refused["opened"], refused["from_peer"]), ("this end", True, 11))
        self.assertEqual(server.next("refused")["by"], "the other end")

    def silent_device(self):
        """silent_device is the socket of a softd that takes connections and says nothing."""
        silent = socket.socket(socket.AF_UNIX)
        self.addCleanup(silent.close)
        path = self.folder / f"silent-{id(silent)}"
        silent.bind(str(path))
        silent.listen(8)
        return silent, path

    def test_a_silent_device_holds_no_proxy(self):
        silent, path = self.silent_device()
        server = Proxy("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.echo}", "--attest", "--tee",
                       "soft-sgx", "--softd", path)
        client = self.start("--side", "client", "--listen", "127.0.0.1:0", "--to", server.address, "--require", *self.expect)
        with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S):
            taken, _ = silent.accept()  # the device is asked
            with taken:
                began = time.monotonic()
                self.assertEqual(server.end(), 0)
                self.assertLess(time.monotonic() - began, 10)  # less than the device is waited for
        self.assertEqual(client.next("refused")["by"], "the other end")

    def test_who_says_nothing_is_not_waited_for_long(self):
        server = self.start("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.echo}", *self.give)
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S):
            refused = server.next("refused")
        self.assertEqual((refused["check"], refused["found"], refused["expected"]),
                         ("channel.message.in_time", "no TLS handshake", "an octet within 5 s"))

    def test_the_end_of_either_side_is_no_end_of_the_data(self):
        for killed in (0, 1):
            server = Proxy("--side", "server", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{self.echo}", *self.give)
            client = Proxy("--side", "client", "--listen", "127.0.0.1:0", "--to", server.address, "--require", *self.expect)
            ends = (server, client)
            with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as program:
                program.sendall(b"x")
                self.assertEqual(program.recv(1), b"x")
                ends[killed].process.kill()
                refused = ends[1 - killed].next("refused")
                self.assertEqual((refused["check"], refused["by"]), ("channel.message.whole", "this end"))
                if killed == 0:
                    with self.assertRaises(ConnectionResetError):
                        program.recv(1)
            for proxy in ends:
                proxy.end()

    def test_the_ra_tls_certificate_is_an_encoding(self):
        certificate, quote = self.folder / "ra.pem", self.folder / "ra.quote"
        words = ["attest", *self.give[1:], "--ra-tls-certificate", certificate, "--ra-tls-key", self.key, "-o"]
        self.assertIn(b"proves no live peer", done_well(*words, quote).stderr)
        self.assertEqual(ward(*words, self.folder / "again").returncode, 2)  # the certificate is there already
        shown = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-text"], check=True, capture_output=True)
        self.assertIn(b"2.23.133.5.4.9: \n", shown.stdout)  # and not critical
        spki = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"], check=True,
                              capture_output=True).stdout
        claims = b"\xa1\x6bpubkey-hash\x58\x24\x82\x01\x58\x20" + hashlib.sha256(spki).digest()
        told = json.loads(done_well("inspect", certificate, "--json").stdout)
        jsonschema.validate(told, json.loads((ROOT / "docs/schemas/ward.ra-tls-1.json").read_text()))
        self.assertEqual(told["report_data"], hashlib.sha256(claims).hexdigest() + "00" * 32)
        self.assertEqual(base64.b64decode(told["evidence_base64"]), quote.read_bytes())
        self.assertEqual([told[name] for name in ("self_signed", "names_its_key", "carries_the_claims")], [True] * 3)
        self.assertIn(b"proves no live peer", done_well("inspect", certificate).stdout)
        done_well("verify", quote, *self.expect, "--report-data", told["report_data"])
        # Presented by the holder of its key, it opens no channel.
        handler = type("Presents", (Relay,), {"inner": context(ssl.PROTOCOL_TLS_SERVER, certificate, self.key),
                                              "outer": context(ssl.PROTOCOL_TLS_CLIENT, certificate, self.key),
                                              "target": ("127.0.0.1", self.server.port)})
        port = self.serve(Threading(("127.0.0.1", 0), handler))
        done = self.connect(f"127.0.0.1:{port}", *self.expect)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"channel.exporter.same", done.stderr)
        for words, code in ((["--tee", "soft-snp"], 2), (["--tee", "soft-sgx", "--report-data", "00" * 64], 2)):
            done = ward("attest", *words, "--device", self.device, "--ra-tls-certificate", self.folder / "x", "--ra-tls-key",
                        self.key, "-o", self.folder / "y")
            self.assertEqual(done.returncode, code)
        self.assertFalse((self.folder / "x").exists() or (self.folder / "y").exists())

    def test_mistakes_are_told_before_anything_is_sent(self):
        listen = ["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1"]
        for words, text in ((["connect", "h", *self.expect, "--", "true"], b"not HOST:PORT"),
                            (["connect", "h:1", "--", "true"], b"nothing says what may stand"),
                            (["connect", "h:1", "--workload", "00" * 48, "--", "true"], b"nothing says what may stand"),
                            (["connect", "h:1", *self.expect], b"no command"),
                            (["proxy", "--side", "server", *listen, *self.give, *self.expect], b"evidence is not asked for"),
                            (["proxy", "--side", "server", *listen, "--require", *self.expect, "--device", self.device],
                             b"how evidence of this end is made"),
                            (["proxy", "--side", "server", *listen], b"neither gives evidence nor wants"),
                            (["proxy", "--side", "client", *listen, *self.give], b"which server this is"),
                            (["proxy", "--side", "client", "--listen", "0.0.0.0:0", "--to", "h:1", "--require", *self.expect],
                             b"for this machine alone"),
                            (["proxy", "--side", "server", *listen, *self.give, "--server-key", "00" * 32], b"this is the server's side"),
                            (["proxy", "--side", "server", *listen, *self.give, "--max-age", "5"], b"evidence is not asked for")):
            with self.subTest(text):
                done = ward(*words)
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertIn(text, done.stderr)
        nobody = self.connect("127.0.0.1:1", *self.expect)
        self.assertEqual(nobody.returncode, 3)


if __name__ == "__main__":
    unittest.main()
