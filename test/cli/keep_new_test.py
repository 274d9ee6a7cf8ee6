#!/usr/bin/env python3
"""`ward keep new`: the command behind `--` is taken whole, whatever stands before it."""
import os
import pathlib
import subprocess
import tempfile
import unittest

WARD = os.environ["WARD_PROGRAM"]


class KeepNew(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir="/var/tmp")  # /tmp is the keep's own
        self.tree = pathlib.Path(self.folder.name, "tree")
        self.tree.mkdir()
        (self.tree / "file").write_text("content")

    def tearDown(self):
        self.folder.cleanup()

    def new(self, *options):
        command = [WARD, "keep", "new", *options, "--", "/bin/sh", "-c", "true"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def test_an_option_does_not_take_the_mark_that_begins_the_command(self):
        for options in ([], ["--name", "n"], ["--tree", str(self.tree)], ["--file", str(self.tree / "file")],
                        ["--tree", str(self.tree), "--file", str(self.tree / "file")]):
            done = self.new(*options)
            self.assertEqual((done.returncode, done.stderr), (0, ""), options)
            self.assertIn('"-c", "true"]', done.stdout)

    def test_trees_may_be_repeated(self):
        other = pathlib.Path(self.folder.name, "other")
        other.mkdir()
        (other / "file").write_text("content")
        done = self.new("--tree", str(self.tree), "--tree", str(other))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("[[tree]]"), 2)

    def test_a_name_that_no_manifest_may_have_is_told_before_one_is_printed(self):
        done = self.new("--name", "a b")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("name: expected", done.stderr)


if __name__ == "__main__":
    unittest.main()
