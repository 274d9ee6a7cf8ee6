#!/usr/bin/env python3
"""Feeds check_deps.py small trees: each rule must fire, and the allowed neighbour must not."""
import pathlib
import tempfile
import unittest

import check_deps

TABLE = """
base:
crypto: base
attest: base
store: base
net: base crypto
tee/sgx: base attest
tee/azure: attest tee/sgx
verifier: attest
broker: verifier store
lib/ward: verifier tee/*
@edge: tee/* store/* policy/rego
@openssl: crypto net/tls
"""

HEADERS = {
    "src/base/b.h": "",
    "src/crypto/c.h": "",
    "src/attest/a.h": "",
    "src/store/s.h": "",
    "src/store/sqlite/q.h": "",
    "src/store/sqlite/CMakeLists.txt": "ward_library(store_sqlite SOURCES q.cc DEPS ward_store)",
    "src/store/CMakeLists.txt": "ward_library(store SOURCES s.cc DEPS ward_base)",
    "src/net/tls/t.h": "",
    "src/net/tls/CMakeLists.txt": "ward_library(net_tls SOURCES t.cc DEPS ward_base)",
    "src/verifier/v.h": "",
    "src/verifier/internal/i.h": "",
    "tee/sgx/g.h": "",
    "apps/ward/w.h": "",
    "test/support/vectors.h": "",
}


def faults(files, table=TABLE):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**HEADERS, **files, "tools/deps.txt": table}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check_deps.check(root)


def including(place, include):
    return faults({place: f'#include "{include}"\n'})


class Includes(unittest.TestCase):
    def allows(self, place, include):
        self.assertEqual(including(place, include), [])

    def refuses(self, place, include, why):
        found = including(place, include)
        self.assertTrue(found, "nothing was refused")
        self.assertIn(why, found[0])

    def test_table(self):
        self.allows("src/verifier/x.cc", "attest/a.h")
        self.refuses("src/attest/x.cc", "verifier/v.h", "attest may not depend on verifier")

    def test_base_is_for_everybody(self):
        self.allows("src/verifier/x.cc", "base/b.h")

    def test_part_without_a_line(self):
        self.refuses("src/novel/x.cc", "attest/a.h", "novel has no line")

    def test_back_end_is_named_at_the_edge_only(self):
        self.refuses("src/broker/x.cc", "store/sqlite/q.h", "only apps/*, lib/ward and tests may name store/sqlite")
        self.refuses("src/store/x.cc", "store/sqlite/q.h", "only apps/*")
        self.refuses("src/broker/x.cc", "tee/sgx/g.h", "only apps/*")
        self.allows("apps/ward/x.cc", "store/sqlite/q.h")
        self.allows("lib/ward/x.cc", "tee/sgx/g.h")
        self.allows("src/broker/x_test.cc", "store/sqlite/q.h")
        self.allows("test/broker/x.cc", "tee/sgx/g.h")

    def test_tee_that_the_table_names(self):
        self.allows("tee/azure/x.cc", "tee/sgx/g.h")

    def test_nested_part_may_use_its_parent_and_what_that_may(self):
        self.allows("src/store/sqlite/x.cc", "store/s.h")
        self.allows("src/net/tls/x.cc", "crypto/c.h")
        self.refuses("src/store/sqlite/x.cc", "crypto/c.h", "store may not depend on crypto")

    def test_openssl(self):
        self.allows("src/crypto/x.cc", "openssl/evp.h")
        self.allows("src/net/tls/x.cc", "openssl/ssl.h")
        self.refuses("src/net/x.cc", "openssl/ssl.h", "may include OpenSSL")
        self.refuses("apps/ward/x.cc", "openssl/ssl.h", "may include OpenSSL")

    def test_internal(self):
        self.allows("src/verifier/x.cc", "verifier/internal/i.h")
        self.refuses("src/broker/x.cc", "verifier/internal/i.h", "internal to verifier")
        self.refuses("apps/ward/x.cc", "verifier/internal/i.h", "internal to verifier")

    def test_product_code_includes_no_tests(self):
        self.refuses("src/verifier/x.cc", "test/support/vectors.h", "may not include tests")
        self.refuses("apps/ward/x.cc", "gtest/gtest.h", "may not include tests")
        self.allows("src/verifier/x_test.cc", "test/support/vectors.h")

    def test_programs_are_nobodys_library(self):
        self.refuses("src/verifier/x.cc", "apps/ward/w.h", "may not depend on apps/ward")
        self.refuses("apps/wardd/x.cc", "apps/ward/w.h", "may not depend on apps/ward")

    def test_cycle(self):
        self.assertIn("cycle", faults({}, "a: b\nb: a\n")[0])


class Links(unittest.TestCase):
    def test_link_against_the_table(self):
        found = faults({"src/attest/CMakeLists.txt": "ward_library(attest SOURCES a.cc DEPS ward_verifier)",
                        "src/verifier/CMakeLists.txt": "ward_library(verifier SOURCES v.cc)"})
        self.assertEqual(found, ["attest: CMake: attest may not depend on verifier"])

    def test_link_by_target_link_libraries(self):
        found = faults({"src/attest/CMakeLists.txt":
                        "ward_library(attest SOURCES a.cc)\ntarget_link_libraries(ward_attest PRIVATE ward_store)"})
        self.assertEqual(found, ["attest: CMake: attest may not depend on store"])

    def test_openssl(self):
        found = faults({"src/attest/CMakeLists.txt": "ward_library(attest SOURCES a.cc DEPS OpenSSL::Crypto)"})
        self.assertEqual(found, ["attest: CMake: attest may not link OpenSSL"])

    def test_included_but_not_linked(self):
        lists = {"src/attest/CMakeLists.txt": "ward_library(attest SOURCES a.cc)",
                 "src/verifier/x.cc": '#include "attest/a.h"\n'}
        unlinked = faults({**lists, "src/verifier/CMakeLists.txt": "ward_library(verifier SOURCES x.cc)"})
        self.assertEqual(unlinked, ["src/verifier/x.cc:1: verifier includes attest but does not link it"])
        self.assertEqual(faults({**lists, "src/verifier/CMakeLists.txt":
                                 "ward_library(verifier SOURCES x.cc DEPS ward_attest)"}), [])


if __name__ == "__main__":
    unittest.main()
