"""A wardd that trusts a real provider of OpenID Connect and a CA of client certificates; both on loopback."""
import base64
import hashlib
import json
import os
import pathlib
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import jwcrypto.jwk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WARD_BIN", "build/release/bin")).resolve()
PACKAGES = pathlib.Path(os.environ.get("WARD_OIDC_PROVIDER", ROOT / "build/oidc-provider"))
AUDIENCE = "urn:ward:hospital"
PATIENCE_S = 60

CONFIG = """
client_ca = "{folder}/client-ca.pem"
client_ca_tenants = ["acme"]
client_crls = "{folder}/crls.pem"

[[oidc]]
name = "corp"
issuer = "{issuer}"
tenants = ["acme", "zeta"]
audience = "urn:ward:hospital"
clients = ["ward-cli", "robot", "idle"]
ca = "{folder}/login.pem"
refetch_seconds = 1
[[oidc.rule]]
claim = ["realm", "groups"]
value = "ward-owners"
role = "owner"
repositories = ["hospital"]
[[oidc.rule]]
claim = ["realm", "groups"]
value = "ward-auditors"
role = "auditor"

[[administrator]]
name = "op"
role = "operator"
public_key = "{operator}"

[[administrator]]
name = "ops"
role = "auditor"
certificate_name = "dns:ops.example"

[[administrator]]
name = "pinned"
role = "auditor"
spki_sha256 = "{pin}"
"""


def openssl(*words, given=None):
    return subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=True, timeout=PATIENCE_S).stdout


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def new_key(kid, alg="ES256"):
    kind = {"ES256": {"kty": "EC", "crv": "P-256"}, "PS256": {"kty": "RSA", "size": 2048}}[alg]
    return jwcrypto.jwk.JWK.generate(kid=kid, alg=alg, use="sig", **kind)


class Provider:
    """Provider is the process of provider.mjs."""

    def __init__(self, folder):
        self.certificate = folder / "login.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", "/CN=login",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "login.key", "-out", self.certificate)
        self.process = subprocess.Popen(
            ["node", ROOT / "test/sign_in/provider/provider.mjs", PACKAGES, self.certificate, folder / "login.key", AUDIENCE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.context = ssl.create_default_context(cafile=self.certificate)
        self.rotate(new_key("one"))

    def say(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        while not (line := self.process.stdout.readline()).startswith("{"):  # the library says things, too
            if not line:
                raise AssertionError("the provider has ended")
        return json.loads(line)

    def rotate(self, key):
        self.key = key
        self.issuer = self.say({"rotate": {"keys": [json.loads(key.export())]}})["issuer"]

    def token(self, client="robot", resource=AUDIENCE):
        """token is what the provider gives to a client by its secret."""
        secret = base64.b64encode(f"{client}:{urllib.parse.quote('secret of ' + client)}".encode()).decode()
        form = {"grant_type": "client_credentials", "scope": "ward", "resource": resource}
        request = urllib.request.Request(self.issuer + "/token", urllib.parse.urlencode(form).encode(),
                                         {"Authorization": "Basic " + secret})
        with urllib.request.urlopen(request, context=self.context, timeout=PATIENCE_S) as reply:
            return json.load(reply)["access_token"]

    def end(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


class Certificates:
    """Certificates makes what clients show: under the CA that the service takes, or another; a day from now, or over."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("client-ca", "other-ca"):
            self.key(name)
            openssl("req", "-x509", "-key", folder / f"{name}.key", "-days", 2, "-subj", f"/CN={name}", "-out", folder / f"{name}.pem")

    def key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.folder / f"{name}.key")
        (self.folder / f"{name}.key").chmod(0o600)

    def make(self, name, ca="client-ca", san="DNS:ops.example", usage="clientAuth", days=1):
        self.key(name)
        (self.folder / "ext").write_text(f"subjectAltName={san}\nextendedKeyUsage={usage}\nkeyUsage=digitalSignature\n")
        request = openssl("req", "-new", "-key", self.folder / f"{name}.key", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-CA", self.folder / f"{ca}.pem", "-CAkey", self.folder / f"{ca}.key", "-days", days, "-extfile",
                self.folder / "ext", "-out", self.folder / f"{name}.pem", given=request)
        return [self.folder / f"{name}.pem", self.folder / f"{name}.key"]

    def revoke(self, certificate):
        """revoke writes the CA's list, with this certificate beside those that it had."""
        (self.folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={self.folder}/index\ncrlnumber={self.folder}/number\n"
                                            "default_md=sha256\ndefault_crl_days=1\ncrl_extensions=e\n"
                                            "[e]\nauthorityKeyIdentifier=keyid\n")
        (self.folder / "index").touch()
        if not (self.folder / "number").exists():
            (self.folder / "number").write_text("01\n")
        if certificate is not None:
            self.openssl_ca("client-ca", "-revoke", certificate)
        (self.folder / "crls.pem").write_bytes(self.list_of("client-ca"))

    def list_of(self, ca):
        """list_of is a CA's list as it is now, as PEM."""
        self.openssl_ca(ca, "-gencrl", "-out", self.folder / "list.pem")
        return (self.folder / "list.pem").read_bytes()

    def openssl_ca(self, name, *words):
        openssl("ca", "-config", self.folder / "ca.cnf", "-cert", self.folder / f"{name}.pem", "-keyfile", self.folder / f"{name}.key", *words)

    def pin(self, name):
        return hashlib.sha256(openssl("pkey", "-in", self.folder / f"{name}.key", "-pubout", "-outform", "DER")).hexdigest()


class World:
    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix="ward-sign-in-")
        self.folder = pathlib.Path(self.place.name)
        self.certificates = Certificates(self.folder)
        self.certificates.key("pinned")
        openssl("req", "-x509", "-key", self.folder / "pinned.key", "-days", 2, "-subj", "/CN=me", "-out", self.folder / "pinned.pem")
        self.provider = Provider(self.folder)
        self.crls = self.folder / "crls.pem"
        self.certificates.revoke(None)
        self.state = self.folder / "service"
        made = subprocess.run([BIN / "wardd", "init", "--listen", "127.0.0.1:0", self.state], capture_output=True, check=True)
        names = dict(line.split(None, 1) for line in made.stdout.decode().splitlines())
        self.server_key = names["server_key"].strip()
        config = self.state / "wardd.toml"
        text, lists = config.read_text().split("# [[trust_root]]", 1)
        self.operator = self.folder / "operator.pem"
        public = self.ward("admin", "key", "op", "--role", "operator", "-o", self.operator).stdout
        own = CONFIG.format(folder=self.folder, issuer=self.provider.issuer, pin=self.certificates.pin("pinned"),
                            operator="".join(public.splitlines()[1:-1]))
        top, more = own.split("\n\n", 1)
        config.write_text(text + top + "\n# [[trust_root]]" + lists + "\n" + more)
        self.config = config
        self.log = open(self.folder / "log", "wb")
        self.start()

    def start(self):
        """start runs the service, and waits until it says where."""
        address = self.state / "wardd.address"
        address.unlink(missing_ok=True)
        self.process = subprocess.Popen([BIN / "wardd", "--config", self.config], stderr=self.log)
        end = time.monotonic() + PATIENCE_S
        while not (address.exists() and address.stat().st_size):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError("wardd does not start: " + (self.folder / "log").read_text())
            time.sleep(0.02)
        self.url = "https://" + address.read_text().strip()
        self.to = ["--server", self.url, "--server-key", self.server_key]

    def restart(self, text, other):
        """restart ends the service, and starts it with another text in its configuration."""
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0
        before = self.config.read_text()
        assert text in before
        self.config.write_text(before.replace(text, other))
        self.start()

    def revoke(self, certificate):
        """revoke has the CA list the certificate, and the service read the list."""
        self.certificates.revoke(certificate[0])
        self.hang_up("client_crls.read")

    def hang_up(self, event):
        """hang_up sends SIGHUP, and waits for what the service says of it."""
        before = len(self.logged(event))
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE_S
        while len(self.logged(event)) == before:
            if time.monotonic() > end:
                raise AssertionError(f"no {event} after SIGHUP")
            time.sleep(0.02)

    def end(self):
        self.provider.end()
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0
        self.log.close()
        self.place.cleanup()

    def logged(self, event):
        lines = (self.folder / "log").read_text().splitlines()
        return [one for one in map(json.loads, lines) if one["event"] == event]

    def ask(self, path, token=None, certificate=None, method="GET", body=None):
        """ask is one request of curl's: the status, and the answer's JSON."""
        words = ["curl", "-sS", "--max-time", str(PATIENCE_S), "--cacert", self.state / "tls.pem", "-X", method, "-o",
                 self.folder / "body", "-w", "%{http_code}", self.url + path]
        if token is not None:
            words += ["-H", "Authorization: Bearer " + token]
        if certificate is not None:
            words += ["--cert", certificate[0], "--key", certificate[1]]
        if body is not None:
            words += ["--data-binary", body]
        (self.folder / "body").write_bytes(b"")
        done = subprocess.run(words, capture_output=True, check=True, timeout=PATIENCE_S)
        text = (self.folder / "body").read_bytes()
        return int(done.stdout), json.loads(text) if text else None

    def ward(self, *words, code=0, env=None):
        done = subprocess.run([BIN / "ward", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S,
                              env={**os.environ, **(env or {})})
        if done.returncode != code:
            raise AssertionError(f"ward {words}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
        return done
