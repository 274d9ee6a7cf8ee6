"""Writes report.html: one self-contained page about one run of the demo.

    write(path, events)      events: report_events.Events, where every part is documented

The page opens nothing: no script, no font, no picture from elsewhere. Its content security policy allows
the one style sheet (by its digest) and pictures that stand in the page itself, and nothing else. Whatever is
put in is escaped by markup.py.
"""
import base64
import hashlib
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import report_exchange
import report_parts as parts
from markup import Markup, tag
from report_events import Appraisal, Command, Events, Fact, Message, Refusal, RootSight, Who

__all__ = ["Appraisal", "Command", "Events", "Fact", "Message", "Refusal", "RootSight", "Who", "page", "write"]

STYLE = pathlib.Path(__file__).with_name("report.css")
MODE = 0o644


def policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def section(name: str, title: str, intro: object, *inside: object) -> Markup:
    return tag("section", tag("h2", title), tag("p", intro, class_="intro") if intro else None, inside, id=name)


def sections(events: Events) -> list[tuple[str, str, Markup]]:
    """sections: (id, short title, markup) of all of the page's parts, in order."""
    listed = (
        ("views", "Views", "Three views of the same patients",
         "The operator stored, started and delivered everything. It held these octets, and no key.", parts.panes(events)),
        ("exchange", "Exchange", "How the keys got there",
         "The recorded messages between keep and broker. The keep proves what it is; only then do keys leave. Choose one to see its octets.",
         report_exchange.exchange(events.messages, events.opened)),
        ("verdicts", "Verdicts", "Why the keep was trusted", "Every check of each appraisal: what was found, what was expected, and who expected it.",
         tag("div", [parts.appraisal(one) for one in events.appraisals]) if events.appraisals else parts.missing("No appraisal was kept.")),
        ("cheats", "Cheats", "What the operator tried", "Each cheat differs from the honest run in one thing. The scripts are short: read them, change them, write one.",
         parts.refusals(events.refusals)),
        ("leaks", "Leak search", "What the operator could have seen",
         "All 16-octet windows and the float forms of every value of records, weights and code, looked for in everything that the operator, "
         "the network and the broker held. The same search over the same job without ward stands beside it: it must find them, or it proves nothing.",
         parts.leak_table(events.leaks, events.control)),
        ("ledger", "Ledger", "What the broker wrote down", "One entry for each release, refusal and act of administration; none can be changed unnoticed.",
         parts.ledger(events.ledger)),
        ("end", "Honest end", "An honest end", "A software TEE protects nothing from root.", parts.ending(events)),
        ("time", "Time", "How long it took", None, parts.timing(events.seconds)),
        ("try", "Try it", "Try it", None, parts.commands(events.commands)),
    )
    return [(name, short, section(name, title, intro, inside)) for name, short, title, intro, inside in listed]


def head(events: Events) -> Markup:
    good = all(fact.holds for fact in events.facts) and bool(events.facts)
    verdict = "Everything held, the control included." if good else "Something did not hold: see the marks below."
    about = [tag("dt", "run"), tag("dd", events.when), tag("dt", "workload"), tag("dd", tag("code", events.workload)),
             tag("dt", "parties"), tag("dd", events.separation)]
    return tag("header", tag("p", "ward demo", class_="brand"), tag("h1", "Sealed data and code, on a machine that nobody has to trust"),
               tag("p", "A hospital\u2019s records and a vendor\u2019s model met in an attested keep on an operator\u2019s machine, ran through unmodified PyTorch, "
                   "and the result went to a researcher.", class_="lead"),
               parts.who(events.who), tag("p", verdict, class_=f"verdict {'good' if good else 'bad'}"), parts.facts(events.facts), tag("dl", about, class_="run"))


def page(events: Events) -> str:
    """page is the whole document."""
    style = STYLE.read_text()
    made = sections(events)
    contents = tag("nav", tag("ul", [tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in made]), aria_label="contents")
    document = tag(
        "html",
        tag("head", tag("meta", charset="utf-8"), tag("meta", http_equiv="Content-Security-Policy", content=policy(style)),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"), tag("meta", name="referrer", content="no-referrer"),
            tag("title", f"ward demo, {events.when}"), tag("style", Markup(style))),
        tag("body", tag("a", "skip to the views", href="#views", class_="skip"), head(events), contents,
            tag("main", [markup for _, _, markup in made]),
            tag("footer", tag("p", "Made by ward demo on this machine. The page opens nothing: it works without a network."))),
        lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def write(path: os.PathLike[str] | str, events: Events) -> None:
    """write makes the page, or leaves what was there: it never leaves half of one. Raises OSError."""
    path = pathlib.Path(path)
    text = page(events).encode("utf-8", "backslashreplace")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), MODE)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
