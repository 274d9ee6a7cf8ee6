"""abi.py finds what would break programs, and lets pass what would not."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Changes of ward.h: what is replaced by what.
BREAKING = {
    "a function is gone": ("WARD_API size_t ward_tee_count(void) WARD_NOEXCEPT;\n", ""),
    "a function has another name": ("ward_tee_count(void)", "ward_tees_count(void)"),
    "a parameter has another type": ("ward_tee_at(size_t index", "ward_tee_at(uint32_t index"),
    "a result has another type": ("WARD_API size_t ward_needs_count", "WARD_API uint32_t ward_needs_count"),
    "a parameter more": ("ward_tee_at(size_t index, ", "ward_tee_at(size_t index, size_t more, "),
    "a member is gone": ("  const char* media_type;\n", ""),
    "a member in the middle": ("  const char* media_type;\n", "  const char* media_type;\n  size_t more;\n"),
    "a member has another type": ("  int64_t date;", "  int32_t date;"),
    "members change places": ("  const char* name;\n  const char* text;", "  const char* text;\n  const char* name;"),
    "an enumerator has another value": ("WARD_UNDETERMINED = 3", "WARD_UNDETERMINED = 2"),
    "a member is gone at the end": ("  size_t check_count;       // checks that its appraisals may list\n", ""),
    "an enumerator is gone": ("  WARD_ORIGIN_COLLATERAL = 3,\n", ""),
}
ADDING = {
    "nothing": ("", ""),
    "a function": ("WARD_API size_t ward_tee_count", "WARD_API size_t ward_more(void) WARD_NOEXCEPT;\nWARD_API size_t ward_tee_count"),
    "an enumerator": ("WARD_ORIGIN_CALLER = 4", "WARD_ORIGIN_CALLER = 4,\n  WARD_ORIGIN_MORE = 5"),
    "a member at the end": ("} ward_need;", "  size_t more;\n} ward_need;"),
    "two members at the end": ("} ward_check;", "  size_t more;\n  int32_t even_more;  // a; b\n} ward_check;"),
    "a comment": ("#pragma once", "#pragma once  // once"),
}


def judge(old, new):
    """judge runs abi.py on a tree with one change of the header."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        shutil.copytree(ROOT / "lib/ward/abi", root / "lib/ward/abi")
        shutil.copy(ROOT / "lib/ward/libward.map", root / "lib/ward")
        (root / "include/ward").mkdir(parents=True)
        text = (ROOT / "include/ward/ward.h").read_text()
        if old not in text:
            raise AssertionError(f"ward.h has no {old!r}")
        (root / "include/ward/ward.h").write_text(text.replace(old, new, 1) if old else text)
        return subprocess.run([sys.executable, ROOT / "tools/abi.py", root], capture_output=True, text=True)


class Abi(unittest.TestCase):
    def test_what_breaks_programs_is_found(self):
        for name, (old, new) in BREAKING.items():
            with self.subTest(name):
                done = judge(old, new)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn("begins libward.so.2", done.stdout)

    def test_what_is_added_passes(self):
        for name, (old, new) in ADDING.items():
            with self.subTest(name):
                done = judge(old, new)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertEqual("ward_more" in done.stdout, name == "a function")

    def test_a_declaration_that_cannot_be_read_is_a_failure(self):
        done = judge("ward_tee_count(void) WARD_NOEXCEPT;", "ward_tee_count(void);")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cannot read", done.stderr)


if __name__ == "__main__":
    if shutil.which("abidiff") is None:
        print("no abidiff: install abigail-tools")
        sys.exit(77)
    unittest.main()
