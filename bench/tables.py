"""What was measured, as tables: for a terminal, for docs/benchmarks.md, and as the one line that scripts read."""
import json

TITLES = {
    "cold": "Verification, cold: nothing parsed or verified before; against its distinct signatures alone",
    "tees": "Verification of the other TEEs, cold: the project's own vectors; against their distinct signatures alone",
    "warm": "Verification, warm: collateral and chains seen before; against the one signature that is new",
    "peers": "Peers: the same evidence, collateral and time for all; against the signatures alone",
    "crypto": "Cryptography through ward's wrappers, against the library called directly",
    "parsing": "Parsers, against the library that does the least with the same input",
    "threads": "Threads: runs per second of N threads, against one thread",
    "memory": "Memory: what one cold verification allocates, C++ and OpenSSL together",
    "platforms": "Platforms that are remembered: SGX, each with a quoting enclave vouched for anew, one relying party",
    "quotes": "The software TEE: evidence, against the one signature in it",
    "channel": "The attested channel: openings with fresh evidence and its appraisal, against the TLS handshake alone",
    "service": "The trust service: handshakes (connect, auth, attest, resource) over TLS; its processor time against their cryptography alone",
    "connection": "The trust service: a connection over TLS with three requests that do nothing; its processor time against the cryptography of a whole handshake",
    "keep": "A keep without workload, from start to end",
}


def number(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def range_of(pair):
    return "" if pair is None else f"{pair[0]:.2f} to {pair[1]:.2f}"


def pair_of(pair):
    return ", ".join(f"{one:.1f}" for one in pair)


def micros(value):
    return "" if value is None else f"{value:,.1f}"


def columns_of(area):
    """Names of the columns, and how each is written of a row; the first three are for all."""
    if area == "memory":
        return (("name", lambda r: r["name"]), ("allocations", lambda r: f"{r['allocations']:,}"),
                ("kB in all", lambda r: f"{r['octets'] / 1000:,.0f}"), ("kB at a time", lambda r: f"{r['peak'] / 1000:,.0f}"))
    if area == "platforms":
        return (("name", lambda r: r["name"]), ("found again", lambda r: f"{r['found']:,}"),
                ("first, us", lambda r: micros(r["base_us"])), ("known, us", lambda r: micros(r["us"])),
                ("octets each", lambda r: f"{r['counted']:,}"), ("by malloc", lambda r: f"{r['allocated']:,}"))
    if area in ("quotes", "channel"):
        return (("name", lambda r: r["name"]), ("ratio", lambda r: number(r["ratio"])), ("quartiles", lambda r: range_of(r["quartiles"])),
                ("a second", lambda r: f"{1e6 / r['us']:,.0f}"), ("us", lambda r: micros(r["us"])),
                ("against, us", lambda r: micros(r["base_us"])), ("against", lambda r: r["base"] or ""))
    if area == "service":
        return (("name", lambda r: r["name"]), ("ratio", lambda r: number(r["ratio"])), ("quartiles", lambda r: range_of(r["quartiles"])),
                ("cryptography", lambda r: f"{100 * r['cryptography']:.0f} %"), ("us", lambda r: micros(r["us"])),
                ("against, us", lambda r: micros(r["base_us"])), ("a second", lambda r: f"{r['per_second']:,.0f}"),
                ("p50, p99 ms", lambda r: pair_of(r["full_ms"])), ("half: a second", lambda r: f"{r['half_per_second']:,.0f}"),
                ("p50, p99 ms at half", lambda r: pair_of(r["half_ms"])), ("kB a session", lambda r: f"{r['session_octets'] / 1000:,.0f}"),
                ("against", lambda r: r["base"] or ""))
    if area == "keep":
        return (("name", lambda r: r["name"]), ("ratio", lambda r: number(r["ratio"])),
                ("ms", lambda r: number(r["us"] / 1000, 1)), ("quartiles, ms", lambda r: range_of(r["quartiles_ms"])),
                ("against", lambda r: r["base"] or ""))
    out = (("name", lambda r: r["name"]), ("ratio", lambda r: number(r["ratio"])),
           ("quartiles", lambda r: range_of(r["quartiles"])), ("us", lambda r: micros(r["us"])),
           ("against, us", lambda r: micros(r["base_us"])), ("against", lambda r: r["base"] or ""))
    if area == "peers":
        out = out[:3] + (("times ward", lambda r: number(r["to_ward"])),) + out[3:]
        out += (("checks", lambda r: r["checks"] or ""),)
    return out


def cells(area, rows):
    columns = columns_of(area)
    return [name for name, _ in columns], [[write(row) for _, write in columns] for row in rows]


def areas(document):
    """The areas that have rows, in order, with them."""
    for area in TITLES:
        rows = [row for row in document["rows"] if row["area"] == area]
        if rows:
            yield area, rows


def aligned(head, body):
    """Lines of columns: text to the left, numbers to the right."""
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    left = [i == 0 or head[i] in ("against", "checks") for i in range(len(head))]
    for line in [head, *body]:
        yield "  ".join(cell.ljust(width) if l else cell.rjust(width)
                        for cell, width, l in zip(line, widths, left)).rstrip()


def machine_lines(document):
    machine = document["machine"]
    yield f"{document['rounds']} rounds of {document['chunk_ms']} ms each, {document['at']}, ward {machine['ward']}"
    yield f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}; {machine['compiler']}"
    yield ", ".join(machine["libraries"]) + f"; load {machine['load']} before"
    if document["peers"]:
        yield "peers: " + ", ".join(document["peers"])
    for name, why in document["absent"].items():
        yield f"not there: {name}: {why}"
    for name, why in document["refused"].items():
        yield f"not accepted: {name}: {why}"


def text(document):
    out = list(machine_lines(document))
    for area, rows in areas(document):
        out += ["", TITLES[area], *aligned(*cells(area, rows))]
    return "\n".join(out) + "\n"


def markdown(document):
    out = []
    for line in machine_lines(document):
        out.append(f"- {line}")
    for area, rows in areas(document):
        head, body = cells(area, rows)
        out += ["", f"### {TITLES[area]}", "", "| " + " | ".join(head) + " |",
                "|" + "|".join("---" if i == 0 or head[i] in ("against", "checks") else "---:"
                               for i in range(len(head))) + "|"]
        out += ["| " + " | ".join(line) + " |" for line in body]
    return "\n".join(out) + "\n"


def results(document):
    """The line for scripts: every row that has a ratio."""
    return json.dumps({"results": [{"name": row["name"], "ratio": row["ratio"], "base": row["base"]}
                                   for row in document["rows"] if row.get("ratio") is not None]},
                      separators=(",", ":"), ensure_ascii=False)
