"""A whole world for tests of keeps: a development platform, a wardd that trusts it, keys and sealed
inputs; everything in one folder, everything made by ward's own commands."""
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.request

BIN = pathlib.Path(os.environ.get("WARD_BIN", "build/release/bin")).resolve()
PATIENCE_S = 60
RECORDS = b"age,size\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(500))


def ward(*words, user=None, check=None, **more):
    """ward runs the program; `user` is a uid to run it as, `check` the exit code that it must have."""
    before = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user is not None else []
    done = subprocess.run(before + [BIN / "ward", *map(str, words)], capture_output=True, timeout=PATIENCE_S, **more)
    if check is not None and done.returncode != check:
        raise AssertionError(f"ward {words}: exit {done.returncode}, not {check}\n{done.stderr.decode()}")
    return done


def wait_for(path):
    """wait_for polls until a file is there and not empty; a program that never makes it fails the test."""
    end = time.monotonic() + PATIENCE_S
    while not (path.exists() and (path.is_socket() or path.stat().st_size > 0)):
        if time.monotonic() > end:
            raise AssertionError(f"{path} does not appear")
        time.sleep(0.02)


def follows_its_schema(told):
    """follows_its_schema fails where an object that ward printed is not as the schema that it names says."""
    import jsonschema

    page = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas" / (told["schema"].replace("/", "-") + ".json")
    jsonschema.validate(told, json.loads(page.read_text()))


def spki_sha256(certificates):
    """spki_sha256 of the public key of each certificate in a PEM file."""
    end = "-----END CERTIFICATE-----\n"
    for certificate in pathlib.Path(certificates).read_text().split(end)[:-1]:
        pem = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=(certificate + end).encode(),
                             capture_output=True, check=True)
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem.stdout, capture_output=True,
                             check=True)
        yield hashlib.sha256(der.stdout).hexdigest()


class World:
    """World owns the folder and the service; end() takes both down."""

    config = ""  # lines at the head of the service's configuration

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-keep-run-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.device = self.folder / "device"
        ward("dev", "init", self.device, check=0)
        self._start_service()
        self.records = self.folder / "records"
        self.records.write_bytes(RECORDS)
        self.sealed = self.folder / "records.sealed"
        self.key = self.folder / "records.key"
        ward("key", "new", "--kind", "resource", "-o", self.key, check=0)
        self.file_id = self.seal("records")
        self.identity = self.folder / "receiver.pem"
        made = ward("key", "new", "-o", self.identity, "--format", "spki-base64", check=0)
        self.receiver = made.stdout.decode().split()[-1]
        ward("secret", "put", "hospital/key/records", "--file", self.key, *self.admin, check=0)

    def _start_service(self):
        service = self.folder / "service"
        made = subprocess.run([BIN / "wardd", "init", "--listen", "127.0.0.1:0", service], capture_output=True,
                              check=True)
        names = dict(line.split(None, 1) for line in made.stdout.decode().splitlines())
        self.server_key = names["server_key"].strip()
        shutil.copytree(self.device / "collateral", service / "collateral")
        with open(service / "wardd.toml", encoding="utf-8") as file:
            text = self.config + file.read().replace("# collateral =", "collateral =")
        for number, root in enumerate(spki_sha256(self.device / "root.pem")):
            text += (f'\n[[trust_root]]\nname = "development {number}"\nspki_sha256 = "{root}"\n'
                     "development = true\n")
        (service / "wardd.toml").write_text(text, encoding="utf-8")
        self.log = open(self.folder / "wardd.log", "wb")
        self.service = subprocess.Popen([BIN / "wardd", "--config", service / "wardd.toml"], stderr=self.log)
        wait_for(service / "wardd.address")
        self.url = "https://" + (service / "wardd.address").read_text().strip()
        self.admin = ["--server", self.url, "--admin", service / "admin.key.pem", "--server-key", self.server_key]

    def end(self):
        self.service.terminate()
        self.service.wait(PATIENCE_S)
        self.log.close()
        shutil.rmtree(self.folder)

    def seal(self, name):
        """seal makes NAME.sealed and returns its file id."""
        done = ward("seal", self.folder / name, "--resource", "hospital/key/records", "--key", self.key, "--json",
                    "--force", check=0)
        return json.loads(done.stdout)["files"][0]["id"]

    def jwks(self):
        """jwks fetches the service's token keys into a file."""
        context = ssl.create_default_context(cafile=self.folder / "service" / "tls.pem")
        path = self.folder / "jwks.json"
        with urllib.request.urlopen(self.url + "/.well-known/jwks.json", context=context, timeout=PATIENCE_S) as reply:
            path.write_bytes(reply.read())
        return path

    def manifest(self, name="copy", command=("/bin/cp", "/in/records", "/out/result"), **changes):
        """manifest writes one with the records as input and one output; `changes` replace what stands in it."""
        facts = {"url": self.url, "server_key": self.server_key, "file_id": self.file_id,
                 "source": self.sealed, "receiver": self.receiver, **changes}
        head = ward("keep", "new", "--name", name, "--", *command, check=0).stdout.decode()
        path = self.folder / f"{name}.toml"
        path.write_text(head + f'''
[broker]
url = "{facts['url']}"
spki_sha256 = "{facts['server_key']}"

[[input]]
name = "records"
resource = "hospital/key/records"
file_id = "{facts['file_id']}"
source = "{facts['source']}"

[[output]]
name = "result"
receiver = "{facts['receiver']}"
''', encoding="utf-8")
        return path

    def approve(self, manifest, **changes):
        """approve sets both policies for this manifest; `changes` replace members of either."""
        measured = json.loads(ward("keep", "measure", "--json", manifest, check=0).stdout)
        runtimes = list(measured["launch_measurement"].values())  # one for each TEE
        evidence = {"schema": "ward.evidence-policy/1", "name": "test", "runtimes": runtimes,
                    "accepted_tcb": ["UpToDate"], "allow_development": True}
        release = {"resources": ["key/records"], "workloads": [measured["workload"]], "runtimes": runtimes,
                   "accepted_tcb": ["UpToDate", "NotStated"], "allow_development": True}
        evidence.update(changes.get("evidence", {}))
        release.update(changes.get("release", {}))
        results = {"schema": "ward.results-policy/1", "releases": [release]}
        for policy, words in ((evidence, ["evidence"]), (results, ["results", "--repository", "hospital"])):
            path = self.folder / "policy.json"
            path.write_text(json.dumps(policy), encoding="utf-8")
            ward("policy", "set", path, "--for", *words, *self.admin, check=0)
        return measured["workload"]

    def out(self):
        """out is a new empty folder for outputs."""
        return pathlib.Path(tempfile.mkdtemp(prefix="out-", dir=self.folder))
