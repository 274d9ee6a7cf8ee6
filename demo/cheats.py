"""Cheats: scripts that differ from the honest run in one thing, and the check by which each is refused.

A script cannot prove its own refusal. That it was refused is known from those who refused: the broker's ledger,
the report of a keep that refused an input (asking.py), or the researcher's `ward open` where the script delivered
an output. What the script prints is shown, and decides nothing; that it gave up (exit 1) is needed as well.
Of a cheat of cheats/ it is known, here, by which check it must be refused; by another it is not refused as it must.
"""
import dataclasses
import json
import pathlib
import re
import subprocess
import time

import performing
from asking import Answer
from parties import Party, folder_for
from service import Running
from world import OUTPUT, PYTHON, World

EXPECTED = {
    "workload-changed": "kbs.release.workload", "env-injected": "kbs.release.workload",
    "evidence-replayed": "kbs.nonce.unused", "evidence-relayed": "sgx.report_data.expected",
    "root-not-trusted": "sgx.pck_chain.root", "tcb-out-of-date": "sgx.tcb.status",
    "input-swapped": "seal.file.no_slot", "model-rolled-back": "seal.file.id_mismatch",
    "receiver-changed": "kbs.release.workload", "output-forged": "seal.file.no_provenance",
    "owner-not-approved": "kbs.release.workload",
}  # in the order in which they are run
KEEP_CHECK = re.compile(r"seal\.file\.[a-z0-9_]+(?=:)")  # at the start of why a keep refused an input
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
    refused: bool  # given up, by a check that somebody else names, and by the expected one
    check: str  # the id of the check that failed; empty where none is named
    expected: str | None  # the id that it must be; None for a cheat of the user's own
    passed: list[str]  # those that passed before
    says: str  # the refusal in the words of whoever refused
    seconds: float = 0

    def to_json(self) -> dict[str, object]:
        return {"case": self.case, "refused": self.refused, "check": self.check, "expected": self.expected,
                "passed": len(self.passed)}


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
        self._folder = world.settings.work / "cheats"  # the demo's own; what is in it is the operator's
        self._folder.mkdir(mode=0o755)
        self._folder.chmod(0o755)
        self._asking = world.asking(self._folder / "ward.sock")
        old = world.machine(self._outdated())
        recorded = self._record(socket)
        folder = self._operator.folder
        self.environment = {
            "WARD": self._ward(), "WARD_ASK": self._folder / "ward.sock", "MANIFEST": folder / "manifest.toml", "INFER": world.public / "infer.py",
            "VENDOR_ONLY_MANIFEST": folder / "vendor-only.toml", "OPERATOR": folder, "SOFTD": socket,
            "SOFTD_OLD": old.start("old", self._operator), "OLD_WEIGHTS": folder / "older.pt.sealed",
            "BROKER": world.broker_url("operator"), "BROKER_CA": world.public / "broker.pem",
            "RECEIVER": world.public / "researcher.jwk", "RECORDED": recorded}
        self._ledger = Ledger(world)

    def _ward(self) -> pathlib.Path:
        program = self._world.publish_file(self._world.settings.demo / "ask.py", "ward")
        program.chmod(0o755)
        return program

    def _outdated(self) -> pathlib.Path:
        """_outdated: a machine of the same maker, whose firmware was never updated."""
        folder = self._world.platform_folder
        subprocess.run([self._world.ward, "dev", "make", "outdated", folder / "old", "--maker", folder / "machine"],
                       check=True, capture_output=True, start_new_session=True)
        return folder / "old"

    def _record(self, socket: pathlib.Path) -> pathlib.Path:
        """_record: a keep of the operator's own attests through the operator, who keeps its messages."""
        world, operator = self._world, self._operator
        recorded = operator.make_folder("recorded")
        script = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=operator"
                  " -addext subjectAltName=IP:127.0.0.1 -keyout own.key -out own.pem 2>/dev/null &&"
                  " openssl x509 -in own.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum")
        spki = operator.run("sh", "-c", script).split()[0]
        middle = world.publish_file(world.settings.demo / "middle.py")
        words = [PYTHON, "-s", middle, world.broker_url("operator"), world.public / "broker.pem", "own.pem", "own.key",
                 recorded]
        log = world.logs / "middle.log"
        running = Running(operator.start(*words, stdout=subprocess.PIPE), "stdout", log).wait_for("listening")
        try:
            url = f"https://127.0.0.1:{int(log.read_text().rsplit(None, 1)[1])}"
            found = operator.run(world.ward, "keep", "new", "--", "/usr/bin/true")
            files = found[found.index("\n[["):]
            operator.write("own.toml", TINY.format(true="/usr/bin/true", url=url, spki=spki) + files)
            operator.run(world.ward, "keep", "run", "own.toml", "--softd", socket)
        finally:
            running.stop()
        operator.read("recorded/attestation.json")  # or the operator's own keep did not attest
        return recorded

    def run(self, script: pathlib.Path) -> Refusal:
        """run is one cheat, from an empty folder of its own."""
        began = time.monotonic()
        folder = folder_for(self._folder / script.stem, self._operator.user_id)
        copy = self._world.publish_file(script)
        about = next((line[1:].strip() for line in script.read_text().splitlines()
                      if line.startswith("#") and not line.startswith("#!")), "")
        more = {name: str(value) for name, value in self.environment.items()}
        self._asking.take()
        code, says = self._run(copy, folder, more)
        gave_up = code == REFUSED
        entries = self._ledger.new()
        refusal = by_broker(entries) or by_keep(self._asking.take())
        passed = passed_in(entries)
        delivered = Party("operator", folder, self._operator.user_id)
        if code == 0 and delivered.has(f"{OUTPUT}.sealed"):
            refusal, says, before = self._deliver(delivered)
            gave_up, passed = bool(refusal), passed + before
        expected = EXPECTED[script.stem] if is_shipped(script, self._world.settings.demo) else None
        return Refusal(script.stem, about, holds(gave_up, refusal, expected), refusal, expected, passed, last_line(says, refusal),
                       time.monotonic() - began)

    def _run(self, script: pathlib.Path, folder: pathlib.Path, more: dict[str, str]) -> tuple[int, str]:
        """_run returns the script's exit code and what it said on stderr. Both streams go to files: nobody waits for
        a process that the script left behind; the demo ends it."""
        files = [self._world.logs / f"{script.stem}.{name}" for name in ("stdout", "stderr")]
        with files[0].open("wb") as out, files[1].open("wb") as err:
            process = self._operator.start("bash", "-eu", "-o", "pipefail", script, more=more, folder=folder,
                                           stdout=out, stderr=err)
            return process.wait(), files[1].read_text(errors="replace")

    def _deliver(self, delivered: Party) -> tuple[str, str, list[str]]:
        """_deliver: the check that failed, stderr and what passed when the researcher opened what was delivered."""
        researcher: Party = self._world["researcher"]
        received = researcher.receive(delivered, f"{OUTPUT}.sealed", "delivered.sealed")
        done = researcher.try_run(*performing.opening(self._world, received))
        file = json.loads(done.stdout)["files"][0] if done.stdout else {}
        check = f"seal.file.{file['reason']}" if done.returncode == REFUSED and file.get("reason") else ""
        return check, done.stderr.decode(errors="replace"), [f"seal.file.{name}" for name in file.get("passed", [])]


def holds(gave_up: bool, check: str, expected: str | None) -> bool:
    """holds is true where the cheat came to nothing, by a check that somebody else named, and by the expected one."""
    return gave_up and bool(check) and expected in (None, check)


def is_shipped(script: pathlib.Path, demo: pathlib.Path) -> bool:
    """is_shipped is true for the demo's own cheats, by their place and not by their name."""
    return script.stem in EXPECTED and script.resolve() == (demo / "cheats" / f"{script.stem}.sh").resolve()


def by_broker(entries: list[dict[str, object]]) -> str:
    """by_broker is the first check that failed at the broker, by its ledger; empty where it refused nothing."""
    refusals = [entry["details"] for entry in entries if entry["kind"] == "refusal"]
    failed = [one for details in refusals for one in str(details["checks"]).split()]
    return failed[0] if failed else ""


def by_keep(answers: list[Answer]) -> str:
    """by_keep is the check by which a keep refused an input, by its own report; empty where none did.

    A keep says, too, what its broker answered; but a cheat may name a broker of its own. Of the real one the ledger tells.
    """
    for answer in answers:
        if answer.exit == REFUSED and answer.report.get("ending") == "input_refused":
            if named := KEEP_CHECK.match(str(answer.report.get("detail", ""))):
                return named.group(0)
    return ""


def last_line(text: str, check: str = "") -> str:
    """last_line is the line that says why: the first with the check's id, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if check and f"{check}:" in line), lines[-1] if lines else "")
