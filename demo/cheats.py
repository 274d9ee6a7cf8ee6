"""Cheats: scripts that differ from the honest run in one thing, and the check by which each is refused.

A script of cheats/ does not know what will refuse it. Here its exit code is looked at, what the broker wrote
into its ledger meanwhile, and, where the script delivered an output, whether the researcher takes it.
"""
import dataclasses
import json
import pathlib
import re
import subprocess
import time

import performing
from parties import CommandFailed, Party
from service import Running
from world import OUTPUT, PYTHON, World

CHECK = re.compile(r"\b(?:sgx|tdx|snp|kbs|seal|keep)(?:\.[a-z][a-z0-9_]*){1,3}(?=:)")
REFUSED = 1
TINY = """version = 1
name = "operators-own"
argv = ["{true}"]
network = "none"

[limits]
seconds = 10
memory_bytes = 67108864
processes = 4
disk_bytes = 1048576
open_files = 16

[broker]
url = "{url}"
spki_sha256 = "{spki}"
"""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Refusal is what came of one cheat."""

    case: str
    about: str  # the script's first line
    refused: bool
    check: str  # the id of the check that failed; empty where none is named
    passed: list[str]  # those that passed before
    says: str  # the refusal in the words of whoever refused
    seconds: float = 0

    def to_json(self) -> dict[str, object]:
        return {"case": self.case, "refused": self.refused, "check": self.check, "passed": len(self.passed)}


class Ledger:
    """Ledger reads what the broker recorded since it was read last."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next = 0
        self.new()

    def new(self) -> list[dict[str, object]]:
        world = self._world
        out = world["trust"].run(world.ward, "ledger", "list", world.service.database, "--from", self._next,
                                 "--count", 1000)
        entries = [json.loads(line) for line in out.splitlines()]
        self._next += len(entries)
        return entries


def passed_in(entries: list[dict[str, object]]) -> list[str]:
    """passed_in lists the checks that passed, in their order, each once."""
    ids = [one for entry in entries for one in str(entry["details"].get("passed", "")).split()]
    return list(dict.fromkeys(ids))


class Cheats:
    """Cheats runs scripts as the operator, with the environment that cheats/README.md lists."""

    def __init__(self, world: World, socket: pathlib.Path) -> None:
        self._world = world
        self._operator = world["operator"]
        self._folder = world["operator"].folder / "cheats"
        self._folder.mkdir()
        self._operator.own(self._folder)
        old = world.machine(self._outdated())
        recorded = self._record(socket)
        folder = self._operator.folder
        self.environment = {
            "WARD": world.ward, "MANIFEST": folder / "manifest.toml", "INFER": world.public / "infer.py",
            "VENDOR_ONLY_MANIFEST": folder / "vendor-only.toml", "OPERATOR": folder, "SOFTD": socket,
            "SOFTD_OLD": old.start("old", self._operator), "OLD_WEIGHTS": folder / "older.pt.sealed",
            "BROKER": world.broker_url("operator"), "BROKER_CA": world.public / "broker.pem",
            "RECEIVER": world.public / "researcher.jwk", "RECORDED": recorded}
        self._ledger = Ledger(world)

    def _outdated(self) -> pathlib.Path:
        """_outdated: a machine of the same maker, whose firmware was never updated."""
        folder = self._world.platform_folder
        subprocess.run([self._world.ward, "dev", "make", "outdated", folder / "old", "--maker", folder / "machine"],
                       check=True, capture_output=True)
        return folder / "old"

    def _record(self, socket: pathlib.Path) -> pathlib.Path:
        """_record: a keep of the operator's own attests through the operator, who keeps its messages."""
        world, operator = self._world, self._operator
        recorded = operator.folder / "recorded"
        recorded.mkdir()
        operator.own(recorded)
        script = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=operator"
                  " -addext subjectAltName=IP:127.0.0.1 -keyout own.key -out own.pem 2>/dev/null &&"
                  " openssl x509 -in own.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum")
        spki = operator.run("sh", "-c", script).split()[0]
        middle = world.publish(world.settings.demo / "middle.py")
        words = [PYTHON, "-s", middle, world.broker_url("operator"), world.public / "broker.pem", "own.pem", "own.key",
                 recorded]
        log = operator.folder / "middle.log"
        running = Running(operator.start(*words, stdout=subprocess.PIPE), "stdout", log).wait_for("listening")
        try:
            url = f"https://127.0.0.1:{int(log.read_text().rsplit(None, 1)[1])}"
            found = operator.run(world.ward, "keep", "new", "--", "/usr/bin/true")
            files = found[found.index("\n[["):]
            operator.write("own.toml", TINY.format(true="/usr/bin/true", url=url, spki=spki) + files)
            operator.run(world.ward, "keep", "run", "own.toml", "--softd", socket)
        finally:
            running.stop()
        if not (recorded / "attestation.json").exists():
            raise CommandFailed("the operator's own keep did not attest")
        return recorded

    def run(self, script: pathlib.Path) -> Refusal:
        """run is one cheat, from an empty folder of its own."""
        began = time.monotonic()
        folder = self._folder / script.stem
        folder.mkdir()
        self._operator.own(folder)
        copy = self._world.publish(script)
        about = next((line[1:].strip() for line in script.read_text().splitlines()
                      if line.startswith("#") and not line.startswith("#!")), "")
        more = {name: str(value) for name, value in self.environment.items()}
        done = self._operator.try_run("bash", "-eu", "-o", "pipefail", copy, more=more, folder=folder)
        says = done.stderr.decode(errors="replace")
        code, passed = done.returncode, []
        delivered = folder / f"{OUTPUT}.sealed"
        if code == 0 and delivered.exists():
            code, says, passed = self._deliver(delivered)
        entries = self._ledger.new()
        refusals = [entry["details"] for entry in entries if entry["kind"] == "refusal"]
        failed = [one for details in refusals for one in str(details["checks"]).split()]
        named = CHECK.search(says)
        check = failed[0] if failed else named.group(0) if named else ""
        (folder / "said").write_text(says)
        return Refusal(script.stem, about, code == REFUSED and bool(check), check, 
                       passed_in(entries) + passed, last_line(says), time.monotonic() - began)

    def _deliver(self, sealed: pathlib.Path) -> tuple[int, str, list[str]]:
        """_deliver: exit code, stderr and the checks that passed when the researcher opened what was delivered."""
        researcher: Party = self._world["researcher"]
        received = researcher.receive(sealed, "delivered.sealed")
        done = researcher.try_run(*performing.opening(self._world, received))
        passed = json.loads(done.stdout)["files"][0].get("passed", []) if done.stdout else []
        return done.returncode, done.stderr.decode(errors="replace"), [f"seal.file.{name}" for name in passed]


def last_line(text: str) -> str:
    """last_line is the line that says why: the first with a check's id, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if CHECK.search(line)), lines[-1] if lines else "")
