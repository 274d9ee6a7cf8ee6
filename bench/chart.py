"""The ratios as a drawing: one panel per area, a bar per row with its quartiles, readable on light and dark."""
from xml.sax.saxutils import escape

import tables

AREAS = ("cold", "warm", "peers", "crypto", "parsing", "threads")
WIDTH, NAMES, RIGHT, LINE, BAR = 900, 290, 70, 24, 12
STYLE = """
  svg { background: #ffffff; font: 13px system-ui, sans-serif; }
  text { fill: #1c2430; }
  .title { font-weight: 600; }
  .small { fill: #5a6675; font-size: 11px; }
  .bar { fill: #3f72af; }
  .other { fill: #b07a3a; }
  .whisker { stroke: #1c2430; stroke-width: 1.5; }
  .one { stroke: #c0392b; stroke-dasharray: 4 3; }
  .axis { stroke: #c9d0d8; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12171f; }
    text { fill: #e4e9f0; }
    .small { fill: #9aa7b6; }
    .bar { fill: #6ea0dd; }
    .other { fill: #d9a15f; }
    .whisker { stroke: #e4e9f0; }
    .one { stroke: #ff7b6b; }
    .axis { stroke: #384250; }
  }
"""


def step_of(most):
    """A round step of the axis that gives at most six marks."""
    step = 0.1
    while most / step > 6:
        step *= 2.5 if str(step).lstrip("0.").startswith("2") else 2
    return step


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def panel(area, rows, top):
    """The panel's elements, and where it ends."""
    most = max(1.0, *(row["quartiles"][1] for row in rows), *(row["ratio"] for row in rows)) * 1.02
    scale = (WIDTH - NAMES - RIGHT) / most

    def at(ratio):
        return NAMES + ratio * scale

    end = top + 16 + LINE * len(rows)
    out = [text(12, top, tables.TITLES[area], "title")]
    step, mark = step_of(most), 0.0
    while mark <= most:
        out += [line(at(mark), top + 10, at(mark), end, "axis"), text(at(mark), end + 13, f"{mark:g}", "small", "middle")]
        mark = round(mark + step, 6)
    for i, row in enumerate(rows):
        y = top + 16 + LINE * i
        middle = y + BAR / 2
        low, high = row["quartiles"]
        kind = "other" if row.get("contestant") else "bar"
        out += [text(NAMES - 8, middle + 4, row["name"], "", "end"),
                f'<rect x="{NAMES}" y="{y:.1f}" width="{row["ratio"] * scale:.1f}" height="{BAR}" class="{kind}">'
                f'<title>{escape(row["base"] or "")}</title></rect>',
                line(at(low), middle, at(high), middle, "whisker"), line(at(low), y, at(low), y + BAR, "whisker"),
                line(at(high), y, at(high), y + BAR, "whisker"),
                text(at(max(high, row["ratio"])) + 6, middle + 4, f"{row['ratio']:.2f}")]
    out.append(line(at(1), top + 10, at(1), end, "one"))
    return out, end + 42


def svg(document):
    out, top = [], 30
    for area in AREAS:
        rows = [row for row in document["rows"] if row["area"] == area and row["ratio"] is not None]
        if rows:
            drawn, top = panel(area, rows, top)
            out += drawn
    machine = document["machine"]
    out += [text(12, top - 8, "Bars are medians of ratios, whiskers quartiles; the dashed line is what is compared with.",
                 "small"),
            text(12, top + 8, f"{document['at']}, {machine['cpu']}, {', '.join(machine['libraries'])}", "small")]
    top += 16
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 8}" width="{WIDTH}" height="{top + 8}">\n'
            f"<style>{STYLE}</style>\n" + "\n".join(out) + "\n</svg>\n")
