"""The programs of the story that go on running: wardd, and softd, the software TEE's processor."""
import dataclasses
import pathlib
import shutil
import subprocess
import threading
import time

from parties import CommandFailed, Party

START_SECONDS = 20
STOP_SECONDS = 10


@dataclasses.dataclass(frozen=True)
class Programs:
    """Programs are copies that every party may execute, wherever the checkout lies."""

    folder: pathlib.Path

    NAMES = ("ward", "wardd", "ward-keep", "softd")

    @staticmethod
    def copy(source: pathlib.Path, folder: pathlib.Path) -> "Programs":
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        for name in Programs.NAMES:
            if not (source / name).exists():
                raise CommandFailed(f"{source / name}: no such program; build it first (./run build)")
            shutil.copy2(source / name, folder / name)
        return Programs(folder)

    def __getitem__(self, name: str) -> pathlib.Path:
        return self.folder / name


class Running:
    """Running is a program that goes on until stop(), and its output as lines."""

    def __init__(self, process: subprocess.Popen[bytes], stream: str, log: pathlib.Path) -> None:
        self.process = process
        self._pipe = getattr(process, stream)
        self._log = log
        self._ready = threading.Event()
        self._mark = b""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def wait_for(self, mark: str) -> "Running":
        """wait_for returns when a line of the output holds `mark`."""
        self._mark = mark.encode()
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._ready.wait(0.01):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CommandFailed(f"{self._log.name}: did not start: {self._log.read_text()[-500:]}")
        return self

    def _read(self) -> None:
        with self._log.open("ab") as log:
            for line in self._pipe:
                log.write(line)
                log.flush()
                if self._mark in line:
                    self._ready.set()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)


@dataclasses.dataclass(frozen=True)
class AdminKey:
    """AdminKey is how wardd knows an owner: a name, a role, and the public half of the owner's key."""

    name: str
    role: str
    public_key: str  # SubjectPublicKeyInfo in base64
    repository: str

    @staticmethod
    def make(party: Party, repository: str) -> "AdminKey":
        """make has the party make admin.key.pem; the private half stays with it."""
        script = ("umask 077; { printf 'name: %s\\nrole: owner\\n' \"$1\"; openssl genpkey -algorithm ed25519; }"
                  " >admin.key.pem && openssl pkey -in admin.key.pem -pubout -outform DER | base64 -w0")
        public = party.run("sh", "-c", script, "sh", party.name)
        return AdminKey(party.name, "owner", public, repository)

    def to_toml(self) -> str:
        return (f'\n[[administrator]]\nname = "{self.name}"\nrole = "{self.role}"\n'
                f'repositories = ["{self.repository}"]\npublic_key = "{self.public_key}"\n')


class TrustService:
    """TrustService is wardd, run by a party of its own."""

    def __init__(self, party: Party, programs: Programs, logs: pathlib.Path) -> None:
        self.party, self._wardd, self._log = party, programs["wardd"], logs / "wardd.log"
        out = party.run(self._wardd, "init", "wardd", "--name", "trust.example", "--listen", "127.0.0.1:0")
        made = dict(line.split(None, 1) for line in out.splitlines())
        self.name = "trust.example"
        self.folder = party.folder / "wardd"
        self.server_key, self.ledger_key = made["server_key"], made["ledger_key"]
        self._running: Running | None = None

    @property
    def database(self) -> pathlib.Path:
        return self.folder / "wardd.db"

    def configure(self, owners: list[AdminKey], root_spki: str, collateral: pathlib.Path) -> None:
        """configure names the owners, and the development root: as trusted, and as development."""
        text = self.party.read("wardd/wardd.toml").decode()
        text = text.replace('# collateral = "collateral"', f'collateral = "{collateral}"')
        text += f'\n[[trust_root]]\nname = "development"\nspki_sha256 = "{root_spki}"\ndevelopment = true\n'
        self.party.write("wardd/wardd.toml", text + "".join(owner.to_toml() for owner in owners))

    def start(self) -> int:
        """start returns the port on the loopback address of the service's own network."""
        process = self.party.start(self._wardd, "--config", "wardd/wardd.toml", stderr=subprocess.PIPE)
        self._running = Running(process, "stderr", self._log).wait_for('"event":"started"')
        return int(self.party.read("wardd/wardd.address").decode().strip().rsplit(":", 1)[1])

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()


class Machine:
    """Machine is the operator's: a development platform, and softd, which alone starts keeps on it."""

    def __init__(self, platform: Party, programs: Programs, device: pathlib.Path, logs: pathlib.Path) -> None:
        self._platform, self._programs, self.device, self._logs = platform, programs, device, logs
        self._running: Running | None = None
        self.banner = ""  # what softd says of itself

    def start(self, name: str, operator: Party) -> pathlib.Path:
        """start returns the socket at which the operator may ask for keeps."""
        socket = self._platform.folder / f"{name}.sock"
        words: list[object] = [self._programs["softd"], "--device", self.device, "--socket", socket]
        if operator.user_id is not None:
            words += ["--allow-user", operator.user_id]
        process = self._platform.start(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        log = self._logs / f"{name}.log"
        self._running = Running(process, "stdout", log).wait_for("listening")
        self.banner = next(line for line in log.read_text().splitlines() if "listening" in line)
        return socket

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.process.pid

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()
