#!/usr/bin/env python3
"""cases.py counts the tests of all programs, and names what was skipped."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import cases

PASSED = '<testcase name="B" status="run" result="completed" classname="A" />'
SKIPPED = '<testcase name="C" status="run" result="skipped" classname="A"><skipped message="no" /></testcase>'


class Cases(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, tests):
        (self.folder / f"{name}.xml").write_text(f'<testsuites><testsuite name="A">{tests}</testsuite></testsuites>')

    def run_it(self, ci):
        return subprocess.run([sys.executable, cases.__file__, str(self.folder)], capture_output=True, text=True,
                              env={"CI": "true"} if ci else {}, check=False)

    def test_programs_and_their_tests_are_counted(self):
        self.write("one", PASSED + PASSED)
        self.write("two", PASSED)
        self.assertEqual(cases.count(self.folder), (2, 3, []))
        self.assertEqual(self.run_it(ci=True).returncode, 0)

    def test_a_skipped_test_is_named_and_fails_in_ci_alone(self):
        self.write("one", PASSED + SKIPPED)
        done = self.run_it(ci=True)
        self.assertEqual((done.returncode, done.stdout), (1, "2 tests in 1 programs, 1 of them skipped\n"))
        self.assertIn("skipped: one: A.C", done.stderr)
        self.assertEqual(self.run_it(ci=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
