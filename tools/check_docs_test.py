#!/usr/bin/env python3
"""check_docs.py notices a dead link, a page that is not listed, and a test that does not exist."""
import pathlib
import tempfile
import unittest

import check_docs

TREE = {"docs/README.md": "[a](a.md) [decisions](adr/)\n", "docs/a.md": "# A\n", "docs/adr/x.md": "# X\n",
        "src/seal/file_test.cc": "TEST(File, opens) {\n}\nTEST_P(Every, byte) {\n}\n", "demo/cheats/a.sh": "x\n"}
TABLE = "| claim | test | residual |\n|---|---|---|\n"


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**TREE, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check_docs.check(root)


class Docs(unittest.TestCase):
    def test_a_tree_in_order(self):
        self.assertEqual(check({"README.md": "[docs](docs/README.md#x) [web](https://example.org)\n"}), [])

    def test_dead_link(self):
        self.assertEqual(check({"README.md": "[b](docs/b.md)\n"}), ["README.md:1: link to nothing: docs/b.md"])

    def test_page_that_is_not_listed(self):
        self.assertEqual(check({"docs/b.md": "# B\n"}), ["docs/README.md: does not list b.md"])

    def test_threat_model_names_tests_that_exist(self):
        rows = "| c | `File.opens`, `seal.Every.byte`, `demo/cheats/a.sh` | r |\n"
        self.assertEqual(check({"THREAT_MODEL.md": TABLE + rows}), [])
        self.assertEqual(check({"THREAT_MODEL.md": TABLE + "| c | `File.closes` | r |\n"}),
                         ["THREAT_MODEL.md:3: no such test: File.closes"])
        self.assertEqual(check({"THREAT_MODEL.md": TABLE + "| c | none | r |\n"}),
                         ["THREAT_MODEL.md:3: the row names no test"])

    def test_python_tests_count_too(self):
        files = {"test/keep/run_test.py": "class Run(x):\n    def test_it(self):\n        pass\n"}
        self.assertEqual(check({**files, "THREAT_MODEL.md": TABLE + "| c | `Run.test_it` | r |\n"}), [])
        self.assertEqual(check({**files, "THREAT_MODEL.md": TABLE + "| c | `Run.test_that` | r |\n"}),
                         ["THREAT_MODEL.md:3: no such test: Run.test_that"])

    def test_a_pages_list_of_tests(self):
        self.assertEqual(check({"docs/a.md": "Tests: `File.opens`, `File.closes`\n"}),
                         ["docs/a.md:1: no such test: File.closes"])


if __name__ == "__main__":
    unittest.main()
