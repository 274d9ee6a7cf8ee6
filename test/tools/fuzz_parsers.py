"""ward_library refuses a fuzz target that does not name the files of its parser.

usage: fuzz_parsers.py SOURCE [-D...]   the options are those that the build finds its tools by.
"""

import pathlib
import subprocess
import sys
import tempfile

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(try LANGUAGES CXX)
include(CTest)
include(cmake/WardTargets.cmake)
ward_library(try SOURCES a.cc b.cc FUZZ {fuzz})
"""

# (what FUZZ says, what the refusal says; empty: it configures)
CASES = [
    ("a_fuzz.cc a.cc", ""),
    ("a_fuzz.cc a.cc!f b.cc b_fuzz.cc b.cc", ""),
    ("a_fuzz.cc", "FUZZ names no file of its parser"),
    ("a_fuzz.cc a.cc b_fuzz.cc", "FUZZ names no file of its parser"),
    ("a_fuzz.cc b_fuzz.cc b.cc", "FUZZ names no file of its parser"),
    ("a_fuzz.cc c.cc", "its parser's file c.cc does not exist"),
    ("a.cc a_fuzz.cc a.cc", "which is no fuzz target"),
]


def configure(source, options, fuzz):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "cmake").symlink_to(source / "cmake")
        for file in ("a.cc", "b.cc", "a_fuzz.cc", "b_fuzz.cc"):
            (folder / file).touch()
        (folder / "CMakeLists.txt").write_text(PROJECT.format(fuzz=fuzz))
        done = subprocess.run(["cmake", "-S", folder, "-B", folder / "build", *options], check=False,
                              capture_output=True, text=True)
    return done.returncode, " ".join(done.stderr.split())


def main() -> int:
    source, options = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    wrong = 0
    for fuzz, refusal in CASES:
        status, text = configure(source, options, fuzz)
        if (status == 0) != (refusal == "") or refusal not in text:
            print(f"FUZZ {fuzz}: status {status}, expected '{refusal}'\n{text}", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
