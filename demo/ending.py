"""An honest end: what the software TEE does not stop, who noticed that beforehand, and what hardware says."""
import base64
import dataclasses
import json
import pathlib

import genuine
import observer
import performing
import processes
from parties import Party
from service import Machine
from world import World



@dataclasses.dataclass(frozen=True)
class Verdict:
    """Verdict is what `ward verify` said of one piece of evidence."""

    verdict: str
    tcb_status: str | None
    failed: list[str]
    appraisal: dict[str, object]
    command: str  # that says it again, with the reasons

    def to_json(self) -> dict[str, object]:
        return {"verdict": self.verdict, "tcb_status": self.tcb_status, "failed": self.failed}


@dataclasses.dataclass(frozen=True)
class Genuine:
    """Genuine is a quote of Intel hardware, judged as of its day and as of today."""

    source: str
    at: str
    then: Verdict
    today: Verdict

    def holds(self) -> bool:
        """holds: accepted as of its day, and refused today, when what vouches for it has expired."""
        return (self.then.verdict, self.today.verdict) == ("accepted", "refused")


def verify(party: Party, ward: pathlib.Path, quote: pathlib.Path, *options: object) -> Verdict:
    done = party.try_run(ward, "verify", quote, *options, "--json")
    appraisal = json.loads(done.stdout)
    failed = [check["id"] for check in appraisal["checks"] if check["outcome"] == "failed"]
    command = " ".join(map(str, ("ward verify", quote, *options, "--explain")))
    return Verdict(appraisal["verdict"], appraisal["tcb"]["status"], failed, appraisal, command)


def evidence_of(message: bytes) -> bytes:
    """evidence_of takes the quote out of an attestation message (KBS protocol, section 4)."""
    def find(value: object) -> str | None:
        if isinstance(value, dict):
            if isinstance(value.get("quote"), str):
                return value["quote"]
            return next((found for one in value.values() if (found := find(one))), None)
        if isinstance(value, str) and value.startswith("{"):
            return find(json.loads(value))
        return None

    quote = find(json.loads(message))
    if quote is None:
        raise ValueError("the recorded attestation message holds no evidence")
    return base64.b64decode(quote)


def read_memory(world: World, machine: Machine, socket: pathlib.Path, plaintext: bytes) -> observer.Sight | None:
    """read_memory: the approved workload runs once more, and root looks into it."""
    operator = world["operator"]
    out = operator.make_folder("out-root")
    seen: list[observer.Sight] = []

    def look(_: int) -> None:
        for pid in processes.descendants(machine.pid):
            if "infer.py" in observer.command_line(pid):
                sight = observer.look_stopped(pid, plaintext)
                seen.extend([sight] if sight else [])

    files = (world.logs / "root.stdout", world.logs / "root.stderr")
    performing.watched(operator, [world.ward, "keep", "run", "manifest.toml", "--softd", socket, "--out", out.name],
                       files, look)
    return seen[0] if seen else None


def production_verdict(world: World) -> Verdict:
    """production_verdict: this platform's evidence under the policy that ships: no development root, no exception."""
    published = world.publish("quote.bin", evidence_of(world["operator"].read("recorded/attestation.json")))
    return verify(world["hospital"], world.ward, published, "--collateral", world.publish_folder(
        world.platform_folder / "machine" / "collateral"))


def genuine_verdicts(world: World) -> Genuine | None:
    """genuine_verdicts: a quote of a real SGX machine; None where no recorded one is at hand."""
    settings = world.settings
    recorded = genuine.find(settings.vectors, settings.demo.parent, settings.work / "genuine-collateral")
    if recorded is None:
        return None
    quote = world.publish_file(recorded.quote, "genuine.dat")
    words = (world["hospital"], world.ward, quote, "--collateral", world.publish_folder(recorded.collateral))
    status = verify(*words, "--at", recorded.at).tcb_status
    then = verify(*words, "--at", recorded.at, "--accept-tcb", status or "UpToDate")
    today = verify(*words, "--accept-tcb", status or "UpToDate")
    return Genuine(recorded.quote.name, recorded.at, then, today)
