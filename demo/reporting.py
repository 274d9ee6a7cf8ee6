"""Puts what the story found into report.html."""
import base64
import datetime
import json
import pathlib
import re

import report
from ending import Verdict
from parties import CommandFailed
from report_events import Appraisal, Command, Events, Fact, Message, Refusal, RootSight, Who
from setting import INPUTS
from story import Outcome
from world import OUTPUT, RESOURCES, WHO, World

RESULT = "attestation result"
# What the keep and the broker say to each other once their TLS stands, in order; one pair more for each key.
EXCHANGE = (("POST /kbs/v0/auth", "which protocol, which kind of TEE"),
            ("challenge", "a fresh nonce, and a session that the broker need not remember"),
            ("POST /kbs/v0/attest", "evidence, bound to the nonce and to the keep's own new key; the manifest"),
            (RESULT, "the verifier's signed result, check by check"))
ALERT = 24  # octets of an encrypted close_notify in its record (RFC 8446 sections 5.2 and 6.1)


def flights(connection: dict[str, object]) -> list[tuple[bool, float, bytes]]:
    """flights joins what one side sent without an answer in between: (to the service, when, octets)."""
    files = {side: pathlib.Path(str(connection[name])).read_bytes()
             for side, name in ((True, "to_service"), (False, "from_service"))}
    out: list[tuple[bool, float, bytes]] = []
    for piece in connection["pieces"]:
        octets = files[piece["to_service"]][piece["offset"]:piece["offset"] + piece["size"]]
        if out and out[-1][0] == piece["to_service"]:
            out[-1] = (out[-1][0], out[-1][1], out[-1][2] + octets)
        else:
            out.append((piece["to_service"], piece["seconds"], octets))
    return out


def names_for(count: int, keys: list[str], ends: int) -> list[tuple[str, str]]:
    """names_for names `count` flights from the end: `ends` close the connection, and a handshake begins it."""
    said = list(EXCHANGE)
    for key in keys:
        said += [(f"GET /kbs/v0/resource/{key}", "which key, under the session that attested"),
                 ("key", "the file's key, encrypted to the key that the evidence bound: nobody else can open it")]
    said += [("end", "the connection is closed: nothing of the broker is at hand while the workload runs")] * ends
    handshake = [("TLS handshake", "TLS 1.3 ends inside the keep; the operator carries it")] * max(0, count - len(said))
    return (handshake + said)[-count:] if count else []


def messages(world: World) -> list[Message]:
    """messages are those of the honest run's keep: the operator's first connection that fetched keys."""
    connections = [one for one in world.wire.describe() if one["party"] == "operator" and one["pieces"]]
    if not connections:
        return []
    flown = flights(connections[0])
    ends = 0
    while ends < len(flown) and len(flown[-1 - ends][2]) <= ALERT:
        ends += 1
    names = names_for(len(flown), [RESOURCES[name] for name in INPUTS], ends)
    began = flown[0][1] if flown else 0
    told = json.dumps(claims_of_output(world)).encode()
    return [Message("keep" if up else "broker", "broker" if up else "keep", name, octets, at - began,
                    told if name == RESULT else b"", "the claims of the token, which the sealed output carries", about)
            for (up, at, octets), (name, about) in zip(flown, names)]


def opened(world: World) -> list[Message]:
    """opened: what the operator recorded of a keep whose TLS it ended itself (middle.py)."""
    try:
        lines = [json.loads(line) for line in world["operator"].read("recorded/exchange.jsonl").splitlines()]
    except CommandFailed:  # the demo did not get that far
        lines = []
    out = []
    for line in lines:
        asked, answered = float(line["asked"]) - lines[0]["asked"], float(line["answered"]) - lines[0]["asked"]
        request, answer = base64.b64decode(line["request"]), base64.b64decode(line["answer"])
        from_ = "the operator\u2019s record"
        out += [Message("operator\u2019s keep", "broker", f"{line['method']} {line['path']}", b"", asked, request, from_),
                Message("broker", "operator\u2019s keep", f"answer, {line['status']}", b"", answered, answer, from_)]
    return out


def facts(outcome: Outcome) -> list[Fact]:
    out = [Fact(outcome.released, "keys were released to the approved workload alone",
                f"{len(RESOURCES)} keys, each written into the ledger first"),
           Fact(outcome.identical_output, "the predictions are bit for bit those of a plain run")]
    if outcome.leaks:
        out += [Fact(not outcome.leaks.plaintext_seen, "operator, network and broker held no plaintext",
                     f"{outcome.leak_result.octets / 1e6:.0f} MB searched for every 16 octets and every value"),
                Fact(outcome.leaks.control_seen, "the same search finds the plaintext of the plain run",
                     ", ".join(f"{name} {share:.0%}" for name, share in outcome.leaks.control_share.items()))]
    refused = sum(refusal.refused for refusal in outcome.refusals)
    out.append(Fact(refused == len(outcome.refusals), f"{refused} of {len(outcome.refusals)} cheats were refused",
                    "each by a named check"))
    if outcome.root_tried:
        out.append(Fact(outcome.root is not None, "root reads the keep's memory", "an honest end: what only hardware stops"))
    if outcome.production:
        out.append(Fact(outcome.production.verdict == "refused", "a production policy refuses this platform",
                        ", ".join(outcome.production.failed)))
    if outcome.genuine:
        out.append(Fact(outcome.genuine.holds(), "a quote of real hardware: accepted then, refused today",
                        f"as of {outcome.genuine.at[:10]}: TCB {outcome.genuine.then.tcb_status}"))
    return out


def refusals(world: World, outcome: Outcome) -> list[Refusal]:
    scripts = {script.stem: script for script in world.settings.cheats}
    return [Refusal(one.case, one.about, one.refused, one.check, one.passed, one.says,
                    f"ward demo --cheat {scripts[one.case]}", scripts[one.case].read_text(), one.seconds)
            for one in outcome.refusals]


def verdict(title: str, told: Verdict | None) -> Appraisal | None:
    return Appraisal(title, told.appraisal, told.command) if told else None


def claims_of_output(world: World) -> dict[str, object]:
    """claims_of_output: those of the attestation result that the sealed output carries; empty where there is none."""
    sealed = world["operator"].read(f"out/{OUTPUT}.sealed")
    token = re.search(rb"eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+", sealed)
    if token is None:
        return {}
    return json.loads(base64.urlsafe_b64decode(token.group(1) + b"=" * (-len(token.group(1)) % 4)))


def keeps_appraisal(world: World) -> list[Appraisal]:
    """keeps_appraisal: the broker's own judgement of the keep, out of the token that the sealed output carries."""
    return [Appraisal(f"the keep that got the keys ({name})", one["ward.appraisal"],
                      about="signed by the broker; the sealed output carries it, with the ids of the checks that passed (ward checks says what each is)")
            for name, one in claims_of_output(world).get("submods", {}).items() if "ward.appraisal" in one]


def commands(world: World) -> list[Command]:
    work = world.settings.work
    return [Command(f"ward ledger verify {world.service.database} --key {world.service.ledger_key}",
                    "nothing in the broker's ledger was changed, removed or moved"),
            Command(f"ward inspect {work}/operator/records.csv.sealed", "what the operator sees of the records"),
            Command(f"less {work}/operator/manifest.toml", "what both owners approved"),
            Command(f"ls {work}", "one folder for each party; rm -r takes all of it away")]


def write(world: World, outcome: Outcome, path: pathlib.Path) -> None:
    operator, hospital = world["operator"], world["hospital"]
    separation = ("each party is a user id of its own, in a network of its own" if world.settings.separate else
                  "all parties are one user: nothing is kept from that user")
    root = RootSight(f"process {outcome.root.pid}, {outcome.root.mapping}, at {outcome.root.address:#x}",
                     outcome.root_plaintext) if outcome.root else None
    leaks = outcome.leak_result.to_json() if outcome.leak_result else None
    control = outcome.leak_control.to_json() if outcome.leak_control else None
    genuine = outcome.genuine
    report.write(path, Events(
        when=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), workload=outcome.workload,
        separation=separation, facts=facts(outcome), who=[Who(name if name != "trust" else "trust service", role) for name, role in WHO.items()], records=hospital.read("records.csv"),
        sealed=operator.read("records.csv.sealed"),
        output_sealed=operator.read(f"out/{OUTPUT}.sealed"), predictions=outcome.output,
        messages=messages(world), opened=opened(world), appraisals=keeps_appraisal(world),
        refusals=refusals(world, outcome), leaks=leaks,
        control=control, seconds=world.tell.seconds, root_tried=outcome.root_tried, root=root, ledger=outcome.ledger,
        commands=commands(world), production=verdict("this platform under the policy that ships", outcome.production),
        genuine_then=verdict(f"a quote of real hardware, as of {genuine.at}", genuine.then) if genuine else None,
        genuine_today=verdict("the same quote today", genuine.today) if genuine else None))
