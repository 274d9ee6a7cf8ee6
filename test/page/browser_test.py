#!/usr/bin/env python3
"""The page in chromium: that its script verifies everything again, and what it says where something is wrong."""
import base64
import functools
import hashlib
import http.server
import json
import pathlib
import re
import tempfile
import threading
import unittest

import chromium
import pages

DONE = """new Promise((done) => { const look = () => document.documentElement.dataset.outcome
  ? done(document.documentElement.dataset.outcome) : setTimeout(look, 10); look(); })"""
OUTCOMES = """Object.fromEntries([...document.querySelectorAll("[data-again]")]
  .map((e) => [e.dataset.again, e.className.replace("again ", "")]))"""
TOTAL = "document.getElementById('again-total').textContent"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if chromium.BROWSER is None:
            raise unittest.SkipTest("no chromium")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.browser = chromium.Chromium()
        cls.addClassCleanup(cls.browser.__exit__)

    def setUp(self):
        self.browser.said.clear()
        self.browser.asked.clear()

    def page(self, name, tee="sgx", offset=None):
        """page writes a page about a vector's evidence, an octet of it changed where an offset is given."""
        folder, path = pages.vector(tee), self.folder / f"{name}.html"
        evidence = folder / "evidence" if offset is None else pages.changed(folder, self.folder / f"{name}.bin", offset)
        pages.verify(evidence, path, folder, "--allow-development")
        return path

    def judge(self, path, browser=None):
        """judge opens a page and waits for its script: its state, each outcome, the total in words."""
        browser = browser or self.browser
        browser.open(path if isinstance(path, str) else path.as_uri())
        return browser.evaluate(DONE), browser.evaluate(OUTCOMES), browser.evaluate(TOTAL)

    def data(self, path):
        return json.loads(re.search(r'(?s)id="data">(.*?)</script>', path.read_text()).group(1))

    def rewrite(self, path, change):
        """rewrite changes the page's data, as somebody who mails it could."""
        text, data = path.read_text(), self.data(path)
        change(data)
        new = json.dumps(data).replace("<", "\\u003c").replace("&", "\\u0026")
        path.write_text(re.sub(r'(?s)(id="data">).*?(</script>)', lambda m: m[1] + new + m[2], text))

    def nothing_was_blocked(self, path):
        self.assertEqual(self.browser.said, [])
        self.assertEqual([url for url in self.browser.asked if not url.startswith(("file:", "blob:"))], [])

    def test_all_of_a_valid_vector_verifies(self):
        for tee in pages.GENUINE:
            with self.subTest(tee):
                path = self.page(f"valid-{tee}", tee)
                state, outcomes, total = self.judge(path)
                data = self.data(path)
                ids = {f"{k}{n}" for k, name in (("s", "signatures"), ("d", "digests"), ("m", "materials")) for n in range(len(data[name]))}
                places = set(outcomes)
                extracts = {f"m{n}" for n in range(len(data["materials"]))} - places  # they have no card of their own
                self.assertEqual(places | extracts, ids)
                # Keystone signs with Ed25519 over SHA3-512, which no browser has.
                left = {f"s{n}" for n, fact in enumerate(data["signatures"]) if fact["algorithm"] == "Ed25519-SHA3-512"}
                self.assertEqual(bool(left), tee == "keystone")
                self.assertEqual({one for one, outcome in outcomes.items() if outcome == "cannot"}, left)
                self.assertEqual(set(outcomes.values()) - {"cannot"}, {"verified"})
                self.assertEqual(state, "cannot" if left else "verified")
                if not left:
                    self.assertIn("found what ward found", total)
                self.assertGreaterEqual(len(data["signatures"]), {"psa": 1, "cca": 2, "keystone": 2}.get(tee, 4))
                self.nothing_was_blocked(path)

    def test_changed_evidence_is_wrong_where_ward_says_so(self):
        for tee, offset, check in (("sgx", 120, "sgx.quote.signature"), ("tdx", 120, "tdx.quote.signature"),
                                   ("snp", 120, "snp.report.signature")):
            with self.subTest(tee):
                path = self.page(f"changed-{tee}", tee, offset)
                state, outcomes, total = self.judge(path)
                wrong = {one for one, outcome in outcomes.items() if outcome == "wrong"}
                checks = {self.data(path)["signatures"][int(one[1:])]["check"] for one in wrong}
                self.assertEqual((state, checks), ("wrong", {check}))
                self.assertEqual(set(outcomes.values()), {"wrong", "verified"})
                self.assertIn("1 WRONG, as ward found", total)
                self.nothing_was_blocked(path)

    def test_a_page_changed_on_its_way_contradicts_itself(self):
        def another_octet(data):
            octets = bytearray(base64.b64decode(data["materials"][0]["base64"]))
            octets[120] ^= 1
            data["materials"][0]["base64"] = base64.b64encode(octets).decode()

        def another_outcome(data):
            data["signatures"][0]["holds"] = False

        def outside(data):
            data["signatures"][0]["message"][2] = 1 << 20

        def another_root(data):
            data["digests"][-1]["expected"] = "00" * 32

        def no_such_algorithm(data):
            data["signatures"][0]["algorithm"] = "toString"

        for number, (change, state) in enumerate(((another_octet, "differs"), (another_outcome, "differs"), (outside, "differs"),
                                                  (another_root, "differs"), (no_such_algorithm, "cannot"))):
            with self.subTest(change.__name__):
                path = self.page(f"on-its-way-{number}")
                self.rewrite(path, change)
                self.assertEqual(self.judge(path)[0], state)

    def test_an_ecdsa_signature_in_a_certificate_is_read_strictly(self):
        path = self.page("strict")
        facts = self.data(path)["signatures"]
        number, fact = next((n, f) for n, f in enumerate(facts) if f["form"] == "own" and f["algorithm"] == "ES256")
        material, offset, size = fact["signature"]

        def change(edit):
            def changed(data):
                octets = bytearray(base64.b64decode(data["materials"][material]["base64"]))
                octets[offset:offset + size] = edit(octets[offset:offset + size])
                data["materials"][material]["base64"] = base64.b64encode(octets).decode()
                data["materials"][material]["sha256"] = hashlib.sha256(octets).hexdigest()
            return changed

        edits = {"another tag": lambda s: b"\x31" + s[1:], "a longer length": lambda s: s[:1] + bytes([s[1] + 1]) + s[2:],
                 "cut": lambda s: s[:1] + bytes([s[1] - 1]) + s[2:], "negative": lambda s: s[:4] + bytes([s[4] | 0x80]) + s[5:]
                 if s[3] == 32 else s[:4] + b"\x80" + s[5:], "nothing": lambda s: bytes(len(s))}
        for name, edit in edits.items():
            with self.subTest(name):
                path = self.page(f"strict-{name.replace(' ', '-')}")
                self.rewrite(path, change(edit))
                self.assertEqual(self.judge(path)[1][f"s{number}"], "differs")

    def test_an_address_that_names_nothing_stops_nothing(self):
        path = self.page("address")
        for fragment in ("#%", "#%ff", "#nothing"):
            with self.subTest(fragment):
                self.browser.open("about:blank")  # else it is the same document
                self.assertEqual(self.judge(path.as_uri() + fragment)[0], "verified")
                self.nothing_was_blocked(path)
        self.browser.open("about:blank")
        self.judge(path.as_uri() + "#sgx.quote.signature")
        self.assertTrue(self.browser.evaluate("document.getElementById('sgx.quote.signature').closest('details').open"))

    def test_the_places_of_outcomes_are_looked_for_once(self):
        """Not for each fact: a page may have thousands."""
        count = "const all = Document.prototype.querySelectorAll; globalThis.looks = 0;" \
                "Document.prototype.querySelectorAll = function (s) { ++looks; return all.call(this, s); };"
        script = self.browser.call("Page.addScriptToEvaluateOnNewDocument", source=count)["identifier"]
        self.addCleanup(lambda: self.browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script))
        looks = []
        for tee in ("sgx", "snp"):
            path = self.page(f"looks-{tee}", tee)
            self.judge(path)
            looks.append(self.browser.evaluate("looks") - 1)  # judge's own
        self.assertEqual(looks[0], looks[1], "as often with few facts as with many")
        self.assertLess(looks[0], 5)

    def test_malformed_evidence_has_nothing_to_verify(self):
        folder, path = pages.vector("sgx"), self.folder / "malformed.html"
        (self.folder / "cut.bin").write_bytes((folder / "evidence").read_bytes()[:700])
        self.assertEqual(pages.verify(self.folder / "cut.bin", path, folder, "--allow-development", collateral=False)[0], pages.REFUSED)
        state, _, total = self.judge(path)
        self.assertEqual(state, "nothing")
        self.assertIn("Nothing to verify", total)
        self.assertNotIn("verified everything", total)

    def test_registers_are_extended_part_by_part(self):
        def extended(data):
            part = [0, 0, 16]
            octets, value = base64.b64decode(data["materials"][0]["base64"]), bytes(48)
            for _ in range(2):
                value = hashlib.sha384(value + octets[:16]).digest()
            data["digests"].append({"check": "x", "algorithm": "SHA-384", "message": [part, part], "extended": True,
                                    "expected": value.hex(), "place": None, "holds": True})

        path = self.page("extended")
        self.rewrite(path, extended)
        self.assertEqual(self.judge(path)[0], "verified")

    def test_without_webcrypto_it_says_that_it_cannot(self):
        self.page("plain-http")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=self.folder))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            # A name that is not this host's: browsers trust loopback as they trust https.
            with chromium.Chromium(hosts="MAP page.example 127.0.0.1") as browser:
                url = f"http://page.example:{server.server_address[1]}/plain-http.html"
                state, outcomes, total = self.judge(url, browser)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
        self.assertEqual((state, set(outcomes.values())), ("cannot", {"cannot"}))
        self.assertIn("WebCrypto", total)

    def test_nothing_lies_beyond_the_edge_of_a_phone(self):
        path = self.page("narrow", "tdx", 120)
        self.judge(path)
        self.browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        for width in (320, 390, 768, 1280):
            self.browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
            self.assertEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width)
        self.browser.call("Emulation.clearDeviceMetricsOverride")

    def test_colours_have_contrast_in_light_and_dark(self):
        self.judge(self.page("contrast", "sgx", 120))
        self.browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        for scheme in ("light", "dark"):
            self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            self.assertEqual(self.browser.evaluate(CONTRAST), [], scheme)


# Texts whose contrast with what is behind them is below 4.5 (WCAG 2.1, 1.4.3).
CONTRAST = """(() => {
  const light = (c) => { const v = c / 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (c) => .2126 * light(c[0]) + .7152 * light(c[1]) + .0722 * light(c[2]);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = numbers(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.tagName === "SCRIPT") continue;
    const [a, b] = [luminance(numbers(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) bad.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`);
  }
  return bad;
})()"""


if __name__ == "__main__":
    unittest.main()
