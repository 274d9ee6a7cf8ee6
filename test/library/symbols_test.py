"""What libward shows a linker: the functions of ward.h, under one version, and nothing else."""
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def declared():
    """declared returns the functions of ward.h."""
    return set(re.findall(r"^WARD_API [^;(]*?(ward_\w+)\(", (ROOT / "include/ward/ward.h").read_text(), re.M))


def names(*options):
    lines = [line.split() for line in run("nm", "-g", "--defined-only", *options).splitlines()]
    return [(line[-2], line[-1]) for line in lines if len(line) == 3]


class Symbols(unittest.TestCase):
    def test_the_shared_library_exports_what_the_header_declares(self):
        self.assertGreater(len(declared()), 50)
        found = {name for kind, name in names("-D", "--with-symbol-versions", SHARED) if kind != "A"}
        self.assertEqual(found, {f"{name}@@WARD_1.0" for name in declared()})

    def test_the_archive_defines_what_the_header_declares(self):
        if STATIC is None:
            self.skipTest("a sanitizer's build has no archive")
        self.assertEqual(sorted(names(STATIC)), sorted(("T", name) for name in declared()))

    def test_the_shared_library_names_its_abi_and_needs_what_is_documented(self):
        dynamic = run("readelf", "-dW", SHARED)
        self.assertEqual(re.findall(r"SONAME.*\[(.*)\]", dynamic), ["libward.so.1"])
        system = {"libcrypto.so.3", "libsodium.so.23", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"}
        self.assertLessEqual(set(re.findall(r"NEEDED.*\[(.*)\]", dynamic)), system)
        self.assertIn("BIND_NOW", dynamic)
        self.assertNotIn("TEXTREL", dynamic)


if __name__ == "__main__":
    SHARED, STATIC = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    unittest.main(argv=sys.argv[:1])
