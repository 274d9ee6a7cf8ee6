"""A build without tests (WARD_TESTS=OFF): it configures where GoogleTest is absent, has the programs, and no test.

usage: without_tests.py SOURCE [-D...]   the options are those that the build finds its tools by.
"""

import pathlib
import subprocess
import sys
import tempfile


def main() -> int:
    source, options = pathlib.Path(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DWARD_TESTS=OFF",
                        "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON", *options], check=True, stdout=subprocess.DEVNULL)
        listed = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], check=True, capture_output=True, text=True)
        targets = {line.split(":")[0] for line in listed.stdout.splitlines()}
    programs = {"bin/ward", "bin/wardd", "bin/ward-keep"}
    tests = sorted(name for name in targets if name.endswith(("_test", "_replay")) or "gtest" in name.lower())
    if missing := programs - targets:
        print(f"not built: {' '.join(sorted(missing))}", file=sys.stderr)
        return 1
    if tests:
        print(f"tests in a build without tests: {' '.join(tests)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
