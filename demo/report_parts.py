"""The parts of the report: panes, verdict trees, refusals, leak search, timing, ending."""
import csv
import io
import json
import math
import re
from collections import Counter

from markup import Markup, escape, hexdump, png, table, tag
from report_events import Appraisal, Command, Events, Fact, Refusal, Who

ROWS = 7  # of a pane's table
COLUMNS = 3
BITMAP = (96, 44)  # pixels
HEX_SHOWN = 96
LEDGER = ("index", "time", "kind", "subject", "actor")
BRIEF = 220  # characters of a refusal's words
LONG_HEX = re.compile(r"\b[0-9a-f]{32,}\b")
MARKS = {"passed": "\u2713", "failed": "\u2715", "not_done": "\u2013"}
WORDS = {"passed": "passed", "failed": "failed", "not_done": "not done"}
FORM_NAMES = {"raw": "16-octet windows", "base64": "base64", "hex": "hexadecimal", "decimal": "decimal text",
              "float64-single": "single float64"}


def octets_text(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def chip(text: object, kind: str) -> Markup:
    return tag("span", text, class_=f"chip {kind}")


def missing(text: str) -> Markup:
    return tag("p", text, class_="note")


def who(parties: list[Who]) -> Markup | None:
    """who: one tile for each party."""
    tiles = [tag("li", tag("strong", one.name[:1].upper() + one.name[1:]), tag("p", one.role)) for one in parties]
    return tag("ul", tiles, class_="who", aria_label="who is who") if tiles else None


def facts(all_facts: list[Fact]) -> Markup:
    """facts: one tile for each promise."""
    tiles = [tag("li", tag("span", MARKS["passed" if f.holds else "failed"], class_="mark", aria_hidden="true"),
                 tag("div", tag("strong", f.title[:1].upper() + f.title[1:]), tag("span", "" if f.holds else " (does not hold)", class_="no"),
                     tag("p", f.detail) if f.detail else None), class_="holds" if f.holds else "broken") for f in all_facts]
    return tag("ul", tiles, class_="facts")


def bits_per_octet(octets: bytes) -> float:
    """bits_per_octet: the entropy of single octets; 8 is noise."""
    total = len(octets)
    return -sum(n / total * math.log2(n / total) for n in Counter(octets).values()) if total else 0.0


def bitmap(octets: bytes, what: str) -> Markup:
    """bitmap: the last octets as grey pixels, with their entropy; a sealed file's header comes first, its body last."""
    if not octets:
        return missing("Nothing was recorded here.")
    width, most = BITMAP
    shown = octets[-width * most:]
    height = max(1, -(-len(shown) // width))
    words = f"{what}, each octet a grey pixel: {bits_per_octet(shown):.2f} of 8 bits of entropy"
    image = tag("img", src=png(shown, width, height), width=width, height=height, alt=words)
    return tag("figure", image, tag("figcaption", words))


def read_csv(octets: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        rows = [row for row in csv.reader(io.StringIO(octets.decode("utf-8", "replace"))) if row]
    except csv.Error:
        return [], []
    return (rows[0], rows[1:]) if rows else ([], [])


def hospital(events: Events) -> list[object]:
    columns, rows = read_csv(events.records)
    if not rows:
        return [missing("No records.")]
    more = len(columns) - COLUMNS
    shown = [row[:COLUMNS] + ([f"+{more}"] if more > 0 else []) for row in rows[:ROWS]]
    return [table(columns[:COLUMNS] + (["more"] if more > 0 else []), shown, "compact"),
            missing(f"{len(rows)} patients, {len(columns) - 1} values each"), bitmap(events.records, "the records")]


def operator(events: Events) -> list[object]:
    if not events.sealed:
        return [missing("No sealed file.")]
    tail = events.sealed[-HEX_SHOWN:]
    return [hexdump(tail, HEX_SHOWN, 8, len(events.sealed) - len(tail)),
            missing(f"the last {len(tail)} of {len(events.sealed):,} octets of {events.sealed_name}"),
            bitmap(events.sealed, "the same records, sealed")]


def share_bar(text: str) -> Markup:
    """share_bar: a number between 0 and 1 with a bar; anything else as it is."""
    try:
        value = float(text)
    except ValueError:
        return escape(text)
    if not 0 <= value <= 1:
        return escape(text)
    bar = tag("svg", tag("rect", x=0, y=0, width=60, height=8, rx=2, class_="rail"),
              tag("rect", x=0, y=0, width=round(60 * value, 2), height=8, rx=2, class_="high" if value >= 0.5 else "low"),
              viewBox="0 0 60 8", width=60, height=8, class_="bar", aria_hidden="true")
    return tag("span", bar, " <0.001" if value < 0.001 else " >0.999" if value > 0.999 else f" {value:.3f}", class_="share")


def researcher(events: Events) -> list[object]:
    columns, rows = read_csv(events.predictions)
    if not rows:
        return [missing("No predictions were opened.")]
    shown = [[row[0], *(share_bar(cell) for cell in row[1:])] for row in rows[:ROWS]]
    return [table(columns, shown, "compact"), missing(f"{len(rows)} predictions, opened with the researcher's key"),
            bitmap(events.output_sealed[-len(events.predictions):], "what the operator held of them") if events.output_sealed else None]


def panes(events: Events) -> Markup:
    """panes: three views of the same patients."""
    three = (("Hospital", "owns the records", hospital(events)), ("Operator", "runs the machine; sees the same octets as noise", operator(events)),
             ("Researcher", "owns the result", researcher(events)))
    return tag("div", [tag("article", tag("h3", name), tag("p", what, class_="role"), inside, class_="pane")
                       for name, what, inside in three], class_="panes")


def check_row(check: dict[str, object]) -> Markup:
    """check_row: one check with everything that the appraisal says of it."""
    outcome = str(check.get("outcome", ""))
    rows = [(name, check.get(key)) for name, key in (("found", "found"), ("expected", "expected"), ("expected from", "expected_from"),
                                                     ("reference", "reference"), ("why not done", "reason"), ("what to do", "hint"))]
    listed = [[tag("dt", name), tag("dd", value)] for name, value in rows if value not in (None, "")]
    mark = tag("span", MARKS.get(outcome, "?"), class_=f"mark {outcome}", aria_hidden="true")
    return tag("details", tag("summary", mark, tag("code", check.get("id", "")), " ", tag("span", WORDS.get(outcome, outcome), class_="outcome")),
               tag("dl", listed), class_=f"check {outcome}", open=outcome == "failed")


def object_of(check: dict[str, object]) -> str:
    return str(check.get("id", "")).rpartition(".")[0]


def checks_tree(checks: list[dict[str, object]]) -> Markup:
    """checks_tree: checks grouped by what they look at, in the order of the appraisal."""
    groups: dict[str, list[dict[str, object]]] = {}
    for check in checks:
        groups.setdefault(object_of(check), []).append(check)
    out = []
    for name, group in groups.items():
        count = Counter(str(check.get("outcome", "")) for check in group)
        chips = [chip(f"{count[outcome]} {WORDS[outcome]}", outcome) for outcome in MARKS if count[outcome]]
        out.append(tag("details", tag("summary", tag("code", name), " ", chips), [check_row(check) for check in group],
                       class_="group", open=bool(count["failed"])))
    return tag("div", out, class_="tree")


def appraisal(one: Appraisal) -> Markup:
    """appraisal: the verdict, what decided it, and the tree of all checks. A token says the TCB in two members,
    and of the checks that passed the ids alone."""
    data = one.appraisal
    verdict, tcb = str(data.get("verdict", "")), data.get("tcb")
    tcb = tcb if isinstance(tcb, dict) else {"status": data.get("tcb_status"), "advisories": data.get("tcb_advisories")}
    checks = [{"id": one, "outcome": "passed"} for one in data.get("passed") or []]
    checks += [check for check in data.get("checks") or [] if isinstance(check, dict)]
    failed = [check.get("id") for check in checks if check.get("outcome") == "failed"]
    facts_ = [("TCB", tcb.get("status")), ("advisories", ", ".join(map(str, tcb.get("advisories") or [])) or None), ("as of", data.get("at")),
              ("failed", ", ".join(map(str, failed)) or None), ("not compared", ", ".join(map(str, data.get("unchecked") or [])) or None),
              ("development platform", "yes: protects nothing from its administrator" if data.get("development") else None)]
    listed = [[tag("dt", name), tag("dd", value)] for name, value in facts_ if value]
    return tag("article", tag("h3", one.title[:1].upper() + one.title[1:], " ", chip(verdict, verdict)), tag("p", one.about) if one.about else None,
               tag("dl", listed, class_="summary"), command_line(one.command) if one.command else None,
               tag("details", tag("summary", f"all {len(checks)} checks"), checks_tree(checks), class_="all-checks"), class_="appraisal")


def command_line(words: str) -> Markup:
    return tag("pre", words, class_="command", tabindex="0")


def passed_list(passed: list[str]) -> Markup:
    if not passed:
        return escape("none")
    return tag("details", tag("summary", len(passed)), tag("ul", [tag("li", tag("code", one)) for one in passed]), class_="inline")


def words_of(says: str) -> tuple[str, str]:
    """words_of: a refusal's own words, and a short form: a KBS error by its detail, long digests by their
    beginning, and no more than a few lines."""
    try:
        says = str(json.loads(says)["detail"])
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    brief = LONG_HEX.sub(lambda m: f"{m.group()[:12]}\u2026", says.removeprefix("ward: error: "))
    return says, brief if len(brief) <= BRIEF else brief[:BRIEF].rsplit(" ", 1)[0] + " \u2026"


def refusals(all_refusals: list[Refusal]) -> Markup:
    """refusals: each cheat, what let it through so far, and what stopped it."""
    if not all_refusals:
        return missing("No cheat was run.")
    rows = []
    for one in all_refusals:
        verdict = chip("refused", "accepted") if one.refused else chip("NOT REFUSED", "refused")
        whole, brief = words_of(one.says)
        more: list[object] = [command_line(one.command)]
        if one.script:
            more.append(tag("pre", one.script, class_="text", tabindex="0"))
        if whole != brief:
            more.append(tag("p", whole, class_="whole"))
        rows.append([[tag("strong", one.case), " ", verdict], one.about, passed_list(one.passed),
                     [tag("code", one.check or "no check"), tag("p", brief, class_="says"), tag("details", tag("summary", "try it"), more, class_="more")]])
    return table(("cheat", "what differs", "passed before", "refused by"), rows, "cheats stack")


def forms_found(secret: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    encoded, floats = secret.get("encoded") or {}, secret.get("floats") or {}
    return [("raw", secret.get("windows") or {}), *encoded.items(), *floats.items()]


def found_cell(secret: dict[str, object] | None, place: dict[str, object] | None) -> object:
    """found_cell: how much of a secret a place showed, with every form."""
    if secret is None or place is None:
        return "not searched"
    forms = forms_found(secret)
    found = sum(int(form.get("found") or 0) for _, form in forms)
    searched = sum(int(form.get("searched") or 0) for _, form in forms)
    rows = [tag("li", f"{FORM_NAMES.get(name, name)}: {int(form.get('found') or 0):,} of {int(form.get('searched') or 0):,}",
                f", first at {form['first']}" if form.get("first") else "") for name, form in forms if form.get("searched")]
    # A form that needs several finds to count (leak_search.NEEDED) can have some and not be seen.
    mark = chip("seen", "refused") if secret.get("seen") else chip("not seen", "accepted")
    words = f" {found:,} of {searched:,} in {octets_text(int(place.get('bytes') or 0))}"
    return tag("details", tag("summary", mark, words), tag("ul", rows), class_="inline")


def secrets_of(place: dict[str, object] | None) -> dict[str, dict[str, object]]:
    return {str(s.get("secret")): s for s in (place or {}).get("secrets") or []}


def leak_table(leaks: dict[str, object] | None, control: dict[str, object] | None) -> Markup:
    """leak_table: every place and secret, ward's run beside the run without ward."""
    if not leaks:
        return missing("No search was made.")
    others = {str(p.get("place")): p for p in (control or {}).get("places") or []}
    rows = []
    for place in leaks.get("places") or []:
        other = others.get(str(place.get("place")))
        theirs = secrets_of(other)
        for name, secret in secrets_of(place).items():
            rows.append([str(place.get("place")), name, found_cell(secret, place), found_cell(theirs.get(name), other)])
    left = [tag("li", f"{s.get('name')}: {int(s.get('windows') or 0):,} different windows, {int(s.get('public') or 0):,} of them public, "
                f"{int(s.get('trivial') or 0):,} trivial; {int(s.get('searched') or 0):,} searched for") for s in leaks.get("secrets") or []]
    return escape([table(("place", "secret", "with ward", "without ward"), rows, "leaks stack"), tag("h3", "What was looked for"), tag("ul", left)])


def timing(seconds: dict[str, float]) -> Markup:
    """timing: a bar for each step."""
    total = seconds.get("total")
    steps = [(name, value) for name, value in seconds.items() if name != "total"]
    if not steps:
        return missing("Nothing was timed.")
    longest = max(value for _, value in steps) or 1
    rows = [[name.replace("_", " "), f"{value:.2f} s",
             tag("svg", tag("rect", x=0, y=1, width=max(1, round(300 * value / longest, 1)), height=10, rx=2, class_="low"),
                 viewBox="0 0 300 12", class_="bar long", preserveAspectRatio="none", aria_hidden="true")] for name, value in steps]
    if total is not None:
        rows.append([tag("strong", "total"), tag("strong", f"{total:.2f} s"), ""])
    return table(("step", "time", ""), rows, "timing")


def ending(events: Events) -> Markup:
    """ending: what the software TEE does not stop, and what real hardware's evidence says."""
    parts: list[object] = []
    if events.root is not None:
        parts += [tag("p", "The operator became root and read the keep's memory: ", tag("strong", events.root.where), "."),
                  hexdump(events.root.octets, 512),
                  tag("p", "This is what only hardware stops, and why the policy that ships refuses this platform:",
                      class_="after")]
    elif events.root_tried:
        parts.append(missing("Root tried to read the keep's memory and did not succeed."))
    else:
        parts.append(missing("The demo did not run as root, so nobody became root. Root can read a keep's memory on this platform: "
                             "that is what only hardware stops."))
    parts += [appraisal(one) for one in (events.production,) if one is not None]
    if events.genuine_then is None:
        parts.append(missing("No recorded quote of real hardware was at hand."))
    else:
        parts.append(tag("p", "And this is evidence of real hardware, judged as of the day it was made, and today:"))
        parts.append(tag("div", [appraisal(one) for one in (events.genuine_then, events.genuine_today) if one is not None], class_="beside"))
    return escape(parts)


def short(value: object) -> Markup:
    """short: a long word by its beginning; the whole of it shows where one points at it."""
    text = str(value)
    return tag("span", f"{text[:16]}\u2026", title=text) if len(text) > 48 and " " not in text else escape(text)


def ledger(entries: list[dict[str, object]]) -> Markup:
    """ledger: what the broker wrote down, in its order."""
    if not entries:
        return missing("Nothing was recorded.")
    rows = []
    for entry in entries:
        details = entry.get("details")
        listed = {**(details if isinstance(details, dict) else {}), **{k: v for k, v in entry.items() if k not in (*LEDGER, "details", "schema")}}
        more = tag("details", tag("summary", "details"), tag("ul", [tag("li", f"{key}: {value}") for key, value in listed.items()]), class_="inline")
        rows.append([*(short(entry.get(column, "")) for column in LEDGER), more])
    return table([*LEDGER, ""], rows, "ledger stack")


def commands(all_commands: list[Command]) -> Markup:
    return tag("dl", [[tag("dt", command_line(one.words)), tag("dd", one.about)] for one in all_commands], class_="commands")
