#!/usr/bin/env python3
"""fuzz_coverage.py counts a parser's lines and refuses what falls short, or was not measured."""
import unittest

import fuzz_coverage

LCOV = """SF:./src/a.cc
FN:1,f
DA:1,4
DA:2,0
DA:4,0
DA:5,0
end_of_record
SF:/tree/src/b.cc
DA:7,0
DA:7,1
end_of_record
"""

EXPORT = {"data": [{"functions": [
    {"name": "a.cc:_ZN1a12_GLOBAL__N_14sendEv", "filenames": ["./src/a.cc"], "regions": [[4, 1, 5, 2, 0, 0, 0, 0]]},
    {"name": "_ZN1a6resendEv", "filenames": ["./src/a.cc"], "regions": [[1, 1, 2, 2, 4, 0, 0, 0]]}]}]}


def row(parsers):
    return fuzz_coverage.judge("x_fuzz", parsers, fuzz_coverage.line_counts(LCOV, "/tree"),
                               fuzz_coverage.function_spans(EXPORT, "/tree"))


class Coverage(unittest.TestCase):
    def test_rows_name_target_seeds_and_parsers(self):
        self.assertEqual(fuzz_coverage.read_targets("t\t/s\t/a.cc;/b.cc\nu\t/v\t\n"),
                         [("t", "/s", ["/a.cc", "/b.cc"]), ("u", "/v", [])])

    def test_lines_of_relative_and_absolute_files_are_counted(self):
        got = row(["src/a.cc", "src/b.cc"])
        self.assertEqual((got["lines"], got["covered"], got["percent"]), (5, 2, 40.0))
        self.assertEqual(got["files"][0]["missing"], [2, 4, 5])

    def test_the_minimum_itself_is_enough(self):
        self.assertEqual(fuzz_coverage.faults([row(["src/a.cc"])], 25.0), [])
        self.assertEqual(fuzz_coverage.faults([row(["src/a.cc"])], 25.1),
                         ["x_fuzz: its seeds reach 25.0 % of its parser, not 25.1 %"])

    def test_a_parser_that_was_not_measured_is_a_fault_whatever_the_rest_reaches(self):
        self.assertEqual(fuzz_coverage.faults([row(["src/b.cc", "src/c.cc"])], 0.0),
                         ["x_fuzz: not in its program: src/c.cc"])

    def test_functions_that_are_named_are_left_out(self):
        got = row(["src/a.cc!send"])
        self.assertEqual((got["lines"], got["covered"], got["files"][0]["missing"]), (2, 1, [2]))

    def test_a_function_that_is_not_there_is_a_fault(self):
        self.assertEqual(fuzz_coverage.faults([row(["src/a.cc!gone"])], 0.0),
                         ["x_fuzz: not in its program: src/a.cc!gone"])

    def test_a_target_without_a_parser_is_a_fault(self):
        self.assertEqual(fuzz_coverage.faults([row([])], 0.0), ["x_fuzz: no file is named as its parser"])

    def test_the_table_names_the_lines_that_are_not_reached(self):
        text = "\n".join(fuzz_coverage.table([row(["src/a.cc"])], missing=True))
        self.assertIn("not reached in src/a.cc: 2 4-5", text)
        self.assertIn("25.0  src/a.cc", text)


if __name__ == "__main__":
    unittest.main()
