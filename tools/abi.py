#!/usr/bin/env python3
"""Fails when libward's C ABI is no longer the one that is recorded in lib/ward/abi. usage: abi.py [--update] [ROOT]

What include/ward/ward.h declares is compiled as C, every function with an empty body, so that no flag and no type behind
the handles has a part in it; abidw writes down what that is, and abidiff compares. That the built library exports what
the header declares is libward.symbols' business. Functions, enumerators and members at the end of a structure may be
added; --update then records them, so that from there on they are kept too.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

STRUCTURE = re.compile(r"^(typedef struct (ward_\w+) \{\n)(.*?)(^\} \2;)", re.M | re.S)
DECLARATION = re.compile(r"^WARD_API\s+([^;()]*?)\b(ward_\w+)\(([^;()]*)\)\s+WARD_NOEXCEPT;", re.M)
RECORDED = "lib/ward/abi/ward-1.abi"
ABI_CHANGE = 4  # abidiff's exit status is a sum; 8: incompatible


def stub(header):
    """stub is C code with a body for every function that the header declares."""
    functions = DECLARATION.findall(header)
    if not functions or len(functions) != len(re.findall(r"^WARD_API", header, re.M)):
        raise SystemExit("abi: ward.h has a declaration that abi.py cannot read: write `WARD_API type name(...) WARD_NOEXCEPT;`")
    bodies = [f"{result}{name}({arguments}) {{ {'' if result.strip() == 'void' else 'return 0;'} }}"
              for result, name, arguments in functions]
    return "#include <ward/ward.h>\n" + "\n".join(bodies) + "\n"


def as_recorded(header, recorded):
    """as_recorded cuts members off that were added at the end of a structure since it was recorded: abidiff cannot be
    told that those, and only those, are in order."""
    counts = {name: body.count("<data-member ") for name, body in
              re.findall(r"<class-decl name='(ward_\w+)' size-in-bits(.*?)</class-decl>", recorded, re.S)}

    def cut(match):
        head, name, body, tail = match.groups()
        members = [m for m in re.sub(r"//.*", "", body).split(";") if m.strip()]
        return head + "".join(f"{m};" for m in members[:counts.get(name, len(members))]) + "\n" + tail

    return STRUCTURE.sub(cut, header)


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True)


def describe(root, header, work):
    """describe writes the ABI of a header as XML, and returns the path."""
    source, library, out = work / "stub.c", work / "libward.so", work / "ward.abi"
    (work / "ward").mkdir(parents=True)
    (work / "ward/ward.h").write_text(header)
    source.write_text(stub(header))
    for command in (["gcc", "-std=c99", "-g", "-O0", "-fPIC", "-shared", "-nostdlib", "-w", f"-I{work}", f"-ffile-prefix-map={work}=.",
                     f"-Wl,--version-script={root}/lib/ward/libward.map", "-Wl,-soname,libward.so.1", source, "-o", library],
                    ["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file", out, library]):
        done = run(*command)
        if done.returncode != 0:
            raise SystemExit(f"abi: {command[0]} failed:\n{done.stderr}")
    return out


def compare(root, now):
    """compare returns what changed, "" where all that was recorded is kept."""
    done = run("abidiff", "--no-added-syms", root / RECORDED, now)
    if done.returncode & ~(ABI_CHANGE | 8):
        raise SystemExit(f"abi: abidiff failed:\n{done.stderr}{done.stdout}")
    return done.stdout if done.returncode else ""


def functions_in(path):
    return set(re.findall(r"elf-symbol name='(\w+)'", path.read_text()))


def main(argv):
    update = "--update" in argv
    places = [a for a in argv[1:] if a != "--update"]
    root = pathlib.Path(places[0] if places else ".").resolve()
    header, recorded = (root / "include/ward/ward.h").read_text(), root / RECORDED
    with tempfile.TemporaryDirectory() as folder:
        work, changed = pathlib.Path(folder), ""
        now = describe(root, header, work / "now")
        if recorded.exists():
            changed = compare(root, describe(root, as_recorded(header, recorded.read_text()), work / "cut"))
        if changed:
            print(changed.strip())
            print("abi: programs that were built with libward.so.1 would break. Take the change back, and add a function, an "
                  "enumerator or a member at a structure's end instead; what must change begins libward.so.2 and WARD_2.0 "
                  f"(docs/adr/libward.md)")
            return 1
        if update:
            recorded.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(now, recorded)
        elif new := functions_in(now) - functions_in(recorded):
            print(f"abi: new, and not kept until `python3 tools/abi.py --update` records it: {' '.join(sorted(new))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
