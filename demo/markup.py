"""HTML that cannot be injected into: text is escaped where it is put in, and only tag() makes markup.

    tag("p", "<b>", tag("b", "bold"), class_="note")   ->  <p class="note">&lt;b&gt;<b>bold</b></p>

There are no style or event attributes: the page's content security policy refuses them, and so does tag().
"""
import base64
import html
import re
import struct
import zlib
from collections.abc import Iterable

VOID = {"br", "hr", "img", "meta"}
# Characters that would not show, or would show the others in another order than they stand.
UNSEEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
                    "\\ufeff\\ufff0-\\uffff\\ud800-\\udfff]")


class Markup(str):
    """Markup is text that tag() made: it is put in as it is."""


def printable(text: str) -> str:
    """printable spells out what would not be seen."""
    return UNSEEN.sub(lambda m: f"\\u{ord(m.group()):04x}", text.replace("\r\n", "\n"))


def escape(value: object) -> Markup:
    """escape: the markup of a value. None is nothing; a list is its items."""
    if value is None:
        return Markup("")
    if isinstance(value, Markup):
        return value
    if isinstance(value, (list, tuple)):
        return Markup("".join(escape(item) for item in value))
    return Markup(html.escape(printable(str(value)), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """tag: an element. `class_` is class, `_` in a name is `-`; None and False leave an attribute out, True is bare."""
    words = [name]
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if key == "style" or key.startswith("on"):
            raise ValueError(f"{name}: no attribute {key}")
        if value is True:
            words.append(key)
        elif value is not None and value is not False:
            words.append(f'{key}="{escape(value)}"')
    inner = escape(list(children))
    return Markup(f"<{' '.join(words)}>" if name in VOID else f"<{' '.join(words)}>{inner}</{name}>")


def table(columns: Iterable[object], rows: Iterable[Iterable[object]], class_: str = "") -> Markup:
    """table: the first cell of each row is its heading. It scrolls by itself where it is wider than the page; with
    the class `stack` each row becomes a block on narrow screens, where its cells say their column's name."""
    columns = list(columns)
    head = tag("tr", [tag("th", c, scope="col") for c in columns])
    body = [tag("tr", tag("th", first, scope="row"),
                [tag("td", cell, data_label=columns[at] if at < len(columns) else None) for at, cell in enumerate(rest, 1)])
            for first, *rest in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_=f"scroll {class_}".strip(), tabindex="0")


def png(octets: bytes, width: int, height: int) -> str:
    """png: one grey pixel for each octet, row by row, as a data URL. What is missing of the last row is white."""
    pixels = octets[:width * height].ljust(width * height, b"\xff")
    rows = b"".join(b"\0" + pixels[at:at + width] for at in range(0, len(pixels), width))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(image).decode()


def hexdump(octets: bytes, limit: int, per_line: int = 16, start: int = 0) -> Markup:
    """hexdump: offset, octets and characters; beyond `limit` octets it says how many more there are. `start` is
    the offset of the first."""
    lines = []
    for at in range(0, min(len(octets), limit), per_line):
        line = octets[at:min(at + per_line, limit)]
        text = "".join(chr(o) if 32 <= o < 127 else "\u00b7" for o in line)
        lines.append(f"{start + at:06x}  {line.hex(' '):<{3 * per_line - 1}}  {text}")
    if len(octets) > limit:
        lines.append(f"...     {len(octets) - limit:,} more octets")
    return tag("pre", "\n".join(lines), class_="hex", tabindex="0")
