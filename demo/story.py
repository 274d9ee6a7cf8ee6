"""The story, from the owners' data to what only hardware stops: each step does it, says it and times it."""
import dataclasses
import pathlib

import cheats
import ending
import leaks
import performing
import setting
from leak_search import Conclusion, SearchResult
from observer import Sight
from service import Machine
from world import RESOURCES, WHO, World


@dataclasses.dataclass
class Outcome:
    """Outcome is everything that the story found out. holds() says whether it went as it must."""

    workload: str = ""
    released: bool = False
    identical_output: bool = False
    leaks: Conclusion | None = None
    leak_result: SearchResult | None = None
    leak_control: SearchResult | None = None
    refusals: list[cheats.Refusal] = dataclasses.field(default_factory=list)
    root: Sight | None = None
    root_tried: bool = False
    root_plaintext: bytes = b""  # what was looked for, and found, in the keep's memory
    production: ending.Verdict | None = None
    genuine: ending.Genuine | None = None
    ledger: list[dict[str, object]] = dataclasses.field(default_factory=list)
    output: bytes = b""

    def holds(self) -> bool:
        """holds is true only where every promise held, the control's and the honest end's included."""
        leak_free = self.leaks is not None and self.leaks.control_seen and not self.leaks.plaintext_seen
        refused = bool(self.refusals) and all(one.refused and one.expected in (None, one.check) for one in self.refusals)
        rooted = self.root is not None or not self.root_tried
        production = self.production is not None and self.production.verdict == "refused"
        genuine = self.genuine is None or self.genuine.holds()
        return all((self.released, self.identical_output, leak_free, refused, rooted, production, genuine))

    def to_json(self, seconds: dict[str, float]) -> dict[str, object]:
        return {
            "schema": "ward.demo/1", "released": self.released, "identical_output": self.identical_output,
            "plaintext_seen": self.leaks.plaintext_seen if self.leaks else None,
            "control": {"plaintext_seen": self.leaks.control_seen if self.leaks else None},
            "refusals": [refusal.to_json() for refusal in self.refusals],
            "root_reads_memory": self.root is not None if self.root_tried else None,
            "production": self.production.to_json() if self.production else None,
            "genuine": {"at": self.genuine.at, "then": self.genuine.then.to_json(),
                        "today": self.genuine.today.to_json()} if self.genuine else None,
            "seconds": seconds}


class Story:
    """Story tells it in order; what it finds stands in `outcome`, also where a step fails."""

    def __init__(self, world: World) -> None:
        self._world, self._tell = world, world.tell
        self.outcome = Outcome()
        self._machine: Machine | None = None
        self._socket = pathlib.Path()
        self._cheats: cheats.Cheats | None = None

    def prepare(self) -> None:
        world, tell = self._world, self._tell
        tell.chapter("Four parties who do not trust one another, and a service that they agree on")
        for name, role in WHO.items():
            tell.says(name, role)
        if world.settings.separate:
            tell.detail("each is a user id of its own, with a network of its own; only the recorded relay joins them")
        else:
            tell.detail("all are one user here: NOTHING IS KEPT FROM THAT USER (as root they are separate users)")
        with tell.step("train"):
            setting.make_data(world)
            tell.says("hospital", "would like the records of 171 other patients judged, and seen by nobody")
        with tell.step("keys"):
            setting.make_keys(world)
            tell.says("researcher", "wants the predictions, and publishes a key to which they may be sealed")
        with tell.step("seal"):
            setting.seal_all(world)
            tell.says("vendor", "seals its weights and its code; the keys go to the broker, the files to the operator")
            tell.says("hospital", "seals its records in the same way")
        with tell.step("approve"):
            setting.agree(world)
            setting.set_policies(world)
            tell.says("operator", "proposes a manifest: program, files, inputs, receiver, limits, broker")
            tell.says("both", f"measure it themselves, and approve workload {world.workload[:16]}...")
        self.outcome.workload = world.workload
        self._machine = world.machine(world.platform_folder / "machine")
        self._socket = self._machine.start("softd", world["operator"])
        tell.detail(self._machine.banner)

    def perform(self) -> None:
        world, tell, outcome = self._world, self._tell, self.outcome
        tell.chapter("The work, on a machine that nobody has to trust")
        ledger = cheats.Ledger(world)
        with tell.step("keep"):
            kept = performing.run_in_keep(world, self._machine, self._socket)
            tell.says("operator", "starts unmodified PyTorch in a keep, which proves itself to the broker")
        outcome.ledger = ledger.new()
        releases = [entry for entry in outcome.ledger if entry["kind"] == "release"]
        released = {str(entry["subject"]) for entry in releases}
        outcome.released = released == set(RESOURCES.values()) and all(
            str(entry["actor"]).startswith(world.workload) for entry in releases)
        tell.fact(outcome.released, f"the broker released {len(released)} keys to that keep alone, and wrote it down")
        with tell.step("open"):
            outcome.output = performing.open_output(world)
            tell.says("researcher", "checks where the output comes from, and opens it")
        with tell.step("plain"):
            plain = performing.run_plain(world)
        outcome.identical_output = plain.output == outcome.output
        tell.fact(outcome.identical_output, f"{len(outcome.output.splitlines()) - 1} predictions: "
                                            "bit for bit those of a plain run")
        with tell.step("leak_search"):
            outcome.leaks, outcome.leak_result, outcome.leak_control = leaks.search(world, kept, plain)
        size = outcome.leak_result.octets
        tell.fact(not outcome.leaks.plaintext_seen, "no 16 octets of records, weights or code, and no value of them, "
                  f"in {size / 1e6:.0f} MB of operator's files, exchange, stdout, launcher's memory, broker's database")
        shares = ", ".join(f"{name} {share:.0%}" for name, share in outcome.leaks.control_share.items())
        tell.fact(outcome.leaks.control_seen, f"the same search over the plain run does find them ({shares})")

    def cheat(self) -> None:
        world, tell = self._world, self._tell
        tell.chapter("The operator cheats")
        with tell.step("cheats"):
            self._cheats = cheats.Cheats(world, self._socket)
            for script in world.settings.cheats:
                refusal = self._cheats.run(script)
                self.outcome.refusals.append(refusal)
                how = f"refused by {refusal.check}" if refusal.refused else not_refused(refusal)
                tell.fact(refusal.refused, f"{refusal.case:<20} {how}")
                tell.detail(f"{refusal.about}")
                tell.detail(f"{len(refusal.passed)} checks passed before: {shorten(refusal.passed)}")
                if not refusal.refused:
                    tell.detail(refusal.says)

    def end(self) -> None:
        world, tell, outcome = self._world, self._tell, self.outcome
        tell.chapter("An honest end")
        with tell.step("honest_end"):
            outcome.root_tried = world.settings.separate
            if outcome.root_tried:
                row = world["hospital"].read("records.csv").splitlines()[86]
                outcome.root = ending.read_memory(world, self._machine, self._socket, row)
                outcome.root_plaintext = row
                where = f": patient {row.split(b',')[0].decode()} at {outcome.root.address:#x} of process " \
                        f"{outcome.root.pid}" if outcome.root else ""
                tell.fact(outcome.root is not None, f"the operator becomes root and READS THE KEEP'S MEMORY{where}")
                tell.detail("this is what only hardware stops. Nobody was misled:")
            outcome.production = ending.production_verdict(world)
            tell.fact(outcome.production.verdict == "refused", "a production policy refuses this platform: "
                      + ", ".join(outcome.production.failed))
            outcome.genuine = ending.genuine_verdicts(world)
            self._tell_genuine(outcome.genuine)

    def _tell_genuine(self, genuine: ending.Genuine | None) -> None:
        tell = self._tell
        if genuine is None:
            tell.detail("no recorded quote of real hardware is at hand (WARD_VECTORS)")
            return
        tell.fact(genuine.then.verdict == "accepted", f"a quote of a real SGX machine, as of {genuine.at}: "
                  f"{genuine.then.verdict}, TCB {genuine.then.tcb_status} (which this verifier chose to accept)")
        tell.fact(genuine.today.verdict == "refused", f"the same quote today: {genuine.today.verdict}, "
                  + ", ".join(genuine.today.failed))


def not_refused(refusal: cheats.Refusal) -> str:
    if refusal.expected and refusal.check:
        return f"refused by {refusal.check}, but it must be {refusal.expected}"
    return "NOT REFUSED: neither the broker, nor a keep, nor the researcher refused it" if not refusal.check else \
        f"NOT REFUSED: {refusal.check} failed, but the script did not give up"


def shorten(ids: list[str]) -> str:
    """shorten names a long list by its ends."""
    return " ".join(ids) if len(ids) <= 4 else f"{ids[0]} ... {' '.join(ids[-2:])}"
