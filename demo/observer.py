"""What somebody sees who may look into processes: their memory, as the kernel shows it in /proc."""
import dataclasses
import os
import pathlib
import signal

CHUNK = 1 << 22


@dataclasses.dataclass(frozen=True)
class Sight:
    """Sight is a plaintext in another's memory."""

    pid: int
    program: str
    mapping: str
    address: int


def descendants(root: int) -> list[int]:
    """descendants lists the processes below `root`, by the parents that /proc names."""
    parents: dict[int, int] = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents[int(entry.name)] = int(after_name[1])
    found, new = [], [root]
    while new:
        new = [pid for pid, parent in parents.items() if parent in new]
        found += new
    return found


def command_line(pid: int) -> str:
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def mappings(pid: int) -> list[tuple[int, int, str]]:
    """mappings lists begin, end and name of what the process may read; program files are left out."""
    out = []
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        bounds, rights, _, _, inode, *name = line.split(None, 5)
        if rights[0] != "r" or (inode != "0" and "w" not in rights):
            continue
        if name and name[0].strip() in ("[vvar]", "[vsyscall]"):
            continue
        begin, end = (int(number, 16) for number in bounds.split("-"))
        out.append((begin, end, name[0].strip() if name else "anonymous"))
    return out


def look(pid: int, plaintext: bytes) -> Sight | None:
    """look finds a plaintext in a process; None where it is not there (or may not be looked for)."""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for begin, end, name in mappings(pid):
                for at in range(begin, end, CHUNK):
                    try:
                        memory.seek(at)
                        block = memory.read(min(CHUNK + len(plaintext), end - at))
                    except OSError:  # a page that cannot be read; memfd_secret is one
                        continue
                    if (found := block.find(plaintext)) >= 0:
                        return Sight(pid, command_line(pid), name, at + found)
    except OSError:
        return None
    return None


def look_stopped(pid: int, plaintext: bytes) -> Sight | None:
    """look_stopped holds the process still meanwhile, as one may who owns the machine."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except OSError:
        return None
    try:
        return look(pid, plaintext)
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except OSError:  # it was ended meanwhile
            pass


def snapshot(pid: int, file: pathlib.Path) -> int:
    """snapshot copies what can be read of a process's memory to a file; returns the octets, 0 where nothing can."""
    size = 0
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, file.open("wb") as out:
            for begin, end, _ in mappings(pid):
                for at in range(begin, end, CHUNK):
                    try:
                        memory.seek(at)
                        size += out.write(memory.read(min(CHUNK, end - at)))
                    except OSError:
                        break
    except OSError:
        return size
    return size
