"""A running wardd with its first administrator, and one request at a time to it, with curl."""
import base64
import json
import os
import pathlib
import subprocess
import tempfile
import time

BIN = pathlib.Path(os.environ.get("WARD_BIN", "build/release/bin")).resolve()
PATIENCE_S = 60


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Reply:
    """What curl received: status, headers (names in lower case), body."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        self.body = body

    def json(self):
        return json.loads(self.body)


class Service:
    """Service owns the folder and the process; end() takes both down."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix="ward-api-")
        self.folder = pathlib.Path(self.place.name)
        self.state = self.folder / "service"
        made = subprocess.run([BIN / "wardd", "init", "--listen", "127.0.0.1:0", self.state], capture_output=True, check=True)
        names = dict(line.split(None, 1) for line in made.stdout.decode().splitlines())
        self.server_key, self.ledger_key = names["server_key"].strip(), names["ledger_key"].strip()
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([BIN / "wardd", "--config", self.state / "wardd.toml"], stderr=self.log)
        address = self.state / "wardd.address"
        end = time.monotonic() + PATIENCE_S
        while not (address.exists() and address.stat().st_size):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError("wardd does not start: " + (self.folder / "log").read_text())
            time.sleep(0.02)
        self.url = "https://" + address.read_text().strip()
        self.cafile = self.state / "tls.pem"
        self.admin = ["--server", self.url, "--admin", self.state / "admin.key.pem", "--server-key", self.server_key]

    def end(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0
        self.log.close()
        self.place.cleanup()

    def token(self):
        """token is what docs/wardd.md says that an administrator signs, made with openssl."""
        text = (self.state / "admin.key.pem").read_text()
        name, role = (next(line.split(": ")[1] for line in text.splitlines() if line.startswith(what + ": "))
                      for what in ("name", "role"))
        now = int(time.time())
        claims = {"iss": name, "aud": "urn:ward:wardd:" + self.server_key, "iat": now, "exp": now + 300, "role": role}
        message = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "typ": "JWT"}, claims))
        path = self.folder / "message"
        path.write_bytes(message.encode())
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.state / "admin.key.pem", "-in", path],
                                   capture_output=True, check=True).stdout
        return message + "." + b64(signature)

    def ask(self, method, path, body=None, headers=(), token=True):
        words = ["curl", "-sS", "--max-time", str(PATIENCE_S), "--cacert", self.cafile, "-X", method, "-D", self.folder / "head",
                 "-o", self.folder / "body"]
        if token:
            words += ["-H", "Authorization: Bearer " + (self.token() if token is True else token)]
        for header in headers:
            words += ["-H", header]
        if body is not None:
            (self.folder / "sent").write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
            words += ["--data-binary", f"@{self.folder / 'sent'}"]
        (self.folder / "body").write_bytes(b"")
        subprocess.run([*words, self.url + path], check=True, capture_output=True, timeout=PATIENCE_S)
        return Reply((self.folder / "head").read_bytes(), (self.folder / "body").read_bytes())

    def leaves(self):
        """leaves is how many entries the ledger has."""
        return int(self.ask("GET", "/v1/ledger/checkpoint", token=False).body.split(b"\n")[1])
