#!/usr/bin/env python3
"""`ward verify --html`: what the page says, that it is HTML, and how it is written. `--update` writes the golden files."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import html5lib

import pages

GOLDEN = pathlib.Path(__file__).parent / "golden"
UPDATE = "--update" in sys.argv
NAMESPACE = "{http://www.w3.org/1999/xhtml}"
# What others make worse by naming files. Octets: names need not be UTF-8.
NAMES = [b"<img src=x onerror=alert(1)>.der", b"\"' onload=alert(1) &amp;.der", b"\xe2\x80\xaegnp.exe", b"\xff\xfe\x01.der",
         b"]]><!--<script>.der"]


def readable(page):
    """readable is a page without what stands elsewhere: style and script, the verdict's JSON, the materials' octets."""
    page = re.sub(r"(?s)<style>.*?</style>", "<style></style>", page)
    page = re.sub(r"(?s)<script>.*?</script>", "<script></script>", page)
    page = re.sub(r"sha256-[A-Za-z0-9+/=]{44}", "sha256-", page)
    page = re.sub(r'(?s)(<pre id="json-text"[^>]*>).*?</pre>', r"\1</pre>", page)
    page = re.sub(r'"base64":"[^"]*"', '"base64":""', page)
    return re.sub(r"Written by ward [0-9.]+", "Written by ward", page)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.page = self.folder / "page.html"

    def parsed(self):
        """parsed is the page's tree; a parse error (HTML, section 13.2) ends the test."""
        return html5lib.HTMLParser(strict=True).parse(self.page.read_bytes())


class Golden(Case):
    def compare(self, name, until=None):
        got, path = readable(self.page.read_text()), GOLDEN / f"{name}.html"
        got = got.split(until)[0] if until else got
        if UPDATE:
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(got)
        self.assertEqual(got, path.read_text(), f"{path}: look at the page, then {__file__} --update")

    def test_pages_of_our_own_vectors(self):
        for tee in pages.GENUINE:
            with self.subTest(tee):
                folder = pages.vector(tee)
                code, _, err = pages.verify(folder / "evidence", self.page, folder, "--allow-development")
                self.assertEqual(code, pages.ACCEPTED)
                self.assertEqual(err, f"ward: wrote {self.page}, SHA-256 {hashlib.sha256(self.page.read_bytes()).hexdigest()}\n")
                self.parsed()
                if tee in ("sgx", "tdx", "snp", "tpm", "azure", "keystone"):
                    self.compare(tee)
                first = self.page.read_bytes()
                self.page.unlink()
                pages.verify(folder / "evidence", self.page, folder, "--allow-development")
                self.assertEqual(first, self.page.read_bytes(), "the same verdict gives the same octets")
                self.page.unlink()

    def test_refused_and_undetermined(self):
        folder = pages.vector("sgx")
        changed = pages.changed(folder, self.folder / "changed", 120)
        self.assertEqual(pages.verify(changed, self.page, folder, "--allow-development")[0], pages.REFUSED)
        self.parsed()
        self.compare("sgx-changed", until='<section id="checks"')
        self.page.unlink()
        code, _, _ = pages.verify(folder / "evidence", self.page, folder, "--allow-development", collateral=False)
        self.assertEqual(code, pages.COULD_NOT_TELL)
        self.parsed()
        self.compare("sgx-without-collateral", until='<section id="checks"')


class Content(Case):
    def test_the_style_and_the_script_are_the_files(self):
        folder = pages.vector("sgx")
        pages.verify(folder / "evidence", self.page, folder)
        text = self.page.read_text()
        for name, tag in (("page.css", "style"), ("page.js", "script")):
            self.assertIn(f"<{tag}>{(pages.ROOT / 'src/explain/page' / name).read_text()}</{tag}>", text)

    def test_the_verdict_stands_in_it_as_json(self):
        folder = pages.vector("tdx")
        code, out, _ = pages.verify(folder / "evidence", self.page, folder, "--json")
        self.assertEqual(code, pages.REFUSED)
        shown = self.parsed().find(f".//{NAMESPACE}pre[@id='json-text']").text
        self.assertEqual(json.loads(shown), json.loads(out))

    def test_the_folders_of_this_machine_are_not_told(self):
        folder = pages.vector("sgx")
        pages.verify(folder / "evidence", self.page, folder)
        self.assertNotIn(str(pages.ROOT), self.page.read_text())

    def test_hostile_names_stay_text(self):
        folder = pages.vector("snp")
        for number, name in enumerate(NAMES):
            given = self.folder / f"given{number}"
            shutil.copytree(folder, given)
            os.rename(os.fsencode(given / "vlek.der"), os.path.join(os.fsencode(given), name))
            os.rename(os.fsencode(given / "evidence"), os.path.join(os.fsencode(given), b"evidence " + name))
            code, _, err = pages.verify(os.path.join(os.fsencode(given), b"evidence " + name), self.page, given, "--allow-development")
            self.assertEqual(code, pages.ACCEPTED, err)
            tree = self.parsed()
            kinds = {element.tag.removeprefix(NAMESPACE) for element in tree.iter() if isinstance(element.tag, str)}
            self.assertFalse(kinds & {"img", "iframe", "object", "link"}, name)
            self.assertEqual(len(tree.findall(f".//{NAMESPACE}script")), 2)
            self.assertFalse([a for element in tree.iter() for a in element.attrib if a.startswith("on")], name)
            self.assertNotIn("\u202e", self.page.read_text())
            self.page.unlink()

    def test_headings_and_tables_are_in_order(self):
        folder = pages.vector("snp")
        pages.verify(folder / "evidence", self.page, folder)
        tree, level = self.parsed(), 1
        self.assertEqual(tree.get("lang"), "en")
        self.assertEqual(len(tree.findall(f".//{NAMESPACE}h1")), 1)
        for element in tree.iter():
            if isinstance(element.tag, str) and re.fullmatch(r"h\d", element.tag.removeprefix(NAMESPACE)):
                self.assertLessEqual(int(element.tag[-1]), level + 1, "".join(element.itertext()))
                level = int(element.tag[-1])
        self.assertTrue(all(th.get("scope") for th in tree.iter(f"{NAMESPACE}th")))
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        self.assertEqual(len(ids), len(set(ids)))


    def test_a_file_of_text_is_told_from_its_octets(self):
        folder = pages.vector("sgx")
        octets = (folder / "evidence").read_bytes()
        words = "of the octets that the file&#39;s text stands for"
        for name, form in (("hex", octets.hex().encode()), ("base64", base64.b64encode(octets)), ("octets", octets)):
            (self.folder / name).write_bytes(form)
            pages.verify(self.folder / name, self.page, folder, "--allow-development")
            text = self.page.read_text()
            self.assertIn(hashlib.sha256(octets).hexdigest(), text)
            self.assertEqual(text.count(words), 0 if name == "octets" else 1, name)
            self.page.unlink()


class Writing(Case):
    def refused(self, evidence, folder, *options):
        """refused is a usage error that comes before anything is read, written or said."""
        command = [pages.WARD, "verify", evidence, "--collateral", folder, *options]
        done = subprocess.run(command, capture_output=True, timeout=60, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (2, b""), options)
        self.assertEqual(list(self.folder.iterdir()), self.left, options)
        return done.stderr.decode()

    def test_names_that_cannot_be_meant(self):
        (self.folder / "real").mkdir()
        (self.folder / "link").symlink_to("real")
        self.left = list(self.folder.iterdir())
        for script, page in (("o", "o"), ("o", "./o"), ("o", self.folder / "o"), ("real/o", "link/o"), ("real/../o", "o")):
            err = self.refused("none", self.folder, "--show-work", script, "--html", page)
            self.assertEqual(err, f"ward: error: --show-work and --html name one file: {page}\nward: hint: name two\n")
            self.assertEqual(list((self.folder / "real").iterdir()), [])
        for option in ("--show-work", "--html"):
            err = self.refused("none", self.folder, option, "-")
            self.assertEqual(err, f"ward: error: {option} writes a file, and not -\nward: hint: name a file; the verdict is on stdout\n")

    def test_both_files_or_none(self):
        folder, script = pages.vector("sgx"), self.folder / "work.sh"
        for page, code in ((self.folder / "none/page.html", 3), (self.folder, 2)):
            self.assertEqual(pages.verify(folder / "evidence", page, folder, "--show-work", script)[:2], (code, ""))
            self.assertFalse(script.exists())
        self.assertEqual(pages.verify(folder / "evidence", self.page, folder, "--show-work", script)[0], pages.REFUSED)
        self.assertTrue(script.exists() and self.page.exists())

    def test_a_file_that_exists_stays(self):
        self.page.write_text("mine")
        folder = pages.vector("sgx")
        code, out, err = pages.verify(folder / "evidence", self.page, folder)
        self.assertEqual((code, out), (2, ""))
        self.assertIn("exists already", err)
        self.assertEqual(self.page.read_text(), "mine")

    def test_a_folder_that_is_not_there(self):
        folder = pages.vector("sgx")
        code, out, err = pages.verify(folder / "evidence", self.folder / "none/page.html", folder)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("none/page.html", err)


if __name__ == "__main__":
    unittest.main(argv=[argument for argument in sys.argv if argument != "--update"])
