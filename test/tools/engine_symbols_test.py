"""An engine's object: it defines its own names for a linker, and wants none of OpenSSL's."""
import pathlib
import subprocess
import sys
import unittest

WANTED = {
    "ward_p384.o": {"ward_p384_verify", "ward_p384_name"},
    "ward_rego.o": {"ward_rego_load", "ward_rego_evaluate", "ward_rego_explain", "ward_rego_free_policy",
                    "ward_rego_free_text", "ward_rego_name"},
}


def symbols(*arguments):
    out = subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if line.split()}


def openssl():
    """openssl returns what the libcrypto exports that python3 itself links."""
    import _ssl  # loads it
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libcrypto.so" in line or "libssl.so" in line}
    return set().union(*(symbols("-D", "--defined-only", path) for path in paths))


class Symbols(unittest.TestCase):
    def test_its_own_names_are_defined(self):
        self.assertEqual(symbols("-g", "--defined-only", OBJECT), WANTED[pathlib.Path(OBJECT).name])

    def test_no_name_of_openssl_is_wanted(self):
        names = openssl()
        self.assertIn("EVP_PKEY_verify", names)
        self.assertEqual(symbols("-u", OBJECT) & names, set())


if __name__ == "__main__":
    OBJECT = sys.argv.pop()
    unittest.main()
