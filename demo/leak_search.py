#!/usr/bin/env python3
"""Searches files, recordings, memory and databases for plaintext.

What is looked for is in leak_forms.py. How it is found: a 16-octet window, wherever it lies, holds one
whole 8-octet word at a multiple of 8. So only each eighth position is looked up, in a bitmap of all
8-octet pieces of the secrets, and what may match is compared whole. Nothing is missed at any alignment.

A search that finds nothing proves nothing by itself. Therefore
- what occurs in public material as well, and what is trivial, is left out, counted and shown; where
  less than `minimum_share` of a secret's windows remains, ProvesNothing is raised;
- what could not be read is named (`unread`), and the result is then not `complete`;
- `conclude` takes the same search over the same job without ward, and raises ProvesNothing unless
  that one found each secret, and something in each place that the caller names.

    search = Search(secrets, public=[...]); conclude(search.look(places), search.look(control_places))

By hand: leak_search.py --secret FILE --files DIR --memory PID (prints JSON; exit 0: nothing found,
1: found, 3: proves nothing).
"""
import argparse
import dataclasses
import json
import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import leak_forms
import leak_places
from leak_forms import ANCHOR, WINDOW, Secret
from leak_places import Place

MINIMUM_SHARE = 0.5  # of a secret's raw windows that must remain, and that the control must find
# How many different windows make a leak, where it is not one. 16 octets in a row are 17 windows of their hex
# text and 5 or more of their base64; one four-digit decimal stands in many a table of constants.
NEEDED = {"hex": 17, "base64": 5, leak_forms.SINGLE: 4}
NOT_FOUND = np.iinfo(np.int64).max


class ProvesNothing(Exception):
    """ProvesNothing: the search could not have found the secret, so that it found none says nothing."""


@dataclasses.dataclass
class Form:
    """Form is one form of one secret: the numbers of its windows in the table, and what was left out."""

    name: str
    windows: np.ndarray
    trivial: int
    public: int = 0


@dataclasses.dataclass
class Found:
    """Found: of one form in one place, the windows looked for and found, and where the first was."""

    searched: int
    found: int
    first: str = None  # "path or mapping @ offset"
    first_offset: int = None


@dataclasses.dataclass
class Finding:
    """Finding is what one place showed of one secret."""

    secret: str
    windows: Found
    encoded: dict  # form -> Found
    floats: dict  # form -> Found, the single values with it

    @property
    def float_forms_found(self):
        return sum(f.found for f in self.floats.values())

    @property
    def seen(self):
        """seen: one window of any form, or as many as NEEDED says."""
        forms = {leak_forms.RAW: self.windows, **self.encoded, **self.floats}
        return any(f.found >= NEEDED.get(name, 1) for name, f in forms.items())

    def to_json(self):
        return {"secret": self.secret, "seen": self.seen, "windows": dataclasses.asdict(self.windows),
                "encoded": {k: dataclasses.asdict(v) for k, v in self.encoded.items()},
                "float_forms_found": self.float_forms_found,
                "floats": {k: dataclasses.asdict(v) for k, v in self.floats.items()}}


@dataclasses.dataclass
class PlaceResult:
    """PlaceResult: one place, what it showed of each secret, and what of it could not be read."""

    name: str
    kind: str
    octets: int
    parts: int  # files, mappings or columns
    seconds: float
    findings: list
    unread: list

    @property
    def seen(self):
        return any(f.seen for f in self.findings)

    def to_json(self):
        return {"place": self.name, "kind": self.kind, "bytes": self.octets, "parts": self.parts,
                "seconds": round(self.seconds, 3), "seen": self.seen, "unread": self.unread,
                "secrets": [f.to_json() for f in self.findings]}


@dataclasses.dataclass
class SearchResult:
    """SearchResult: all places, and for each secret what was looked for and what was left out."""

    places: list
    secrets: list  # of dict: name, windows, searched, trivial, public, share, forms
    seconds: float

    @property
    def plaintext_seen(self):
        return any(p.seen for p in self.places)

    @property
    def complete(self):
        return not any(p.unread for p in self.places)

    @property
    def octets(self):
        return sum(p.octets for p in self.places)

    def place(self, name):
        return next(p for p in self.places if p.name == name)

    def to_json(self):
        return {"plaintext_seen": self.plaintext_seen, "complete": self.complete, "bytes": self.octets,
                "seconds": round(self.seconds, 3), "secrets": self.secrets,
                "places": [p.to_json() for p in self.places]}


class _Hits:
    """_Hits: for each window and each single value the first position where it was found."""

    def __init__(self, windows, singles):
        self.windows = np.full(windows, NOT_FOUND, np.int64)
        self.singles = np.full(singles, NOT_FOUND, np.int64)


def keep_first(table, numbers, positions):
    """keep_first: table[n] becomes the smallest of itself and n's positions, which ascend."""
    earlier = positions < table[numbers]
    table[numbers[earlier][::-1]] = positions[earlier][::-1]  # of equal numbers the last assignment stays


class _Bitmap:
    """_Bitmap: a set of 64-bit words that most words which are not in it do not pass."""

    def __init__(self, words, spread):
        bits = min(27, max(20, int(np.ceil(np.log2(spread * len(words) + 1)))))
        self._shift = np.uint64(64 - bits)
        self._map = np.zeros(1 << bits, bool)
        self._map[self._slots(words)] = True

    def _slots(self, words):
        slots = words * np.uint64(0x9E3779B97F4A7C15)
        slots >>= self._shift
        return slots.view(np.int64)

    def maybe(self, words):
        """maybe: the places of those `words` that may be in the set."""
        return np.flatnonzero(self._map[self._slots(words)])


class _Table:
    """_Table: sorted different 64-bit words behind a bitmap."""

    def __init__(self, words):
        self.words = words
        self._bitmap = _Bitmap(words, 16)

    def find(self, words):
        """find: (places in `words`, their numbers in the table) of those that are in the table."""
        places = self._bitmap.maybe(words)
        if not len(places):
            return places, places
        wanted = words[places]
        numbers = np.searchsorted(self.words, wanted)
        numbers[numbers == len(self.words)] = 0
        same = self.words[numbers] == wanted
        return places[same], numbers[same]


class Search:
    """Search knows the secrets and looks for them in places; one object serves ward's run and the control."""

    def __init__(self, secrets, public=(), minimum_share=MINIMUM_SHARE):
        self.secrets = list(secrets)
        self.minimum_share = minimum_share
        self._collect()
        for number, item in enumerate(public):
            self._leave_out(item if isinstance(item, Place) else Place.of(f"public {number}", item))
        self._check_share()

    def _collect(self):
        """_collect: the different windows of all forms of all secrets, once each, and their 8-octet pieces."""
        forms = [(leak_forms.forms_of(s), *leak_forms.single_words(s.values)) for s in self.secrets]
        nothing = np.zeros(0, np.uint64)
        low = np.concatenate([nothing, *(w.low for named, _, _ in forms for w in named.values())])
        high = np.concatenate([nothing, *(w.high for named, _, _ in forms for w in named.values())])
        key, first, number = np.unique(leak_forms.mix(low, high), return_index=True, return_inverse=True)
        self._low, self._high = low[first], high[first]
        single = np.unique(np.concatenate([nothing, *(words for _, words, _ in forms)]))
        self._windows, self._singles = _Table(key), _Table(single)
        self._pieces = _Bitmap(np.concatenate([single, *(w.pieces for named, _, _ in forms for w in named.values())]), 16)
        self.forms, at = [], 0
        for named, words, trivial in forms:
            mine = {}
            for name, windows in named.items():
                mine[name] = Form(name, number[at:at + len(windows.low)], windows.trivial)
                at += len(windows.low)
            if len(words) or trivial:
                mine[leak_forms.SINGLE] = Form(leak_forms.SINGLE, np.searchsorted(single, words), trivial)
            self.forms.append(mine)

    def _leave_out(self, place):
        """_leave_out takes what `place` shows out of every form."""
        hits, result = self._scan_place(place)
        if result.unread:
            raise ProvesNothing(f"public material could not be read: {result.unread[0]}")
        for mine in self.forms:
            for form in mine.values():
                table = hits.singles if form.name == leak_forms.SINGLE else hits.windows
                left = form.windows[table[form.windows] == NOT_FOUND]
                form.public += len(form.windows) - len(left)
                form.windows = left

    def _check_share(self):
        for secret, mine in zip(self.secrets, self.forms):
            raw = mine[leak_forms.RAW]
            all_windows = len(raw.windows) + raw.public + raw.trivial
            if not len(raw.windows) or len(raw.windows) < self.minimum_share * all_windows:
                raise ProvesNothing(f"{secret.name}: of {all_windows} windows {raw.public} are public and "
                                    f"{raw.trivial} trivial; {len(raw.windows)} remain")

    def _scan(self, octets, position, hits):
        """_scan looks through one chunk, whose first octet lies at `position`, a multiple of 8."""
        words = np.frombuffer(octets, "<u8", len(octets) // ANCHOR)
        at = self._pieces.maybe(words)
        at = at[self._worth_a_look(words, at)]
        if len(at):
            self._match_windows(octets, at, position, hits)
            places, numbers = self._singles.find(words[at])
            keep_first(hits.singles, numbers, at[places] * ANCHOR + position)

    @staticmethod
    def _worth_a_look(words, at):
        """_worth_a_look drops the inside of runs of one octet: all windows there are trivial."""
        here = words[at]
        run = (here == (here & np.uint64(255)) * np.uint64(0x0101010101010101))
        inside = (words[np.maximum(at - 1, 0)] == here) & (words[np.minimum(at + 1, len(words) - 1)] == here)
        inside &= (at > 0) & (at < len(words) - 1)
        return ~(run & inside)

    def _match_windows(self, octets, at, position, hits):
        every = leak_forms.words_at_every_octet(octets)
        for back in range(ANCHOR):
            starts = at * ANCHOR - back
            starts = starts[(starts >= 0) & (starts <= len(octets) - WINDOW)]
            low, high = every[starts], every[starts + ANCHOR]
            places, numbers = self._windows.find(leak_forms.mix(low, high))
            same = (self._low[numbers] == low[places]) & (self._high[numbers] == high[places])
            keep_first(hits.windows, numbers[same], starts[places[same]] + position)

    def _scan_place(self, place):
        """_scan_place reads a place from end to end. Positions count on over its parts."""
        started = time.monotonic()
        hits = _Hits(len(self._low), len(self._singles.words))
        reader = leak_places.Reader(place)
        for octets, position in reader.chunks():
            self._scan(octets, position, hits)
        findings = []
        for secret, mine in zip(self.secrets, self.forms):
            shown = {name: self._found(form, hits, reader) for name, form in mine.items()}
            findings.append(Finding(secret.name, shown[leak_forms.RAW],
                                    {n: shown[n] for n in leak_forms.ENCODED},
                                    {n: shown[n] for n in (*leak_forms.FLOATS, leak_forms.SINGLE) if n in shown}))
        return hits, PlaceResult(place.name, place.kind, reader.octets, reader.part_count,
                                 time.monotonic() - started, findings, reader.unread)

    @staticmethod
    def _found(form, hits, reader):
        table = hits.singles if form.name == leak_forms.SINGLE else hits.windows
        positions = table[form.windows]
        count = int(np.count_nonzero(positions != NOT_FOUND))
        if not count:
            return Found(len(form.windows), 0)
        part, offset = reader.where(int(positions.min()))
        return Found(len(form.windows), count, f"{part} @ {offset:#x}", offset)

    def look(self, places):
        """look searches all places for all secrets."""
        started = time.monotonic()
        results = [self._scan_place(place)[1] for place in places]
        secrets = []
        for secret, mine in zip(self.secrets, self.forms):
            forms = {n: {"searched": len(f.windows), "trivial": f.trivial, "public": f.public} for n, f in mine.items()}
            raw = forms[leak_forms.RAW]
            total = sum(raw.values())
            secrets.append({"name": secret.name, "octets": len(secret.data), "values": len(secret.values),
                            "windows": total, **raw, "share": round(raw["searched"] / total, 4), "forms": forms})
        return SearchResult(results, secrets, time.monotonic() - started)


def search(secrets, places, public=(), minimum_share=MINIMUM_SHARE):
    """search is Search(secrets, public, minimum_share).look(places)."""
    return Search(secrets, public, minimum_share).look(places)


@dataclasses.dataclass(frozen=True)
class Conclusion:
    """Conclusion: what ward's run showed, beside a control that did find the plaintext."""

    plaintext_seen: bool
    control_seen: bool
    control_share: dict  # secret -> the largest share of its windows that one place of the control showed

    def to_json(self):
        return {"plaintext_seen": self.plaintext_seen,
                "control": {"plaintext_seen": self.control_seen, "share": self.control_share}}


def conclude(result, control, places=(), minimum_share=MINIMUM_SHARE):
    """conclude raises ProvesNothing unless the control found at least `minimum_share` of each secret's windows
    in one place, and something in each of `places`, and unless ward's run was read completely."""
    unread = [f"{p.name}: {u}" for p in result.places for u in p.unread]
    if unread:
        raise ProvesNothing(f"not everything could be read: {unread[0]}")
    empty = [p.name for p in result.places if not p.octets]
    if empty:
        raise ProvesNothing(f"nothing was looked at in {empty[0]}")
    shares = {}
    for secret in result.secrets:
        found = [f.windows for p in control.places for f in p.findings if f.secret == secret["name"]]
        share = max((w.found / w.searched for w in found if w.searched), default=0.0)
        if share < minimum_share or not share:
            raise ProvesNothing(f"the control found {share:.0%} of {secret['name']} only: this search cannot find it")
        shares[secret["name"]] = round(share, 4)
    seen = {p.name for p in control.places if p.seen}
    for name in places:
        if name not in seen:
            raise ProvesNothing(f"the control found nothing in {name}: this search cannot see there")
    return Conclusion(result.plaintext_seen, bool(seen), shares)


def main(argv):
    parser = argparse.ArgumentParser(description="search places for the plaintext of files; prints JSON")
    parser.add_argument("--secret", action="append", required=True, metavar="FILE")
    parser.add_argument("--public", action="append", default=[], metavar="PATH", help="what proves nothing")
    for kind, value in (("files", "PATH"), ("database", "FILE"), ("memory", "PID")):
        parser.add_argument(f"--{kind}", action="append", default=[], metavar=value)
    args = parser.parse_args(argv)
    secrets = [Secret(path, pathlib.Path(path).read_bytes()) for path in args.secret]
    places = [Place(path, "files", path=path) for path in args.files]
    places += [Place(path, "database", path=path) for path in args.database]
    places += [Place(f"process {pid}", "memory", pid=int(pid)) for pid in args.memory]
    try:
        result = search(secrets, places, [pathlib.Path(p) for p in args.public])
    except (ProvesNothing, OSError, ValueError) as error:
        print(f"leak_search: {error}", file=sys.stderr)
        return 3
    print(json.dumps(result.to_json(), indent=1))
    return 1 if result.plaintext_seen else 0 if result.complete and result.octets else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
