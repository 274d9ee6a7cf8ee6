#!/usr/bin/env python3
"""report.html: whole, escaped, self-contained, and what chromium shows of it."""
import base64
import dataclasses
import hashlib
import html.parser
import os
import pathlib
import re
import struct
import sys
import tempfile
import unittest
import zlib
from unittest import mock

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "demo"), str(ROOT / "test/demo")]
import browser
import markup
import report
import report_exchange
import report_fixture
import report_parts

MARK = "H0STILE"
HOSTILE = (f"\"'><script>alert('{MARK}')</script><img src=http://leak.invalid/{MARK} onerror=alert(1)><style>*{{}}</style>"
           f"</style></title></pre><a href=javascript:alert(1)>&lt;{MARK}&amp;\x00\x1b[31m\u202e\ud800")


class Elements(html.parser.HTMLParser):
    """Elements collects what a browser would see: elements with their attributes, text, and whether all closes."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text, self.faults = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in markup.VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.faults.append(f"</{name}> at {self.getpos()}")

    def handle_data(self, data):
        self.text.append(data)


def poison(value):
    """poison: the same structure with every text and every octet string hostile."""
    if dataclasses.is_dataclass(value):
        return dataclasses.replace(value, **{f.name: poison(getattr(value, f.name)) for f in dataclasses.fields(value)})
    if isinstance(value, dict):
        out = {key: poison(one) for key, one in value.items()}
        return out | {HOSTILE: next(iter(out.values()))} if out else out
    if isinstance(value, list):
        return [poison(one) for one in value]
    if isinstance(value, str):
        return HOSTILE
    return HOSTILE.encode("utf-8", "replace") + b"\n" + HOSTILE.encode("utf-8", "replace") + b",0.5\n" if isinstance(value, bytes) else value


class Markup(unittest.TestCase):
    def test_text_and_attributes_are_escaped_and_markup_is_not(self):
        made = markup.tag("p", "<b>&", markup.tag("b", "x"), title="\"'<>")
        self.assertEqual(made, '<p title="&quot;&#x27;&lt;&gt;">&lt;b&gt;&amp;<b>x</b></p>')

    def test_style_and_event_attributes_do_not_exist(self):
        for name in ("style", "onclick", "onload"):
            with self.assertRaises(ValueError):
                markup.tag("p", **{name: "x"})

    def test_what_would_not_be_seen_is_spelt_out(self):
        self.assertEqual(markup.escape("a\x00\u202e\ud800\x7f\ta\n"), "a\\u0000\\u202e\\ud800\\u007f\ta\n")

    def test_png_is_what_it_was_made_of(self):
        octets = report_fixture.noise(96 * 3 - 5)
        url = markup.png(octets, 96, 3)
        image = base64.b64decode(url.split(",")[1])
        self.assertEqual(image[:8], b"\x89PNG\r\n\x1a\n")
        size = struct.unpack(">I", image[33:37])[0]
        self.assertEqual(image[37:41], b"IDAT")
        rows = np.frombuffer(zlib.decompress(image[41:41 + size]), np.uint8).reshape(3, 97)
        self.assertEqual(rows[:, 1:].tobytes(), octets + b"\xff" * 5)

    def test_hexdump_says_how_much_it_leaves_out(self):
        self.assertIn("more octets", markup.hexdump(bytes(100), 64))
        self.assertNotIn("more octets", markup.hexdump(bytes(64), 64))


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.events = report_fixture.events()
        cls.page = report.page(cls.events)
        cls.seen = Elements(cls.page)

    def check_self_contained(self, seen):
        self.assertEqual((seen.open, seen.faults), ([], []))
        allowed = set("html head meta title style body a header p h1 h2 h3 ul li span div strong dl dt dd code nav main section article table thead "
                      "tbody tr th td pre figure img figcaption svg line rect polygon text details summary footer".split())
        for name, attributes in seen.elements:
            self.assertIn(name, allowed)
            for key, value in attributes.items():
                self.assertFalse(key.startswith("on") or key == "style", (name, key))
                if key in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
                    self.assertRegex(value, r"^(#[a-z0-9-]+$|data:image/png;base64,)", (name, key))

    def test_nothing_is_opened_and_everything_closes(self):
        self.check_self_contained(self.seen)
        style = re.search(r"<style>(.*?)</style>", self.page, re.S).group(1)
        self.assertNotRegex(style, r"url\(|@import|</|expression")

    def test_the_policy_allows_this_style_sheet_and_nothing_else(self):
        policy = next(a["content"] for n, a in self.seen.elements if n == "meta" and a.get("http-equiv") == "Content-Security-Policy")
        style = re.search(r"<style>(.*?)</style>", self.page, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.assertEqual(policy, f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'")

    def test_hostile_text_everywhere_stays_text(self):
        events = poison(self.events)
        seen = Elements(report.page(events))
        self.check_self_contained(seen)
        self.assertGreater("".join(seen.text).count(MARK), 150)
        self.assertEqual(sum(n == "style" for n, _ in seen.elements), 1)
        self.assertNotIn("\x00", report.page(events))

    def test_every_part_of_the_run_is_there(self):
        text = " ".join("".join(self.seen.text).split())
        events = self.events
        wanted = [events.when, events.workload, events.separation, "Hospital", "owns the records <of all>", "runs the broker", *(f.title for f in events.facts), *(f.detail for f in events.facts), "P0003", "12.46"]
        wanted += [m.name for m in events.messages] + [m.about for m in events.messages] + ['"crv": "P-256"', "ClientHello (251 octets)", "The same messages, opened", '"nonce": "b3BlbmVk"']
        for one in (*events.appraisals, events.production, events.genuine_then, events.genuine_today):
            wanted += [one.title, one.command] + [c["id"] for c in one.appraisal["checks"]] + ["Update the platform.", "QUOTE A.4"]
        for one in events.refusals:
            wanted += [one.case, one.about, one.check, one.says, one.command, *one.passed]
        wanted += ["operator's files", "41,234", "32-le: 500 of 500", "first at file @ 0x10", "0x7f31c0de2000", "18.70 s", "hospital/key/records", "workload: ab12"]
        wanted += [c.words for c in events.commands]
        for one in wanted:
            self.assertIn(" ".join(one.split()), text)

    def test_each_arrow_leads_to_its_message(self):
        ids = [a["id"] for _, a in self.seen.elements if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))
        targets = {a["href"][1:] for n, a in self.seen.elements if n == "a"}
        self.assertLessEqual(targets, set(ids))
        self.assertEqual({t for t in targets if t.startswith("message-")}, {f"message-{n}" for n in range(1, 9)})

    def test_headings_are_in_order_and_pictures_have_words(self):
        levels = [int(n[1]) for n, _ in self.seen.elements if re.fullmatch(r"h\d", n)]
        self.assertEqual((levels[0], levels.count(1)), (1, 1))
        self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])))
        for name, attributes in self.seen.elements:
            if name == "img":
                self.assertTrue(attributes["alt"])
            if name == "svg":
                self.assertTrue(attributes.get("aria-label") or attributes.get("aria-hidden"))

    def test_a_broken_promise_and_an_unrefused_cheat_are_said(self):
        events = dataclasses.replace(self.events, facts=[report.Fact(False, "The operator saw no plaintext")],
                                     refusals=[dataclasses.replace(self.events.refusals[0], refused=False, check="")])
        text = "".join(Elements(report.page(events)).text)
        for words in ("Something did not hold", "(does not hold)", "NOT REFUSED", "no check"):
            self.assertIn(words, text)
        self.assertNotIn("Everything held", text)

    def test_what_does_not_exist_is_said(self):
        empty = report.Events(when="2026-11-24T18:00:00Z", workload="", separation="", facts=[])
        seen = Elements(report.page(empty))
        self.check_self_contained(seen)
        text = "".join(seen.text)
        for words in ("Something did not hold", "No records.", "No exchange was recorded.", "No cheat was run.", "No search was made.", "Nothing was timed.",
                      "did not run as root", "No recorded quote of real hardware"):
            self.assertIn(words, text)

    def test_a_page_is_written_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "report.html")
            report.write(path, self.events)
            self.assertEqual(path.read_text(), self.page)
            self.assertEqual(path.stat().st_mode & 0o777, 0o644)
            with mock.patch("os.replace", side_effect=OSError("disk full")), self.assertRaises(OSError):
                report.write(path, poison(self.events))
            self.assertEqual((path.read_text(), os.listdir(folder)), (self.page, ["report.html"]))


class Parts(unittest.TestCase):
    def test_contrast_of_text_is_at_least_four_and_a_half(self):
        style = report.STYLE.read_text()

        def luminance(colour):
            parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
            return sum(w * (c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4) for w, c in zip((.2126, .7152, .0722), parts))

        for scheme in re.findall(r":root \{(.*?)\}", style, re.S)[:2]:
            colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
            pairs = [(ink, back) for ink in ("ink", "soft", "accent") for back in ("paper", "card", "fill")]
            pairs += [(name, f"{name}-bg") for name in ("good", "bad", "wait")] + [("bad", "card"), ("good", "card"), ("wait", "card")]
            for ink, back in pairs:
                light, dark = sorted((luminance(colour[ink]), luminance(colour[back])), reverse=True)
                self.assertGreaterEqual((light + .05) / (dark + .05), 4.5, (ink, back))

    def test_json_and_tls_are_recognised_and_other_octets_are_not(self):
        self.assertEqual(report_exchange.pretty_json(b'{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}')
        for octets in (b"", b"{", b'"a"', b"[" * 100000, b"\xff\xfe{", b"GET / HTTP/1.1"):
            self.assertIsNone(report_exchange.pretty_json(octets))
        self.assertEqual(report_exchange.tls_records(b"GET / HTTP/1.1"), [])
        self.assertEqual(report_exchange.tls_records(b"\x17\x03\x03\x00\x02ab\x15\x03\x03\x00\x01c"),
                         ["application data, encrypted (2 octets)", "alert (1 octet)"])

    def test_a_probability_gets_a_bar_and_anything_else_does_not(self):
        self.assertIn("<svg", report_parts.share_bar("0.5"))
        for text in ("1.5", "-1", "nan", "inf", "malignant", ""):
            self.assertNotIn("<svg", report_parts.share_bar(text))

    def test_a_refusal_is_short_and_its_own_words_are_kept(self):
        for says, brief in (('{"type":"x","detail":"kbs.nonce.unused: used"}', "kbs.nonce.unused: used"), ("ward: error: a.b: c", "a.b: c"),
                            ("found " + "0a" * 48 + ".", "found 0a0a0a0a0a0a\u2026."), ("word " * 100, "word " * 43 + "word \u2026"), ("[1]", "[1]"), ("", "")):
            self.assertEqual(report_parts.words_of(says)[1], brief)
        self.assertEqual(report_parts.words_of("a" * 500)[0], "a" * 500)

    def test_the_appraisal_of_an_attestation_result_shows_its_tcb(self):
        said = {"verdict": "accepted", "tcb_status": "OutOfDate", "tcb_advisories": ["INTEL-SA-00001"], "checks": []}
        text = "".join(Elements(report_parts.appraisal(report.Appraisal("keep", said))).text)
        self.assertIn("OutOfDate", text)
        self.assertIn("INTEL-SA-00001", text)

    def test_the_appraisal_of_an_attestation_result_shows_the_checks_that_passed_by_their_ids(self):
        said = {"verdict": "refused", "passed": ["sgx.quote.size", "sgx.quote.version"],
                "checks": [{"id": "sgx.quote.signature", "outcome": "failed", "found": "3"}]}
        text = "".join(Elements(report_parts.appraisal(report.Appraisal("keep", said))).text)
        for one in ("all 3 checks", "sgx.quote.size", "2 passed", "1 failed"):
            self.assertIn(one, text)

    def test_entropy(self):
        self.assertEqual(report_parts.bits_per_octet(bytes(range(256)) * 4), 8)
        self.assertEqual(report_parts.bits_per_octet(b"aaaa"), 0)


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if browser.BROWSER is None:
            if os.environ.get("CI"):
                raise AssertionError("chromium is not installed (tools/packages.txt, group test)")
            raise unittest.SkipTest("no chromium")
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = pathlib.Path(cls.folder.name, "report.html")
        report.write(cls.path, report_fixture.events())

    def test_the_page_shows_itself_light_and_dark_wide_and_narrow(self):
        style = report.STYLE.read_text()
        papers = [tuple(bytes.fromhex(c)) for c in re.findall(r"--paper: #([0-9a-f]{6})", style)]
        accents = [tuple(bytes.fromhex(c)) for c in re.findall(r"--accent: #([0-9a-f]{6})", style)]
        for width, height in ((1280, 1000), (420, 1500)):
            for dark in (False, True):
                with self.subTest(width=width, dark=dark):
                    shot = browser.look(self.path, width, height, dark)
                    self.assertEqual((shot.console, shot.asked), ([], []))
                    self.assertEqual(shot.pixels.shape, (height, width, 3))
                    margin = 5
                    for edge in (shot.pixels[:, :margin], shot.pixels[:, -margin:]):  # nothing sticks out of the page
                        self.assertEqual({tuple(p) for p in edge.reshape(-1, 3).tolist()}, {papers[dark]})
                    colours = {tuple(c) for c in np.unique(shot.pixels.reshape(-1, 3), axis=0).tolist()}
                    self.assertGreater(len(colours), 200)
                    self.assertIn(accents[dark], colours)
                    written = np.any(shot.pixels != np.array(papers[dark], np.uint8), axis=2)
                    self.assertGreater(written.mean(), 0.15)
                    blank = np.diff(np.flatnonzero(np.concatenate([[True], written.any(axis=1), [True]])))
                    self.assertLess(blank.max(), 120)  # no gap of that many rows

    def test_hostile_text_asks_for_nothing(self):
        path = pathlib.Path(self.folder.name, "hostile.html")
        report.write(path, poison(report_fixture.events()))
        shot = browser.look(path, 420, 300)
        self.assertEqual((shot.console, shot.asked), ([], []))

    def test_this_test_would_see_a_request_and_a_console_message(self):
        path = pathlib.Path(self.folder.name, "bad.html")
        path.write_text("<img src=http://leak.invalid/x.png><script>console.error('told')</script>")
        shot = browser.look(path, 420, 300)
        self.assertTrue(any("leak.invalid" in url for url in shot.asked), shot.asked)
        self.assertTrue(any("told" in line for line in shot.console), shot.console)


if __name__ == "__main__":
    unittest.main()
