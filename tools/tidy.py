#!/usr/bin/env python3
"""The house rules that a program can check. usage: tidy.py [ROOT]

Each rule has an id. tools/tidy_ratchet.txt holds exceptions, `rule place limit reason`: a size that
may not grow further, or an occurrence that is allowed once. An exception that is no longer needed is
itself a fault. tools/tidy_test.py feeds every rule something bad.
"""
import pathlib
import re
import sys

import cxx

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 500
CODE_FOLDERS = ("src", "tee", "lib", "include", "apps", "test", "bench")

OPENSSL_NAMES = r"\b(?:EVP|SSL|BIO|X509|RAND|HMAC|OPENSSL|CRYPTO|ASN1|OSSL|PEM|ECDSA|RSA|BN)_[A-Za-z]\w*"
SECRET_NAME = r"(?:\w*_)?(?:hmac|mac|auth_tag|tag|commitment)_?"


class Ban:
    """A pattern that code may not hold, except in the places that `allowed` matches."""

    def __init__(self, rule, pattern, why, allowed=r"(?!)", only=r""):
        self.rule, self.why = rule, why
        self.pattern, self.allowed, self.only = re.compile(pattern), re.compile(allowed), re.compile(only)

    def applies(self, place):
        return self.only.match(place) and not self.allowed.match(place)


TEST = r".*_test\.cc$|test/|bench/"
BANS = (
    Ban("memcmp", r"\b(?:std::)?memcmp\s*\(|\bCRYPTO_memcmp\b", "compare with ct_equal, or with ==",
        allowed=r"src/crypto/secret\.(h|cc)$"),
    Ban("tag-compare", rf"\b{SECRET_NAME}(?:\(\))?\s*[!=]=|[!=]=\s*(?:\w+(?:\.|->))*{SECRET_NAME}\b"
        rf"|\bequal\(\s*(?:\w+(?:\.|->))*{SECRET_NAME}\b",
        "compare authentication tags with ct_equal", allowed=TEST + r"|src/(codec|pki|base)/"),
    Ban("openssl", rf'#\s*include\s+[<"]openssl/|{OPENSSL_NAMES}', "OpenSSL is for src/crypto and src/net/tls",
        allowed=r"src/crypto/|src/net/tls/|.*_test\.cc$|test/|bench/(bare|bare_exchange|allocations)\.cc$"),
    Ban("rand", r"\bs?rand\s*\(|\bstd::s?rand\b|\brandom_device\b", "randomness comes from crypto::Rng"),
    Ban("rand-engine", r"\bmt19937|\bdefault_random_engine\b|\bminstd_rand", "randomness comes from crypto::Rng",
        allowed=TEST),
    Ban("getenv", r"\b(?:secure_)?getenv\s*\(", "only programs read the environment", allowed=r"apps/|test/support/"),
    Ban("system", r"\b(?:std::)?system\s*\(|\bpopen\s*\(", "no shell: use posix_spawn or fork and exec with an argument list"),
    Ban("detach", r"(?:\.|->)detach\s*\(|\bdaemon\s*\(", "threads are joined: jthread and stop_token",
        allowed=r"src/net/lookup\.cc$"),  # a lookup of a name cannot be ended, and nobody waits for it
    Ban("sleep-in-test", r"\bsleep_for\b|\bsleep_until\b|\b[un]?(?:ano)?sleep\s*\(", "a test waits for an event, not for time",
        only=TEST),
    Ban("sleep", r"\bsleep_for\b|\bsleep_until\b|\b[un]?(?:ano)?sleep\s*\(", "libraries do not sleep",
        allowed=TEST + r"|apps/|src/(net|server|keep)/"),
    Ban("clock", r"\b(?:system|steady|high_resolution)_clock::now\b|\btime\s*\(\s*(?:nullptr|NULL|0|&)|\bclock_gettime\s*\("
        r"|\bgettimeofday\s*\(", "time is an argument: only apps, net, server and keep read a clock",
        allowed=r"apps/|bench/|src/(net|server|keep)/"),
    Ban("reinterpret-cast", r"\breinterpret_cast\b", "use as_bytes, as_text, Reader or Field",
        allowed=r"src/base/bytes\.cc$"),
    Ban("packed", r"#\s*pragma\s+pack\b|\bpacked\b\s*\)\s*\)|\[\[gnu::packed\]\]", "wire structures are read with Field or Reader",
        allowed=r"src/keep/"),  # the kernel's own structures
    Ban("throw", r"\bthrow\b", "we throw nothing: return a Result",
        allowed=TEST + r"|include/ward/(appraisal|verifier)\.h$"),  # libward's users expect it
    Ban("disabled-test", r"\bDISABLED_\w+", "a test runs or does not exist"),
    Ban("using-namespace", r"\busing\s+namespace\b", "name what is used", only=r".*\.h$"),
)
COMMENT_BANS = (
    ("todo", re.compile(r"\b(?:FIXME|XXX)\b|\bTODO\b(?!\(#\d+\): )"), "write TODO(#issue): what, or do it"),
    ("nolint", re.compile(r"\bNOLINT(?:NEXTLINE|BEGIN|END)?\b(?!\()"), "NOLINT names the check"),
)


class Fault:
    """One finding: the rule, the place that an exception would name, its size, and the text."""

    def __init__(self, rule, place, line, text, size=1):
        self.rule, self.place, self.line, self.text, self.size = rule, place, line, text, size

    def __str__(self):
        return f"{self.place}:{self.line}: {self.rule}: {self.text}"


def check_code(place, text):
    """check_code applies the rules that look at one source file."""
    code = cxx.code_of(text)
    faults = [f for ban in BANS if ban.applies(place) for f in check_ban(ban, place, code)]
    for line, comment in cxx.comments_of(text):
        faults += [Fault(rule, place, line, why) for rule, pattern, why in COMMENT_BANS if pattern.search(comment)]
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        faults.append(Fault("file-lines", place, 1, f"{lines} lines, at most {MAX_FILE_LINES}", lines))
    for name, line, size in cxx.functions_of(code):
        if size > MAX_FUNCTION_LINES:
            faults.append(Fault("function-lines", f"{place}:{name}", line,
                                f"{size} lines, at most {MAX_FUNCTION_LINES}", size))
    return faults


def check_ban(ban, place, code):
    for number, line in enumerate(code.split("\n"), 1):
        if ban.pattern.search(line):
            yield Fault(ban.rule, place, number, ban.why)


def check_header(place, text):
    """check_header: guarded, and every class and struct of a public header says what it is."""
    faults = []
    if "#pragma once" not in text:
        faults.append(Fault("pragma-once", place, 1, "a header begins with #pragma once"))
    if not re.match(r"(src|tee|lib|include)/", place) or "/internal/" in place:
        return faults
    if "//" not in text:
        return faults + [Fault("header-comment", place, 1, "a public header says what it is for")]
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not re.match(r"(?:class|struct) (?:\[\[\w+\]\] )?\w+[^;<]*\{", line):
            continue
        above = number - 1
        while above >= 0 and re.match(r"template\b|\s+requires\b", lines[above]):
            above -= 1
        if above < 0 or not (lines[above].startswith("//") or "//" in line):
            faults.append(Fault("type-comment", place, number + 1, "a public type says what it is"))
    return faults


def check_own_header(root, place, text):
    """check_own_header: x.cc includes x.h of its folder first, which proves that x.h compiles alone."""
    own = (root / place).with_suffix(".h")
    first = re.search(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text, re.M)
    if not own.is_file() or first is None or first.group(1).split("/")[-1] == own.name:
        return []
    return [Fault("own-header", place, text.count("\n", 0, first.start()) + 1, f"include {own.name} first")]


def check_testdata(root):
    """check_testdata: a folder of vectors says where they come from."""
    for folder in sorted(p for f in CODE_FOLDERS for p in (root / f).rglob("testdata") if p.is_dir()):
        source = folder / "SOURCE.md"
        if not source.is_file() or not source.read_text().strip():
            yield Fault("vectors-source", str(folder.relative_to(root)), 1, "SOURCE.md must say where the files come from")


def check_errc(root, texts):
    """check_errc: each Errc that product code returns is expected by at least one test."""
    header = root / "src/base/result.h"
    if not header.is_file():
        return
    body = re.search(r"enum class Errc[^{]*\{(.*?)\};", header.read_text(), re.S)
    names = re.findall(r"^\s*(k\w+)", body.group(1), re.M) if body else []
    tests = "\n".join(text for place, text in texts.items() if re.match(TEST, place))
    product = "\n".join(text for place, text in texts.items() if not re.match(TEST, place))
    for name in names:
        used = re.compile(rf"\bErrc::{name}\b")
        if used.search(product) and not used.search(tests):
            yield Fault("errc-untested", f"Errc::{name}", 1, "no test expects it")


def check_scripts(root):
    """check_scripts: the comment rules hold for scripts and CMake lists too."""
    places = [p for p in root.rglob("CMakeLists.txt")]
    places += [p for f in ("tools", "cmake", "demo", ".ci", *CODE_FOLDERS) for e in ("*.py", "*.sh", "*.cmake")
               for p in (root / f).rglob(e)]
    for path in sorted(set(places)):
        place = str(path.relative_to(root))
        if place.startswith("build/") or re.match(r"tools/tidy(_test)?\.py$", place):
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if "#" in line and COMMENT_BANS[0][1].search(line):
                yield Fault("todo", place, number, COMMENT_BANS[0][2])


def read_ratchet(root):
    """read_ratchet returns {(rule, place): limit}."""
    path = root / "tools/tidy_ratchet.txt"
    out = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        fields = line.split("#")[0] if line.startswith("#") else line
        if fields.strip():
            rule, place, limit = fields.split()[:3]
            out[rule, place] = int(limit)
    return out


SIZES = ("file-lines", "function-lines")


def apply_ratchet(faults, ratchet):
    """apply_ratchet drops what is excepted, and complains of exceptions that are too wide."""
    groups = {}
    for fault in faults:
        groups.setdefault((fault.rule, fault.place), []).append(fault)
    out = []
    for key, group in groups.items():
        size = group[0].size if key[0] in SIZES else len(group)
        limit = ratchet.get(key, 0)
        if size > limit:
            out += group
        elif size < limit:
            out.append(Fault("ratchet", "tools/tidy_ratchet.txt", 1, f"{key[0]} {key[1]}: lower {limit} to {size}"))
    for rule, place in ratchet.keys() - groups.keys():
        out.append(Fault("ratchet", "tools/tidy_ratchet.txt", 1, f"{rule} {place}: no longer needed, remove it"))
    return out


def check(root):
    texts = {}
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".h", ".cc"} and path.is_file():
                texts[str(path.relative_to(root))] = path.read_text()
    faults = []
    for place, text in texts.items():
        faults += check_code(place, text)
        faults += check_header(place, text) if place.endswith(".h") else check_own_header(root, place, text)
    faults += [*check_testdata(root), *check_errc(root, texts), *check_scripts(root)]
    return apply_ratchet(faults, read_ratchet(root))


def main(argv):
    faults = check(pathlib.Path(argv[1] if len(argv) > 1 else "."))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
