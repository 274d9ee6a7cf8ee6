#!/usr/bin/env python3
"""callgrind.py reads the format, leaves other objects out, and notices a change beyond the tolerance."""
import unittest

import callgrind

FILE = """# callgrind format
events: Ir
ob=(1) /x/program
fl=(1) a.cc
fn=(1) f
10 100
+3 20
cob=(2) /lib/libcrypto.so.3
cfn=(2) EVP_Digest
calls=1 0
* 90000
fn=(3) g
-2 7
ob=(2)
fn=(2)
0 90000
ob=(1)
fn=(4) h
5 3
totals: 90130
"""


class Count(unittest.TestCase):
    def test_only_the_programs_own_cost_counts(self):
        self.assertEqual(callgrind.own_instructions(FILE, "/x/program"), 130)
        self.assertEqual(callgrind.own_instructions(FILE, "/lib/libcrypto.so.3"), 90000)


class Compare(unittest.TestCase):
    def test_within_the_tolerance(self):
        self.assertEqual(callgrind.compare({"a": 1030}, {"a": 1000}), [])
        self.assertEqual(callgrind.compare({"a": 970}, {"a": 1000}), [])

    def test_slower_and_faster_beyond_it_are_both_said(self):
        self.assertEqual(callgrind.compare({"a": 1031}, {"a": 1000}),
                         ["a: 1031 instructions, recorded are 1000 (+3.1 %)"])
        self.assertEqual(len(callgrind.compare({"a": 969}, {"a": 1000})), 1)

    def test_unknown_and_gone(self):
        self.assertEqual(callgrind.compare({"a": 1}, {}), ["a: 1 instructions, not recorded"])
        self.assertEqual(callgrind.compare({}, {"a": 1}), ["a: recorded, but no longer a hot path"])


if __name__ == "__main__":
    unittest.main()
