"""A development platform and a running wardd that trusts it, for tests of what administrators do with it."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
PATIENCE_S = 60


def ward(*words, code=0):
    done = subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def why_not(*words, code=1):
    """why_not is what ward tells people of a refusal."""
    done = subprocess.run([WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S)
    if done.returncode != code:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stderr.decode()


def told(text):
    """told is one object, checked by the schema that it names."""
    out = json.loads(text)
    name = re.fullmatch(r"ward\.([a-z_-]+)/1", out["schema"]).group(1)
    jsonschema.validate(out, json.loads((ROOT / f"docs/schemas/ward.{name}-1.json").read_text()))
    return out


def new_pubkey():
    """new_pubkey is the public half of a new P-256 key, as the KBS protocol carries it."""
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (der[-64:-32], der[-32:]))
    return {"alg": "ECDH-ES+A256KW", "kty": "EC", "crv": "P-256", "x": x, "y": y}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Service:
    """A development platform, and a wardd that trusts it; end() takes both down."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-replay-"))
        self.device = self.folder / "dev"
        ward("dev", "init", self.device)
        self.state = self.folder / "svc"
        made = subprocess.run([WARD.parent / "wardd", "init", self.state, "--name", "wardd.test", "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        names = dict(line.split(maxsplit=1) for line in made.stdout.splitlines() if len(line.split()) == 2)
        root = subprocess.run(["openssl", "x509", "-in", self.device / "collateral/root_ca.pem", "-pubkey", "-noout"],
                              capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=root, capture_output=True, check=True)
        config = self.state / "wardd.toml"
        config.write_text(config.read_text().replace("# collateral =", "collateral =")
                          + f'\n[[trust_root]]\nname = "dev"\nspki_sha256 = "{hashlib.sha256(der.stdout).hexdigest()}"\n'
                          'development = true\n')
        shutil.copytree(self.device / "collateral", self.state / "collateral")
        self.pubkey = new_pubkey()
        self.server_key = names["server_key"]
        self.start()

    def start(self):
        address = self.state / "wardd.address"
        address.unlink(missing_ok=True)
        self.process = subprocess.Popen([WARD.parent / "wardd", "--config", self.state / "wardd.toml"],
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        while not (address.exists() and address.read_text().strip()):
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise AssertionError("wardd does not start")
            time.sleep(0.02)
        self.url = "https://" + address.read_text().strip()
        self.to = ["--server", self.url, "--server-key", self.server_key, "--admin", self.state / "admin.key.pem"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def end(self):
        self.stop()
        shutil.rmtree(self.folder)

    def exchange(self, method, path, body, headers):
        context = ssl.create_default_context(cafile=self.state / "tls.pem")
        context.check_hostname = False
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=context, timeout=PATIENCE_S) as reply:
                return reply.status, reply.read(), reply.headers
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read(), refused.headers

    def send(self, method, path, body, headers):
        """send returns status and the body: JSON, None where it is empty."""
        status, text, _ = self.exchange(method, path, body, headers)
        return status, json.loads(text) if text else None

    def post(self, path, body, cookie=""):
        headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
        status, text, got = self.exchange("POST", path, json.dumps(body).encode(), headers)
        return status, json.loads(text), got.get("Set-Cookie", "").split(";")[0]

    def attest(self, tee="sgx"):
        """attest goes through the protocol with a soft TEE's quote, and returns status and the quote; its session is kept."""
        _, challenge, self.cookie = self.post("/kbs/v0/auth", {"version": "0.4.0", "tee": tee, "extra-params": ""})
        pubkey = self.pubkey
        bound = canonical({"additional-evidence": "", "nonce": challenge["nonce"], "tee-pubkey": pubkey})
        report_data = hashlib.sha384(bound.encode()).digest() + bytes(16)
        quote, log = self.folder / "quote", self.folder / "event_log"
        ward("attest", "--tee", "soft-" + tee, "--device", self.device, "--report-data", report_data.hex(), "-o", quote, "--force",
             *(["--event-log", log] if tee == "tdx" else []))
        primary = {"quote": base64.b64encode(quote.read_bytes()).decode()}
        if tee == "tdx":
            primary["cc_eventlog"] = base64.b64encode(log.read_bytes()).decode()
        evidence = {"primary_evidence": primary, "additional_evidence": ""}
        runtime_data = {"nonce": challenge["nonce"], "tee-pubkey": pubkey}
        message = {"init-data": None, "tee-evidence": evidence, "runtime-data": runtime_data}
        status, self.reply, _ = self.post("/kbs/v0/attest", message, self.cookie)
        return status, quote

    def resource(self, path):
        """resource asks for one in the session that attested last: status and body."""
        return self.send("GET", "/kbs/v0/resource/" + path, None, {"Cookie": self.cookie})

    def policy(self, name, **members):
        path = self.folder / name
        path.write_text(json.dumps({"schema": "ward.evidence-policy/1", "name": name, "allow_development": True, **members}))
        return path
