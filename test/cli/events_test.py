#!/usr/bin/env python3
"""Events of a running wardd: pages, the stream as curl and `ward watch` read it, and webhooks to a receiver of another make."""
import base64
import http.server
import json
import queue
import signal
import ssl
import subprocess
import threading
import time
import unittest

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service import PATIENCE_S, WARD, Service, told, ward


class Receiver:
    """A receiver over TLS. It takes what it gets, or answers as it is told."""

    def __init__(self, folder):
        self.got = queue.Queue()
        self.status = 200
        self.folder = folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", folder / "receiver.key", "-out", folder / "receiver.pem"], check=True, capture_output=True)
        self.port = 0
        self.up()

    def up(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.put((receiver.status, dict(self.headers.items()), body, self.path))
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", f"https://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "receiver.pem", self.folder / "receiver.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def down(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE_S)

    def next(self):
        return self.got.get(timeout=PATIENCE_S)


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = service = Service()
        cls.addClassCleanup(service.end)
        cls.secret = service.folder / "secret"
        cls.secret.write_text("the key")
        service.stop()
        config = service.state / "wardd.toml"
        cls.people = {}
        people = ""
        for name, role, more in (("hans", "owner", 'repositories = ["hospital"]'), ("audrey", "auditor", ""), ("vera", "verifier-owner", "")):
            key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True).stdout
            der = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
            cls.people[name] = (service.folder / f"{name}.pem", role)
            cls.people[name][0].write_text(f"name: {name}\nrole: {role}\n" + key.decode())
            cls.people[name][0].chmod(0o600)
            people += (f'\n[[administrator]]\nname = "{name}"\nrole = "{role}"\n{more}\n'
                       f'public_key = "{base64.b64encode(der).decode()}"\n')
        config.write_text("webhook_private_addresses = true\n" + config.read_text() + people)
        service.start()
        cls.receiver = Receiver(service.folder)
        cls.addClassCleanup(cls.receiver.down)

    def token(self, name="admin"):
        path, role = self.people.get(name, (self.service.state / "admin.key.pem", "administrator"))
        text = path.read_text()
        head = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        key = serialization.load_pem_private_key(text[text.index("-----BEGIN"):].encode(), None)
        algorithm = "EdDSA" if "Ed25519" in type(key).__name__ else "ES256"
        now = int(time.time())
        return jwt.encode({"iss": head["name"], "role": role, "aud": "urn:ward:wardd:" + self.service.server_key, "iat": now, "exp": now + 300},
                          key, algorithm)

    def get(self, path, name="admin"):
        return self.service.send("GET", path, None, {"Authorization": "Bearer " + self.token(name)})

    def put(self, path):
        ward("secret", "put", path, "--file", self.secret, *self.service.to)

    def newest(self):
        return int(self.get("/v1/events?after=newest")[1]["next"])

    def add(self, *words, path="/hook"):
        made = told(ward("webhook", "add", f"https://127.0.0.1:{self.receiver.port}{path}", "--receiver-ca",
                         self.service.folder / "receiver.pem", *words, *self.service.to, "--json"))
        self.addCleanup(lambda: ward("webhook", "remove", made["id"], *self.service.to))
        return made["id"]

    def listed(self, name):
        webhooks = told(ward("webhook", "list", *self.service.to, "--json"))["webhooks"]
        return next(one for one in webhooks if one["id"] == name)

    def key(self):
        keys = self.service.send("GET", "/.well-known/webhook-jwks.json", None, {})[1]["keys"]
        key, = [one for one in keys if one["kty"] == "OKP" and one["crv"] == "Ed25519" and one["alg"] == "EdDSA"]
        return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))

    def opened(self, got):
        """opened verifies a delivery as Standard Webhooks says, with another library, and returns the event."""
        _, headers, body, _ = got
        kind, signature = headers["webhook-signature"].split(",")
        self.assertEqual(kind, "v1a")
        self.assertLess(abs(int(headers["webhook-timestamp"]) - time.time()), 300)
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        self.key().verify(base64.b64decode(signature), signed)
        with self.assertRaises(InvalidSignature):
            self.key().verify(base64.b64decode(signature), signed[:-2] + b" }")
        out = json.loads(body)
        self.assertEqual(out["service"], "wardd.test")
        self.assertEqual(out["type"], out["data"]["kind"])
        self.assertEqual(headers["webhook-id"], f"evt_{out['data']['index']}_{out['data']['leaf_hash'][:16]}")
        return out["data"]

    def test_pages_are_the_ledger_and_go_on_without_a_gap(self):
        for i in range(5):
            self.put(f"hospital/key/page{i}")
        seen, after = [], ""
        while True:
            status, page = self.get("/v1/events?limit=3" + (f"&after={after}" if after else ""))
            self.assertEqual(status, 200)
            seen += page["events"]
            after = page["next"]
            if not page["more"]:
                break
        self.assertEqual([one["index"] for one in seen], list(range(len(seen))))
        entries = self.get("/v1/ledger/entries")[1]["entries"]
        for one in entries:
            del one["leaf"]
        self.assertEqual(seen[:len(entries)], entries[:len(seen)])
        begin = seen[-1]["time"]
        since = self.get(f"/v1/events?since={begin}")[1]["events"]
        self.assertTrue(since and all(one["time"] >= begin for one in since))
        for wrong in ("after=x", "kinds=A", "kinds=a,", "limit=0", "limit=201", "since=now", "since=2026-01-01T00:00:00Z&after=1", "x=1"):
            self.assertEqual(self.get("/v1/events?" + wrong)[0], 400, wrong)

    def test_who_reads_what(self):
        self.put("hospital/key/mine")
        self.put("vendor/key/his")
        subjects = {one["subject"] for one in self.get("/v1/events?kinds=resource", "hans")[1]["events"]}
        self.assertIn("hospital/key/mine", subjects)
        self.assertEqual({one.split("/")[0] for one in subjects}, {"hospital"})
        subjects = {one["subject"] for one in self.get("/v1/events?kinds=resource", "audrey")[1]["events"]}
        self.assertLessEqual({"hospital/key/mine", "vendor/key/his"}, subjects)
        status, refusal = self.get("/v1/events", "vera")
        self.assertEqual((status, refusal["checks"]), (403, ["kbs.admin.role"]))
        self.assertEqual(self.service.send("GET", "/v1/events", None, {})[0], 401)
        for name in ("hans", "audrey", "vera"):
            self.assertEqual(self.get("/v1/webhooks", name)[0], 403)

    def curl(self, *words, name="admin"):
        return subprocess.Popen(["curl", "-sS", "-N", "-i", "--cacert", self.service.state / "tls.pem", "--max-time", str(PATIENCE_S),
                                 "-H", "Accept: text/event-stream", "-H", "Authorization: Bearer " + self.token(name), *words],
                                stdout=subprocess.PIPE, text=True)

    def url(self, path):
        return self.service.url + path

    def read_events(self, process, count):
        """read_events reads so many events off a stream, and returns them and the head."""
        out, head, last = [], [], None
        for line in process.stdout:
            line = line.rstrip("\r\n")
            if not out and last is None and not line.startswith(("id:", "data:", "retry:", ":")):
                head.append(line)
            if line.startswith("id: "):
                last = int(line[4:])
            if line.startswith("data: "):
                out.append(json.loads(line[6:]))
                self.assertEqual(out[-1]["index"], last)
            if len(out) == count:
                break
        process.terminate()
        process.stdout.close()
        process.wait(PATIENCE_S)
        return out, head

    def test_the_stream_goes_on_where_it_ended(self):
        before = self.newest()
        process = self.curl(self.url(f"/v1/events?kinds=resource&after={before}"))
        for i in range(3):
            self.put(f"hospital/key/stream{i}")
        events, head = self.read_events(process, 3)
        self.assertTrue(head[0].startswith("HTTP/1.1 200"), head)
        self.assertIn("Content-Type: text/event-stream", head)
        self.assertEqual([one["subject"] for one in events], [f"hospital/key/stream{i}" for i in range(3)])
        again, _ = self.read_events(self.curl("-H", f"Last-Event-ID: {events[0]['index']}", self.url("/v1/events?kinds=resource")), 2)
        self.assertEqual(again, events[1:])

    def test_one_administrator_has_four_streams(self):
        open_ones = [self.curl(self.url("/v1/events?after=newest"), name="audrey") for _ in range(4)]
        for one in open_ones:
            while not one.stdout.readline().startswith("retry:"):
                pass
        refused = self.curl(self.url("/v1/events?after=newest"), name="audrey")
        text = refused.communicate(timeout=PATIENCE_S)[0]
        self.assertIn(" 429 ", text.splitlines()[0])
        self.assertIn("kbs.event.room", text)
        other, _ = self.read_events(self.curl(self.url("/v1/events"), name="hans"), 1)
        self.assertEqual(len(other), 1)
        for one in open_ones:
            one.terminate()
            one.stdout.close()
            one.wait(PATIENCE_S)

    def test_watch_shows_events_and_ends_with_control_c(self):
        before = self.newest()
        watch = subprocess.Popen([WARD, "watch", "--kinds", "resource", "--since", str(before + 1), *self.service.to, "--json"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        text = subprocess.Popen([WARD, "watch", "--since", str(before + 1), *self.service.to], stdout=subprocess.PIPE, text=True)
        for one in (watch, text):
            self.addCleanup(one.stdout.close)
            self.addCleanup(one.kill)
        self.addCleanup(watch.stderr.close)
        self.put("hospital/key/watched")
        event = told(watch.stdout.readline())
        self.assertEqual((event["kind"], event["subject"]), ("resource.put", "hospital/key/watched"))
        self.assertIn("resource.put hospital/key/watched by first", text.stdout.readline())
        # It comes again by itself when the service does.
        self.service.stop()
        port = self.service.url.rsplit(":", 1)[1]
        config = self.service.state / "wardd.toml"
        was = config.read_text()
        config.write_text(was.replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))
        self.service.start()
        self.put("hospital/key/again")
        self.assertEqual(told(watch.stdout.readline())["subject"], "hospital/key/again")
        for one in (watch, text):
            one.send_signal(signal.SIGINT)
            self.assertEqual(one.wait(PATIENCE_S), 0)
        config.write_text(was)
        ward("watch", "--since", "yesterday", *self.service.to, code=2)
        ward("watch", "--kinds", "A", *self.service.to, code=2)

    def test_a_webhook_gets_its_kinds_in_order_signed_and_nothing_else(self):
        name = self.add("--kinds", "resource,webhook.add", path="/a?b=c")
        self.put("hospital/key/hook0")
        self.service.policy("p", runtimes=[])
        ward("policy", "set", self.service.folder / "p", "--for", "evidence", *self.service.to)
        self.put("hospital/key/hook1")
        got = [self.receiver.next() for _ in range(3)]
        self.assertEqual({one[3] for one in got}, {"/a?b=c"})
        events = [self.opened(one) for one in got]
        self.assertEqual([(one["kind"], one["subject"]) for one in events],
                         [("webhook.add", name), ("resource.put", "hospital/key/hook0"), ("resource.put", "hospital/key/hook1")])
        self.assertEqual(sorted(one["index"] for one in events), [one["index"] for one in events])
        tested = told(ward("webhook", "test", name, *self.service.to, "--json"))
        self.assertTrue(tested["delivered"])
        event = self.opened(self.receiver.next())
        self.assertEqual((event["kind"], event["subject"], event["index"]), ("webhook.test", name, tested["index"]))
        self.assertEqual(self.listed(name)["delivered"], tested["index"])
        metrics = self.service.exchange("GET", "/metrics", None, {})[1].decode()
        self.assertIn('ward_webhook_attempts_total{outcome="delivered"}', metrics)

    def test_b_nothing_is_lost_while_the_receiver_or_the_service_is_down(self):
        name = self.add("--kinds", "resource")
        self.receiver.down()
        self.put("hospital/key/down0")
        end = time.monotonic() + PATIENCE_S
        while not self.listed(name)["error"]:
            self.assertLess(time.monotonic(), end)
            threading.Event().wait(0.1)
        self.assertIn("nothing answers", self.listed(name)["error"])
        self.service.stop()
        self.service.start()
        self.put("hospital/key/down1")
        self.receiver.up()
        ward("webhook", "test", name, *self.service.to)  # it does not wait for the pause
        events = [self.opened(self.receiver.next()) for _ in range(3)]
        self.assertEqual([one["subject"] for one in events], ["hospital/key/down0", "hospital/key/down1", name])
        self.assertEqual((self.listed(name)["failures"], self.listed(name)["error"]), (0, ""))

    def test_c_a_failure_is_told_and_redirects_are_not_followed(self):
        name = self.add("--kinds", "none")
        for status in (500, 302):
            self.receiver.status = status
            ward("webhook", "test", name, *self.service.to, code=3)
            self.assertEqual(self.receiver.next()[0], status)
            self.assertIn(f"status {status}", self.listed(name)["error"])
        self.receiver.status = 200
        ward("webhook", "test", name, *self.service.to)
        got = [self.receiver.next() for _ in range(3)]
        self.assertEqual([one[3] for one in got], ["/hook"] * 3)
        self.assertEqual(len({one[1]["webhook-id"] for one in got}), 3)

    def test_d_a_receiver_whose_certificate_is_another_gets_nothing(self):
        made = told(ward("webhook", "add", f"https://127.0.0.1:{self.receiver.port}/", "--receiver-ca", self.service.state / "tls.pem",
                         *self.service.to, "--json"))
        ward("webhook", "test", made["id"], *self.service.to, code=3)
        self.assertTrue(self.receiver.got.empty())
        self.assertIn("tls", self.listed(made["id"])["error"])
        ward("webhook", "remove", made["id"], *self.service.to)
        ward("webhook", "add", "http://198.51.100.1/", *self.service.to, code=2)

    def test_e_private_addresses_are_for_whom_the_configuration_lets(self):
        config = self.service.state / "wardd.toml"
        was = config.read_text()
        self.service.stop()
        config.write_text(was.replace("webhook_private_addresses = true", "webhook_private_addresses = false"))
        self.service.start()
        name = self.add("--kinds", "none")
        ward("webhook", "test", name, *self.service.to, code=3)
        self.assertIn("webhooks do not go to", self.listed(name)["error"])
        self.assertTrue(self.receiver.got.empty())
        self.service.stop()
        config.write_text(was)
        self.service.start()


if __name__ == "__main__":
    unittest.main()
