#!/usr/bin/env python3
"""Feeds tidy.py bad snippets: each rule must fire exactly once, and its good neighbour must not."""
import pathlib
import tempfile
import unittest

import cxx
import tidy

# (rule, place, bad line, good line at the same place)
LINES = (
    ("memcmp", "src/seal/x.cc", "if (std::memcmp(a, b, 16) == 0) return;", "if (ct_equal(a, b)) return;"),
    ("memcmp", "src/seal/x.cc", "return memcmp (a, b, n);", "// never memcmp(a, b, n)"),
    ("tag-compare", "src/seal/x.cc", "if (tag == expected) return;", "if (!ct_equal(tag, expected)) return;"),
    ("tag-compare", "src/seal/x.cc", "if (expected != header.auth_tag) return;", "if (stage == last) return;"),
    ("tag-compare", "src/keep/x.cc", "if (r.mac() == m) return;", "if (machine == m) return;"),
    ("tag-compare", "src/keep/x.cc", "return std::ranges::equal(hmac, m);", "return equal(image, m);"),
    ("openssl", "src/seal/x.cc", "#include <openssl/evp.h>", "#include <vector>"),
    ("openssl", "apps/ward/x.cc", "EVP_MD_CTX_new();", "crypto::sha256(x);"),
    ("rand", "src/seal/x.cc", "int x = std::rand();", "int operand(int);"),
    ("rand", "src/seal/x_test.cc", "std::random_device d;", "std::mt19937 d(1);"),
    ("rand-engine", "src/seal/x.cc", "std::mt19937 d(1);", "rng.fill(d);"),
    ("getenv", "src/net/x.cc", 'std::getenv("X");', '// getenv("X")'),
    ("getenv", "test/net/x.cc", 'secure_getenv("X");', 'log("getenv(1)");'),
    ("system", "apps/ward/x.cc", 'std::system("ls");', "file_system(x);"),
    ("system", "apps/ward/x.cc", 'popen("ls", "r");', "posix_spawn(a, b);"),
    ("detach", "src/net/x.cc", "thread.detach();", "thread.join();"),
    ("sleep-in-test", "src/net/x_test.cc", "std::this_thread::sleep_for(1s);", "done.wait();"),
    ("sleep-in-test", "test/net/x.cc", "usleep(10);", "asleep(10);"),
    ("sleep", "src/store/x.cc", "nanosleep(&t, nullptr);", "wake(t);"),
    ("clock", "src/store/x.cc", "auto t = std::chrono::system_clock::now();", "auto t = clock.now();"),
    ("clock", "src/store/x.cc", "auto t = time(nullptr);", "auto t = expiry_time(at);"),
    ("clock", "src/store/x_test.cc", "auto t = std::chrono::steady_clock::now();", "UnixTime t{5};"),
    ("reinterpret-cast", "tee/sgx/x.cc", "auto* r = reinterpret_cast<const R*>(p);", "auto r = parse(p);"),
    ("packed", "tee/sgx/x.cc", "#pragma pack(1)", "#pragma GCC diagnostic push"),
    ("packed", "tee/sgx/x.cc", "struct __attribute__((packed)) R {};", "struct R {};"),
    ("throw", "src/seal/x.cc", "throw 1;", "return Error(Errc::kLimit, x);"),
    ("disabled-test", "src/seal/x_test.cc", "TEST(A, DISABLED_b) {}", "TEST(A, b) {}"),
    ("using-namespace", "src/seal/internal/x.h", "using namespace std;", "using std::vector;"),
    ("todo", "src/seal/x.cc", "// TODO: later", "// TODO(#12): later"),
    ("todo", "src/seal/x.cc", "/* FIXME */", "/* fixed */"),
    ("nolint", "src/seal/x.cc", "f();  // NOLINT", "f();  // NOLINT(bugprone-x)"),
)
# Places where the same line is in order.
ALLOWED = (
    ("src/crypto/secret.h", "// the one place\nreturn CRYPTO_memcmp(a, b, n) == 0;"),
    ("src/codec/x.cc", "if (tag == kSequence) return;"),
    ("src/net/tls/x.cc", "#include <openssl/ssl.h>"),
    ("src/seal/x_test.cc", "#include <openssl/evp.h>"),
    ("test/support/x.cc", 'std::getenv("X");'),
    ("apps/ward/x.cc", 'std::getenv("X");'),
    ("src/net/x.cc", "auto t = std::chrono::steady_clock::now();"),
    ("src/base/bytes.cc", "return reinterpret_cast<const char*>(p);"),
    ("src/seal/x_test.cc", "throw 1;"),
    ("include/ward/verifier.h", "#pragma once\n// a\nthrow 1;"),
)


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tidy.check(root)


def rules(files):
    return [fault.rule for fault in check(files)]


def source(line, place):
    return ("#pragma once\n" if place.endswith(".h") else "") + line + "\n"


class Lines(unittest.TestCase):
    def test_each_ban_fires_and_spares_its_neighbour(self):
        for rule, place, bad, good in LINES:
            with self.subTest(rule=rule, bad=bad):
                self.assertEqual(rules({place: source(bad, place)}), [rule])
                self.assertEqual(rules({place: source(good, place)}), [])

    def test_allowed_places(self):
        for place, line in ALLOWED:
            with self.subTest(place=place):
                self.assertEqual(rules({place: source(line, place)}), [])

    def test_every_ban_has_a_bad_snippet(self):
        tried = {row[0] for row in LINES}
        self.assertEqual({ban.rule for ban in tidy.BANS} - tried, set())
        self.assertEqual({rule for rule, _, _ in tidy.COMMENT_BANS} - tried, set())


class Sizes(unittest.TestCase):
    @staticmethod
    def function(lines, head="int f(int a) {"):
        return head + "\n" + "  g();\n" * (lines - 2) + "}\n"

    def test_function_lines(self):
        self.assertEqual(rules({"src/a/x.cc": self.function(70)}), [])
        self.assertEqual(rules({"src/a/x.cc": self.function(71)}), ["function-lines"])

    def test_function_forms(self):
        for head in ("TEST(A, b) {", "X::X(int a) : a_(a), b_{a} {", "auto f() -> int {", "int f(int a) const noexcept {",
                     "Result<void> X::f(std::array<int, 2> a) {", "template <class T>\nvoid f(T) {"):
            with self.subTest(head=head):
                text = "namespace a {\nclass B {\n" + self.function(80, head) + "};\n}\n"
                self.assertEqual(rules({"src/a/x.cc": text}), ["function-lines"])

    def test_long_namespace_class_and_table_are_no_functions(self):
        for head in ("namespace a {", "class A : public B<int> {", "constexpr int kA[] = {", "enum class E : int {"):
            with self.subTest(head=head):
                self.assertEqual(rules({"src/a/x.cc": head + "\n" * 100 + "};\n"}), [])

    def test_two_short_functions_are_two(self):
        self.assertEqual(len(cxx.functions_of("void f() {\n}\n\nvoid g() {\n}\n")), 2)

    def test_file_lines(self):
        self.assertEqual(rules({"src/a/x.cc": "int a;\n" * 500}), [])
        self.assertEqual(rules({"src/a/x.cc": "int a;\n" * 501}), ["file-lines"])


class Files(unittest.TestCase):
    def test_header_is_guarded(self):
        self.assertEqual(rules({"src/a/x.h": "// x\n"}), ["pragma-once"])

    def test_public_header_says_what_it_is_for(self):
        self.assertEqual(rules({"src/a/x.h": "#pragma once\nint f();\n"}), ["header-comment"])
        self.assertEqual(rules({"src/a/x.h": "#pragma once\n// f does.\nint f();\n"}), [])

    def test_public_type_says_what_it_is(self):
        self.assertEqual(rules({"src/a/x.h": "#pragma once\n// x\n\nstruct A {\n};\n"}), ["type-comment"])
        self.assertEqual(rules({"src/a/x.h": "#pragma once\n// A is.\ntemplate <class T>\nstruct A {\n};\n"}), [])

    def test_own_header_first(self):
        header = {"src/a/x.h": "#pragma once\n// x\n"}
        self.assertEqual(rules({**header, "src/a/x.cc": '#include <vector>\n#include "a/x.h"\n'}), ["own-header"])
        self.assertEqual(rules({**header, "src/a/x.cc": '#include "a/x.h"\n#include <vector>\n'}), [])

    def test_testdata_names_its_source(self):
        self.assertEqual(rules({"tee/a/testdata/x.bin": "x"}), ["vectors-source"])
        self.assertEqual(rules({"tee/a/testdata/x.bin": "x", "tee/a/testdata/SOURCE.md": " \n"}), ["vectors-source"])
        self.assertEqual(rules({"tee/a/testdata/x.bin": "x", "tee/a/testdata/SOURCE.md": "made by y\n"}), [])

    def test_errc_is_expected_by_a_test(self):
        enum = {"src/base/result.h": "#pragma once\n// Errc\nenum class Errc : int {\n  kLimit,  // x\n  kStale,\n};\n",
                "src/a/x.cc": "return Error(Errc::kLimit, x);\n"}
        self.assertEqual(rules(enum), ["errc-untested"])
        self.assertEqual(rules({**enum, "src/a/x_test.cc": "EXPECT_EQ(e, Errc::kLimit);\n"}), [])

    def test_scripts_promise_nothing(self):
        self.assertEqual(rules({"tools/x.sh": "# TODO: x\n"}), ["todo"])
        self.assertEqual(rules({"src/a/CMakeLists.txt": "# FIXME\n"}), ["todo"])


class Ratchet(unittest.TestCase):
    LONG = {"src/a/x.cc": "int a;\n" * 510}

    def test_excepts_a_size_that_does_not_grow(self):
        self.assertEqual(rules({**self.LONG, "tools/tidy_ratchet.txt": "file-lines src/a/x.cc 510 why\n"}), [])
        self.assertEqual(rules({**self.LONG, "tools/tidy_ratchet.txt": "file-lines src/a/x.cc 509 why\n"}), ["file-lines"])

    def test_may_not_be_wider_than_needed(self):
        self.assertEqual(rules({**self.LONG, "tools/tidy_ratchet.txt": "file-lines src/a/x.cc 511 why\n"}), ["ratchet"])
        self.assertEqual(rules({"tools/tidy_ratchet.txt": "file-lines src/a/x.cc 511 why\n"}), ["ratchet"])

    def test_counts_occurrences(self):
        throwing = {"src/a/x.cc": "throw 1;\nthrow 2;\n"}
        self.assertEqual(rules({**throwing, "tools/tidy_ratchet.txt": "throw src/a/x.cc 2 why\n"}), [])
        self.assertEqual(rules({**throwing, "tools/tidy_ratchet.txt": "throw src/a/x.cc 1 why\n"}), ["throw", "throw"])


if __name__ == "__main__":
    unittest.main()
