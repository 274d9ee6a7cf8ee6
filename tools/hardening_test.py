#!/usr/bin/env python3
"""hardening.py names each protection that a program was linked without."""
import pathlib
import subprocess
import tempfile
import unittest

import hardening

GOOD = ("-fPIE", "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack")
CASES = {
    "not position independent (PIE)": ("-no-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"),
    "no RELRO": ("-fPIE", "-pie", "-Wl,-z,norelro,-z,now,-z,noexecstack"),
    "no BIND_NOW": ("-fPIE", "-pie", "-Wl,-z,relro,-z,lazy,-z,noexecstack"),
    "executable stack": ("-fPIE", "-pie", "-Wl,-z,relro,-z,now,-z,execstack"),
}


def faults(flags):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "program"
        subprocess.run(["g++", "-x", "c++", "-", "-o", out, *flags], input="int main() { return 0; }\n", text=True,
                       check=True, capture_output=True)
        return hardening.faults(out)


class Hardening(unittest.TestCase):
    def test_a_hardened_program_has_no_fault(self):
        self.assertEqual(faults(GOOD), [])

    def test_a_shared_library_is_no_program(self):
        library = ("-fPIC", "-shared", "-Wl,-soname,x.so.1", "-Wl,-z,noexecstack")
        self.assertEqual(faults((*library, "-Wl,-z,relro,-z,now")), [])
        self.assertEqual(faults((*library, "-Wl,-z,relro,-z,lazy")), ["no BIND_NOW"])

    def test_each_missing_protection_is_named(self):
        for fault, flags in CASES.items():
            with self.subTest(fault=fault):
                self.assertEqual(faults(flags), [fault])

    def test_an_empty_folder_is_not_enough(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(hardening.main([folder]), 1)


if __name__ == "__main__":
    unittest.main()
