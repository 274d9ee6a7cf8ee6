"""What somebody sees who may look into processes: their memory, as the kernel shows it in /proc."""
import contextlib
import dataclasses
import os
import pathlib
import signal
import time
from collections.abc import Iterator
from typing import BinaryIO

CHUNK = 1 << 22
STOP_SECONDS = 5
STOPPED = ("T", "t")
KERNELS_OWN = ("[vvar]", "[vvar_vclock]", "[vsyscall]")  # which it keeps from every reader


@dataclasses.dataclass(frozen=True)
class Sight:
    """Sight is a plaintext in another's memory."""

    pid: int
    program: str
    mapping: str
    address: int


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
        if name and name[0].strip() in KERNELS_OWN:
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


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """stopped holds a process still meanwhile, as one may who owns the machine. Raises OSError where it is gone."""
    os.kill(pid, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + STOP_SECONDS
        while state(pid) not in STOPPED:
            if time.monotonic() > deadline:
                raise OSError(f"process {pid} does not stop")
            time.sleep(0.001)
        yield
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except OSError:  # it was ended meanwhile
            pass


def state(pid: int) -> str:
    """state is the letter of /proc/PID/stat. Raises OSError where the process is gone."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def look_stopped(pid: int, plaintext: bytes) -> Sight | None:
    try:
        with stopped(pid):
            return look(pid, plaintext)
    except OSError:
        return None


@dataclasses.dataclass
class Snapshot:
    """Snapshot is a copy of a process's memory. What could not be read of it is named, never passed over."""

    octets: int = 0
    unread: list[str] = dataclasses.field(default_factory=list)


def snapshot(pid: int, file: pathlib.Path) -> Snapshot:
    """snapshot copies the memory of a process, which is held still meanwhile, to a file."""
    taken = Snapshot()
    about = f"process {pid} ({command_line(pid) or 'gone'})"
    try:
        with stopped(pid), open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, file.open("wb") as out:
            listed = mappings(pid)
            if not listed:
                taken.unread.append(f"{about}: it has no memory: it ended")
            for begin, end, name in listed:
                copy_mapping(memory, (begin, end), out, taken, f"{about}, {name}")
    except OSError as error:
        taken.unread.append(f"{about}: {error.strerror or error}")
    return taken


def copy_mapping(memory: BinaryIO, bounds: tuple[int, int], out: BinaryIO, taken: Snapshot, about: str) -> None:
    at, end = bounds
    while at < end:
        try:
            memory.seek(at)
            octets = memory.read(min(CHUNK, end - at))
        except OSError as error:
            taken.unread.append(f"{about} at {at:#x}: {error.strerror or error}")
            return
        if not octets:
            taken.unread.append(f"{about} at {at:#x}: it ended")
            return
        out.write(octets)
        taken.octets += len(octets)
        at += len(octets)
