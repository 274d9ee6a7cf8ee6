#!/usr/bin/env python3
"""Tests for includes.py."""
import pathlib
import re
import tempfile
import unittest

import includes

ROOT = pathlib.Path(__file__).parent.parent


class Includes(unittest.TestCase):
    def faults(self, **files):
        """faults writes src/NAME.cc or .h for name_cc and name_h, and returns what is said of a.cc."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                path = root / "src" / name.replace("_", ".")
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
            return [f"{line}: {text}" for line, text in includes.faults(includes.Tree(root), root / "src/a.cc")]

    def test_a_name_wants_its_header(self):
        self.assertEqual(self.faults(a_cc="#include <string>\nstd::string s;\nstd::vector<int> v;\n"),
                         ["3: std::vector without #include <vector>"])

    def test_a_header_of_ours_brings_its_own(self):
        self.assertEqual(self.faults(a_cc='#include "a.h"\nstd::vector<int> v;\n', a_h='#include "b.h"\n', b_h="#include <vector>\n"), [])

    def test_a_header_that_includes_itself_ends(self):
        self.assertEqual(self.faults(a_cc='#include "a.h"\nstd::mutex m;\n', a_h='#include "a.h"\n'),
                         ["2: std::mutex without #include <mutex>"])

    def test_comments_and_strings_use_nothing(self):
        self.assertEqual(self.faults(a_cc='// std::vector\nconst char* s = "std::vector";\n'), [])

    def test_a_name_of_several_headers_is_had_from_each(self):
        for header in ("charconv", "system_error"):
            self.assertEqual(self.faults(a_cc=f"#include <{header}>\nstd::errc e;\n"), [])
        self.assertEqual(self.faults(a_cc="std::errc e;\n"), ["1: std::errc without #include <system_error>"])

    def test_names_of_inner_namespaces(self):
        self.assertEqual(self.faults(a_cc="void f() { std::ranges::sort(v); }\n"), ["1: std::ranges::sort without #include <algorithm>"])

    def test_an_unknown_name_is_told(self):
        self.assertEqual(self.faults(a_cc="std::flat_map<int, int> m;\n"),
                         ["1: std::flat_map is in no header that tools/includes.py knows: add it to NAMES"])

    def test_tests_want_googletest(self):
        self.assertEqual(self.faults(a_cc="TEST(A, B) { EXPECT_EQ(1, 1); }\n"), ["1: a test without #include <gtest/gtest.h>"])
        self.assertEqual(self.faults(a_cc="#include <gmock/gmock.h>\nTEST(A, B) { EXPECT_EQ(1, 1); }\n"), [])

    def test_every_precompiled_header_has_names(self):
        lists = re.findall(r"^set\(ward_(?:std|test)_headers ([^)]*)\)", (ROOT / "cmake/WardTargets.cmake").read_text(), re.M)
        self.assertEqual(len(lists), 2)
        known = {header for headers in includes.NAMES.values() for header in headers} | {"gtest/gtest.h"}
        self.assertEqual({h for names in lists for h in names.split()} - known, set())

    def test_a_folder_without_sources_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(includes.main(pathlib.Path(folder)), 1)


if __name__ == "__main__":
    unittest.main()
