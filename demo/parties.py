"""The parties of the story: each its own user and its own network where the demo runs as root.

As root every party is a user id of its own, whose folder nobody else may enter, in a network namespace of
its own that holds a loopback device and nothing else. As an ordinary user all parties are that user, and
nothing is kept from it.
"""
import ctypes
import dataclasses
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
FIRST_USER_ID = 61001
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class CommandFailed(Exception):
    """CommandFailed: a command of the honest story did not do what it should."""


def _in_thread(work: Callable[[], object]) -> object:
    """_in_thread runs `work` in a thread of its own, whose network namespace it may change."""
    result: list[object] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:  # handed on to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _check(code: int, what: str) -> None:
    if code != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack("16sH14x", request)[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


class Network:
    """Network is a namespace with a loopback device, alive as long as this object is open."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = _in_thread(self._make)

    def _make(self) -> int:
        _check(self._libc.unshare(CLONE_NEWNET), "a network namespace")
        _loopback_up()
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def enter(self) -> None:
        """enter moves the calling thread into the namespace."""
        _check(self._libc.setns(self.fd, CLONE_NEWNET), "entering a network namespace")

    def path(self) -> str:
        """path names the namespace to other programs, nsenter above all."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    def close(self) -> None:
        os.close(self.fd)


@dataclasses.dataclass(frozen=True)
class Party:
    """Party is one of those who do not trust one another."""

    name: str
    folder: pathlib.Path
    user_id: int | None = None  # None: the user who runs the demo
    network: Network | None = None

    def words(self, command: Sequence[object]) -> list[str]:
        """words puts before a command what makes it this party's."""
        enter = ["nsenter", f"--net={self.network.path()}", "--"] if self.network is not None else []
        return enter + self._as_user(command)

    def _as_user(self, command: Sequence[object]) -> list[str]:
        """_as_user changes the user alone: files need no network, and outlive it."""
        become: list[str] = []
        if self.user_id is not None:
            ids = [f"--reuid={self.user_id}", f"--regid={self.user_id}", "--clear-groups"]
            become = ["setpriv", *ids, "--"]
        return become + [str(word) for word in command]

    def _file(self, *command: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(self._as_user(command), input=stdin, env=self.environment(), capture_output=True,
                              check=False, start_new_session=True)

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        return {"PATH": PATH, "LANG": "C.UTF-8", "HOME": str(self.folder), **(more or {})}

    def try_run(self, *command: object, stdin: bytes = b"",
                more: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """try_run runs a command as this party, in its folder, and returns how it ended."""
        return subprocess.run(self.words(command), cwd=self.folder, input=stdin, start_new_session=True,
                              env=self.environment(more), capture_output=True, check=False)

    def run(self, *command: object, stdin: bytes = b"", more: dict[str, str] | None = None) -> str:
        """run is try_run for what must succeed; returns stdout."""
        done = self.try_run(*command, stdin=stdin, more=more)
        if done.returncode != 0:
            words = " ".join(str(word) for word in command)
            raise CommandFailed(f"{self.name}: `{words}` ended with {done.returncode}: "
                                f"{done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()

    def start(self, *command: object, more: dict[str, str] | None = None, folder: pathlib.Path | None = None,
              **options: object) -> subprocess.Popen[bytes]:
        """start runs a command that goes on; the caller ends it."""
        return subprocess.Popen(self.words(command), cwd=folder or self.folder, env=self.environment(more),
                                stdin=subprocess.DEVNULL, start_new_session=True, **options)

    # A party's folder is the party's: it may lay links there. So the demo, which may be root, never opens anything
    # below it itself. It reads and writes with the party's own rights, and gets nowhere that the party would not.

    def read(self, name: str) -> bytes:
        """read is a regular file of this party's, by its name below the party's folder."""
        path = self.folder / name
        done = self._file("sh", "-c", 'test -f "$1" && exec cat -- "$1"', "sh", path)
        if done.returncode != 0:
            raise CommandFailed(f"{self.name}: {path}: not there, or not to be read by its owner")
        return done.stdout

    def has(self, name: str) -> bool:
        """has is true where this party finds a regular file of that name."""
        return self._file("test", "-f", self.folder / name).returncode == 0

    def write(self, name: str, content: str | bytes) -> pathlib.Path:
        """write makes a file of this party's, which nobody else may read; what had its name goes."""
        path = self.folder / name
        octets = content.encode() if isinstance(content, str) else content
        done = self._file("sh", "-c", 'umask 077; rm -f -- "$1" && cat >"$1"', "sh", path, stdin=octets)
        return self._made(path, done)

    def make_folder(self, name: str) -> pathlib.Path:
        """make_folder is a new folder that only this party may enter."""
        return self._made(self.folder / name, self._file("mkdir", "-m", "700", "--", self.folder / name))

    def _made(self, path: pathlib.Path, done: subprocess.CompletedProcess[bytes]) -> pathlib.Path:
        if done.returncode != 0:
            raise CommandFailed(f"{self.name}: {path}: {done.stderr.decode(errors='replace').strip()}")
        return path

    def receive(self, giver: "Party", name: str, new_name: str = "") -> pathlib.Path:
        """receive copies a file that another party hands over."""
        return self.write(new_name or pathlib.PurePath(name).name, giver.read(name))


def folder_for(path: pathlib.Path, user_id: int | None) -> pathlib.Path:
    """folder_for makes a folder that only this user may enter. The one above it is the demo's own."""
    path.mkdir(mode=0o700)
    if user_id is not None:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchown(handle, user_id, user_id)
        finally:
            os.close(handle)
    return path


class Parties:
    """Parties makes them, below one work folder, and closes their networks at the end."""

    def __init__(self, work: pathlib.Path, names: Sequence[str], separate: bool) -> None:
        self.separate = separate
        self._all: dict[str, Party] = {}
        for number, name in enumerate(names):
            user_id = FIRST_USER_ID + number if separate else None
            folder = folder_for(work / name, user_id)
            self._all[name] = Party(name, folder, user_id, Network() if separate else None)

    def __getitem__(self, name: str) -> Party:
        return self._all[name]

    def close(self) -> None:
        for party in self._all.values():
            if party.network is not None:
                party.network.close()
