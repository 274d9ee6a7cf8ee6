#!/usr/bin/env python3
"""report.py adds rows up and refuses those that contradict the list."""
import unittest

import report


class Merge(unittest.TestCase):
    def test_rows_of_one_kind_are_added_up(self):
        table, faults = report.merge(["sgx\t3\t1\t0", "sgx\t3\t2\t1"], {"sgx": 3})
        self.assertEqual((table, faults), ({"sgx": [3, 3, 1]}, []))

    def test_kinds_that_no_test_judged_are_shown(self):
        table, faults = report.merge([], {"tdx": 7})
        self.assertEqual((table, faults), ({"tdx": [7, 0, 0]}, []))

    def test_another_count_than_the_list_is_a_fault(self):
        self.assertEqual(report.merge(["sgx\t2\t2\t0"], {"sgx": 3})[1],
                         ["sgx: a test counted 2 files, the list has 3"])

    def test_more_judged_than_there_are_is_a_fault(self):
        self.assertEqual(report.merge(["sgx\t3\t2\t0", "sgx\t3\t2\t0"], {"sgx": 3})[1], ["sgx: 4 files judged of 3"])


if __name__ == "__main__":
    unittest.main()
