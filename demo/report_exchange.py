"""The exchange of the report: a sequence diagram, and every message openable to its octets."""
import json
from dataclasses import dataclass

from markup import Markup, escape, hexdump, tag
from report_events import Message

HEX_LIMIT = 4096
JSON_LIMIT = 65536
RECORD_TYPES = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data, encrypted"}
HANDSHAKES = {1: "ClientHello", 2: "ServerHello"}


@dataclass(frozen=True)
class Layout:
    """Layout is one drawing's measures: a wide one with a column for the time, a narrow one without."""

    class_: str
    width: int
    left: int  # of the first lane
    right: int  # distance of the last lane from the right edge
    row: int
    time: bool
    size: bool


WIDE = Layout("wide", 1000, 190, 130, 46, time=True, size=True)
NARROW = Layout("narrow", 360, 52, 52, 58, time=False, size=False)


def octet_count(count: int) -> str:
    return f"{count:,} octets" if count != 1 else "1 octet"


def tls_records(octets: bytes) -> list[str]:
    """tls_records names the TLS records (RFC 8446 5.1) at the beginning of `octets`; empty where it is no TLS."""
    names, at = [], 0
    while at + 5 <= len(octets) and octets[at] in RECORD_TYPES and octets[at + 1] == 3:
        size = int.from_bytes(octets[at + 3:at + 5], "big")
        name = RECORD_TYPES[octets[at]]
        if octets[at] == 22 and at + 5 < len(octets):
            name = HANDSHAKES.get(octets[at + 5], name)
        names.append(f"{name} ({octet_count(size)})")
        at += 5 + size
    return names


def pretty_json(octets: bytes) -> str | None:
    """pretty_json: the text of a JSON object or list, indented; None where it is none."""
    if octets[:1] not in (b"{", b"["):
        return None
    try:
        return json.dumps(json.loads(octets), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def body_of(octets: bytes) -> tuple[str, bytes]:
    """body_of splits an HTTP message into head and body; without a head all of it is body."""
    head, blank, body = octets.partition(b"\r\n\r\n")
    if not blank or b"HTTP/1." not in head.split(b"\r\n", 1)[0]:
        return "", octets
    return head.decode("latin-1"), body


def lanes_of(messages: list[Message]) -> list[str]:
    return list(dict.fromkeys(name for m in messages for name in (m.sender, m.receiver)))


def clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit - 1] + "\u2026"


def arrow(layout: Layout, start: float, end: float, y: float) -> list[Markup]:
    way = 1 if end > start else -1
    tip = end - way * 2
    points = f"{tip},{y} {tip - way * 9},{y - 4.5} {tip - way * 9},{y + 4.5}"
    return [tag("line", x1=start, y1=y, x2=tip - way * 8, y2=y, class_="arrow"), tag("polygon", points=points, class_="tip")]


def diagram(messages: list[Message], layout: Layout) -> Markup:
    """diagram: lanes as columns, time downwards; each arrow is a link to its octets."""
    lanes = lanes_of(messages)
    span = layout.width - layout.left - layout.right
    step = span / max(1, len(lanes) - 1)
    x = {lane: layout.left + step * number for number, lane in enumerate(lanes)}
    height = 70 + layout.row * len(messages) + 20
    parts: list[Markup] = []
    for lane in lanes:
        parts.append(tag("line", x1=x[lane], y1=44, x2=x[lane], y2=height - 12, class_="lane"))
        parts.append(tag("rect", x=x[lane] - 48, y=8, width=96, height=34, rx=6, class_="party"))
        parts.append(tag("text", clip(lane, 12), x=x[lane], y=30, text_anchor="middle", class_="party-name"))
    for number, message in enumerate(messages):
        y = 84 + layout.row * number
        start, end = x[message.sender], x[message.receiver]
        inside: list[object] = [tag("title", f"{message.sender} to {message.receiver}: {message.name}"),
                                tag("rect", x=min(start, end), y=y - 24, width=max(abs(end - start), 1), height=34, class_="hit")]
        room = max(10, int(abs(end - start) / 7.2))
        label = f"{number + 1}  {message.name}"
        inside.append(tag("text", clip(label, room), x=(start + end) / 2, y=y - 8, text_anchor="middle", class_="label"))
        inside += arrow(layout, start, end, y)
        if layout.time:
            inside.append(tag("text", f"{message.seconds * 1000:,.1f} ms", x=layout.left - 66, y=y + 4, text_anchor="end", class_="small"))
        if layout.size:
            inside.append(tag("text", f"{len(message.octets):,} B", x=layout.width - layout.right + 66, y=y + 4, class_="small"))
        parts.append(tag("a", inside, href=f"#message-{number + 1}", class_=f"message{' sealed' if not message.plain else ''}"))
    return tag("svg", parts, viewBox=f"0 0 {layout.width} {height}", class_=f"sequence {layout.class_}", role="img",
               aria_label=f"sequence diagram of {len(messages)} messages; the list below holds the same messages")


def opened(title: str, *inside: object) -> Markup:
    return tag("div", tag("h3", title), inside, class_="layer")


def message_details(number: int, message: Message) -> Markup:
    """message_details: what went over the wire and, where a party told it, what was in it."""
    layers: list[Markup] = []
    if message.plain:
        head, body = body_of(message.plain)
        text = pretty_json(body)
        shown: list[object] = [tag("pre", head, class_="text", tabindex="0")] if head else []
        if text is not None:
            more = f"\n... {len(text) - JSON_LIMIT:,} more characters" if len(text) > JSON_LIMIT else ""
            shown.append(tag("pre", text[:JSON_LIMIT] + more, class_="text", tabindex="0"))
        elif body:
            shown.append(hexdump(body, HEX_LIMIT))
        layers.append(opened(f"What it says ({message.plain_from or 'told by a party'})", shown))
    if message.octets:
        records = tls_records(message.octets)
        named = tag("p", "TLS records: " + ", ".join(records[:12]) + (" \u2026" if len(records) > 12 else ""), class_="note") if records else None
        layers.append(opened("On the wire, as the operator saw it", named, hexdump(message.octets, HEX_LIMIT)))
    elif pretty_json(message.plain) is not None:
        layers.append(opened("The same octets", hexdump(message.plain, HEX_LIMIT)))
    line = [tag("span", number, class_="number"), tag("span", f"{message.sender} \u2192 {message.receiver}", class_="way"),
            tag("span", message.name, class_="what"), tag("span", octet_count(len(message.octets or message.plain)), class_="size")]
    inside = tag("div", tag("p", message.about) if message.about else None, layers, class_="inside", id=f"message-{number}")
    return tag("details", tag("summary", line), inside, class_="message-row")


def message_list(messages: list[Message], first: int) -> Markup:
    return tag("div", [message_details(number, message) for number, message in enumerate(messages, first)], class_="message-list")


def exchange(messages: list[Message], told: list[Message]) -> Markup:
    """exchange: the diagram in both drawings, and the list; and those messages that a party can open."""
    parts: list[Markup] = []
    if messages:
        legend = tag("p", "Dashed: on the wire only ciphertext, and no party told what was inside. Solid: the list shows that too.", class_="note")
        parts += [tag("div", diagram(messages, WIDE), diagram(messages, NARROW), legend, class_="drawing"), message_list(messages, 1)]
    else:
        parts.append(tag("p", "No exchange was recorded.", class_="note"))
    if told:
        parts += [tag("h3", "The same messages, opened", class_="after"),
                  tag("p", "Of a keep of the operator\u2019s own: its manifest names the operator as the broker, so the operator ended its TLS and handed all on. "
                      "It learnt what evidence looks like, and got no key for it.", class_="intro"), message_list(told, len(messages) + 1)]
    return escape(parts)
