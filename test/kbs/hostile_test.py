#!/usr/bin/env python3
"""What anybody may send to a running wardd: every route is given malformed, oversized, deeply nested, cut and slow
requests. It answers each with a refusal or ends the connection, serves the next, and its memory stays bounded."""
import contextlib
import json
import pathlib
import re
import socket
import ssl
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]
from kbs_client import Client, Refused, ROOT
from service import Service

PATIENCE_S = 60
MEMORY = 256 << 20  # octets resident, of a service that needs about a tenth
DEEP = 200_000
SMALL = 60_000  # octets of a body that needs no room
TOGETHER = 100  # connections at the same time
OWN = json.loads((HERE.parents[1] / "docs/api/openapi.json").read_text(encoding="utf-8"))["paths"]
NAMES = {"repository": "a", "type": "b", "tag": "c"}  # of what a path names; another: x
# What stands in the description is what the service has (its unit tests compare them).
DESCRIBED = {(method.upper(), re.sub(r"{(\w+)}", lambda found: NAMES.get(found[1], "x"), path)): told.get("security") == []
             for path, methods in OWN.items() for method, told in methods.items() if method in ("get", "put", "post", "delete")}
ROUTES = [("POST", f"{ROOT}/auth"), ("POST", f"{ROOT}/attest"), ("GET", f"{ROOT}/resource/a/b/c"),
          ("POST", f"{ROOT}/resource/a/b/c"), ("DELETE", f"{ROOT}/resource/a/b/c"), *DESCRIBED,
          ("GET", "/v1/ledger/proof/inclusion?entry=0"), ("GET", "/v1/ledger/proof/consistency?from=1"), ("GET", "/v1/resources?limit=x"),
          ("GET", "/v1/events?after=-1&kinds=%00"), ("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/.well-known/jwks.json"),
          ("GET", "/.well-known/webhook-jwks.json"), ("POST", f"{ROOT}/attestation-policy"), ("POST", f"{ROOT}/resource-policy"),
          ("POST", f"{ROOT}/reference-value"), ("GET", f"{ROOT}/reference-value/a"), ("GET", "/t/a/v1/policies"), ("POST", "/"), ("GET", "/../..")]
PUBLIC = {"/metrics", "/healthz", "/.well-known/jwks.json", "/.well-known/webhook-jwks.json", "/v1/nonce",
          *(path for (method, path), anyone in DESCRIBED.items() if anyone and method == "GET")}
PARSED = {f"{ROOT}/auth", f"{ROOT}/attest", *(path for (method, path), anyone in DESCRIBED.items() if anyone and method == "POST")}  # without an administrator
TAKES_ANY = {"/v1/resource/a/b/c"}  # a resource is whatever its owner puts there
KEY = {"kty": "EC", "crv": "P-256", "alg": "ECDH-ES+A256KW", "x": "UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkY",
       "y": "XTSEJxzjFvDtF3sPDf9f-mhigrwL3UlIe0ax6PVF9I8"}
BODIES = [b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"\x00" * 4096, b"[" * DEEP, b'{"a":' * DEEP,
          b'{"version":' + b"9" * 100_000 + b"}", b'{"version":"0.4.0","version":"0.4.0","tee":"sgx"}',
          b'{"version":"\\ud800","tee":"sgx"}', b'{"version":"0.4.0","tee":"' + b"x" * 1_000_000 + b'"}',
          b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b"}", b"x" * (2 << 20)]
HEADERS = ["Authorization: Bearer " + "a" * 20_000, "Authorization: Bearer a.b.c", "Cookie: kbs-session-id=" + "A" * 20_000,
           "Cookie: " + "kbs-session-id;" * 1000, "X: \x01\x02", "Content-Type: \xff",
           "Idempotency-Key: " + "\"" * 20_000, "If-None-Match: " + "\"" * 20_000]
HEADS = [b"\x00" * 100, b"GET", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
         b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
         b"POST /kbs/v0/auth HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n",
         b"POST /kbs/v0/auth HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
         b"POST /kbs/v0/auth HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
         b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 50_000 + b"\r\n",
         b"GET /%00%2e%2e/\xff HTTP/1.1\r\n\r\n"]


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = Service()
        cls.service, cls.cafile = cls.made.process, cls.made.cafile
        cls.address = cls.made.url.removeprefix("https://")

    @classmethod
    def tearDownClass(cls):
        cls.made.end()

    def tearDown(self):
        """Whatever a test sent: the same process still serves, and did not grow beyond the bound."""
        self.assertIsNone(self.service.poll(), "the service ended")
        client = self.client()
        client.auth("sgx")
        status = pathlib.Path(f"/proc/{self.service.pid}/status").read_text(encoding="ascii")
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        self.assertLess(peak << 10, MEMORY)

    def client(self):
        made = Client(self.address, self.cafile)
        self.addCleanup(made.close)
        return made

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        context = ssl.create_default_context(cafile=self.cafile)
        plain = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        return context.wrap_socket(plain, server_hostname=host)

    def send(self, octets):
        """send gives the octets and returns the status of the reply, None where the connection ended without one."""
        with contextlib.suppress(ConnectionError, ssl.SSLError), self.connect() as stream:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                stream.sendall(octets)
            reply = b""
            while b"\r\n" not in reply:
                piece = stream.recv(65536)
                if not piece:
                    return None
                reply += piece
            return int(reply.split()[1])
        return None

    def request(self, method, path, body, *headers):
        lines = [f"{method} {path} HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", "Connection: close", *headers]
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def test_every_route_refuses_every_body(self):
        for method, path in ROUTES:
            for body in BODIES if path in PARSED else BODIES[1:8:3] + BODIES[-1:]:
                with self.subTest(path=path, body=body[:20], size=len(body)):
                    status = self.request(method, path, body)
                    if path.partition("?")[0] in PUBLIC:
                        self.assertIn(status, (200, 400, 404, None))
                    else:
                        self.assertIn(status, (400, 401, 404, 405, 413, None))

    def test_every_route_refuses_every_body_of_an_administrator_too(self):
        """Whoever may do everything still gets no answer but a refusal to what says nothing."""
        administrator = "Authorization: Bearer " + self.made.token()
        for (method, path), anyone in DESCRIBED.items():
            if anyone or method not in ("POST", "PUT"):
                continue
            for body in BODIES:
                with self.subTest(path=path, body=body[:20], size=len(body)):
                    status = self.request(method, path, body, administrator)
                    self.assertIn(status, (200, 400, 413, None) if path in TAKES_ANY else (400, 403, 404, 409, 413, 415, None))

    def test_every_route_refuses_every_header(self):
        for method, path in ROUTES:
            for header in HEADERS:
                with self.subTest(path=path, header=header[:30]):
                    status = self.request(method, path, b"", header)
                    self.assertIn(status, (200, 400, 404) if path.partition("?")[0] in PUBLIC else (400, 401, 404, 405, 431))

    def test_what_is_no_request_gets_no_answer_but_a_refusal(self):
        for head in HEADS:
            with self.subTest(head[:40]), self.connect() as stream:
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    stream.sendall(head)
                    stream.unwrap()  # nothing more comes
                reply = b""
                with contextlib.suppress(ConnectionError, ssl.SSLError, ValueError, OSError):
                    reply = stream.recv(65536)
                if reply:
                    self.assertIn(int(reply.split()[1]), (400, 401, 404, 405, 413, 431, 505))

    def test_a_session_refuses_every_attestation_that_is_none(self):
        good = {"init-data": None, "runtime-data": {"nonce": "", "tee-pubkey": KEY},
                "tee-evidence": {"primary_evidence": {"quote": "AAAA"}, "additional_evidence": ""}}

        def with_(nonce, **changes):
            told = json.loads(json.dumps(good))
            told["runtime-data"]["nonce"] = nonce
            for name, value in changes.items():
                at = told
                *folders, last = name.split("__")
                for folder in folders:
                    at = at[folder.replace("_", "-") if folder != "primary_evidence" else folder]
                at[last] = value
            return json.dumps(told).encode()

        nested = "[" * DEEP
        for changes in ({}, {"tee_evidence__primary_evidence": "x"}, {"tee_evidence__primary_evidence": {"quote": "A" * 1_500_000}},
                        {"tee_evidence__additional_evidence": nested}, {"tee_evidence__additional_evidence": '{"nvidia":{}}'},
                        {"tee_evidence__additional_evidence": "{" + ",".join(f'"{n}":{{}}' for n in range(10_000)) + "}"},
                        {"init-data": {"format": "toml", "body": "a = " + nested}},
                        {"init-data": {"format": "toml", "body": "a = [" * 10_000}},
                        {"init-data": {"format": "toml", "body": "[" + "a." * 50_000 + "a]"}},
                        {"init-data": {"format": "toml", "body": "x" * 300_000}},
                        {"runtime_data__tee-pubkey": {"kty": "RSA", "alg": "RSA-OAEP-256", "n": "A" * 1_000_000, "e": "AQAB"}},
                        {"runtime_data__tee-pubkey": {**KEY, "x": KEY["y"]}}, {"runtime_data__nonce": "x" * 1_000_000}):
            with self.subTest(str(changes)[:60]):
                client = self.client()
                nonce = client.auth("sgx")
                with self.assertRaises(Refused) as caught:
                    client.ask("POST", ROOT + "/attest", with_(nonce, **changes))
                self.assertIn(caught.exception.status, (400, 401, 413), caught.exception)
                self.assertTrue(caught.exception.detail, "a refusal says why")

    def test_every_cut_of_a_request_is_no_request(self):
        body = b'{"version":"0.4.0","tee":"sgx","extra-params":""}'
        whole = b"POST /kbs/v0/auth HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
        self.cut([whole[:size] for size in range(0, len(whole), 11)])
        self.assertEqual(self.send(whole), 200)

    def callers(self):
        """Each route as a stranger asks for it, and as an administrator does: method, path, headers, what it may answer to no sense."""
        shown = [f"Authorization: Bearer {self.made.token()}"]
        for method, path in ROUTES:
            stranger = (200, 400, 404) if path.partition("?")[0] in PUBLIC else (400, 401, 404, 405)
            yield method, path, [], stranger
            if (method, path) in DESCRIBED:
                takes = method == "GET" or path in TAKES_ANY or path in PUBLIC
                yield method, path, shown, (400, 403, 404, 409, 413, 415, *([200] if takes else []))

    @staticmethod
    def head(method, path, size, headers):
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", f"Content-Length: {size}", *headers, "\r\n"]).encode()

    def cut(self, pieces):
        """cut sends each and then says that no more comes, TOGETHER at a time; none has an answer, which would come before the end."""
        while pieces:
            some, pieces = pieces[:TOGETHER], pieces[TOGETHER:]
            with contextlib.ExitStack() as open_ones:
                streams = [open_ones.enter_context(self.connect()) for _ in some]
                for stream, piece in zip(streams, some):
                    stream.sendall(piece)
                for stream, piece in zip(streams, some):
                    with self.subTest(piece[:60]):
                        stream.unwrap()  # an answer in the place of the end is an error of TLS

    def test_every_route_does_nothing_for_a_request_that_is_cut(self):
        pieces = []
        for method, path, headers, _ in self.callers():
            head = self.head(method, path, 100, headers)
            pieces += [head[:head.index(b" ") + 2], head[:-4], head[:-2], head + b"{" * 99]
        self.made.ask("PUT", "/v1/resource/a/b/other", b"x")  # the ledger has a leaf
        before = self.made.leaves()
        self.cut(pieces)
        self.assertEqual(self.made.leaves(), before)

    def test_every_route_waits_for_the_slow_and_keeps_nobody_waiting(self):
        everybody = list(self.callers())
        while everybody:
            some, everybody = everybody[:TOGETHER], everybody[TOGETHER:]
            with contextlib.ExitStack() as open_ones:
                slow = [(open_ones.enter_context(self.connect()), *one) for one in some]
                for stream, method, path, headers, _ in slow:
                    stream.sendall(self.head(method, path, SMALL, headers) + b"[" * (SMALL - 2))
                self.assertEqual(self.request("GET", "/healthz", b""), 200)
                for stream, *_ in slow:
                    stream.sendall(b"[")
                self.assertEqual(self.request("GET", "/healthz", b""), 200)
                for stream, *_ in slow:
                    stream.sendall(b"[")
                for stream, method, path, headers, allowed in slow:
                    with self.subTest(method=method, path=path, administrator=bool(headers)):
                        self.assertIn(int(stream.recv(65536).split()[1]), allowed)

    def test_large_bodies_of_strangers_take_no_more_than_their_room(self):
        """Each would be taken for itself: all of them together are 380 MB, and one address has 32 MiB of room."""
        size = 2_000_000
        most = (32 << 20) // size
        with contextlib.ExitStack() as open_ones:
            slow = [open_ones.enter_context(self.connect()) for _ in range(200)]
            for n, stream in enumerate(slow):
                stream.sendall(self.head("POST", ("/v1/appraise", "/kbs/v0/attest", "/v1/administrators")[n % 3], size, []))
                stream.sendall(b"[" * (size - 100_000))
            for stream in slow[most:]:
                reply = stream.recv(65536)
                self.assertEqual(reply.split()[1], b"503")
                self.assertIn(b"\r\nRetry-After: 1\r\n", reply)
            self.assertEqual(self.request("POST", "/v1/nonce", b"{}"), 200)
            for stream in slow[:most]:
                stream.sendall(b"[" * 100_000)
                self.assertEqual(stream.recv(65536).split()[1][:1], b"4")  # it had its room, and is no message
        self.assertEqual(self.request("POST", f"{ROOT}/auth", b"[" * size), 400)  # there is room again


if __name__ == "__main__":
    unittest.main()
