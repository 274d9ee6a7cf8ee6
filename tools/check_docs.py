#!/usr/bin/env python3
"""Checks what the documents claim about the tree. usage: check_docs.py [ROOT]

- a relative link leads to a file;
- docs/README.md lists every page under docs/ (adr/ as a folder);
- in THREAT_MODEL.md and docs/soft-tee.md every row of a table with a column `test` names at least one test that exists:
  `Suite.Name` of a TEST or TEST_P, `Class.test_name` of a Python test, or the path of a file; a format's or protocol's page
  may name tests in a line that begins with `Tests:`, and those must exist too.
"""
import ast
import pathlib
import re
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
NAME = re.compile(r"`([^`]+)`")
PROVED = ("THREAT_MODEL.md", "soft-tee.md")  # what these pages' tables claim is shown by a test


def pages(root):
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def known_tests(root):
    names = set()
    for folder in ("src", "tee", "lib", "apps", "test"):
        for path in (root / folder).rglob("*.cc"):
            names |= {f"{suite}.{name}" for suite, name in TEST.findall(path.read_text())}
    for path in [*(root / "test").rglob("*_test.py"), *(root / "tools").rglob("*_test.py")]:
        for part in ast.parse(path.read_text()).body:
            if isinstance(part, ast.ClassDef):
                names |= {f"{part.name}.{item.name}" for item in part.body
                          if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")}
    return names


def exists(root, name, tests):
    """exists: a test with or without its part's prefix (`seal.File.opens`), or a file of the tree."""
    return any(name == t or name.endswith("." + t) for t in tests) or (root / name).is_file()


def check_links(root, page):
    for number, line in enumerate(page.read_text().splitlines(), 1):
        for target in LINK.findall(line):
            path = target.split("#")[0]
            if path and not re.match(r"[a-z]+:", path) and not (page.parent / path).exists():
                yield f"{page.relative_to(root)}:{number}: link to nothing: {target}"


def check_index(root):
    index = root / "docs/README.md"
    listed = {(index.parent / t.split("#")[0]).resolve() for t in LINK.findall(index.read_text())}
    for page in sorted((root / "docs").rglob("*.md")):
        if page != index and page.resolve() not in listed and page.parent.resolve() not in listed:
            yield f"docs/README.md: does not list {page.relative_to(root / 'docs')}"


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def check_tables(root, page, tests):
    """check_tables: rows below a header with a cell `test`, up to the end of the table."""
    column = None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if not line.startswith("|"):
            column = None
            continue
        row = cells(line)
        lower = [cell.lower() for cell in row]
        if column is None:
            column = lower.index("test") if "test" in lower else -1
        elif column >= 0 and not set(line) <= set("|-: "):
            named = NAME.findall(row[column]) if column < len(row) else []
            if not named:
                yield f"{page.relative_to(root)}:{number}: the row names no test"
            for name in named:
                if not exists(root, name, tests):
                    yield f"{page.relative_to(root)}:{number}: no such test: {name}"


def check_lists(root, page, tests):
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("Tests:"):
            for name in NAME.findall(line):
                if not exists(root, name, tests):
                    yield f"{page.relative_to(root)}:{number}: no such test: {name}"


def check(root):
    tests = known_tests(root)
    faults = [fault for page in pages(root) for fault in check_links(root, page)]
    faults += check_index(root)
    for page in pages(root):
        faults += check_lists(root, page, tests)
        if page.name in PROVED:
            faults += check_tables(root, page, tests)
    return faults


def main(argv):
    faults = check(pathlib.Path(argv[1] if len(argv) > 1 else "."))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
