"""The places that leak_search.py looks at, as chunks of octets.

A Place has one of: `path` (a file, or a folder with everything below it), `data` (octets), `pid`.
Its `kind` says how it is read; where a kind needs nothing special it is only a word for the reader:

- files, exchange, stdout, ...   regular files, whole, holes of sparse files passed over; each file once,
          however many links it has; no symbolic link is followed; `data` as it is
- memory  every readable mapping of a running process of which pages are present or in swap, through
          /proc/PID/smaps, pagemap and mem. The process is not stopped
- database   a SQLite file: the octets of the file, -wal, -shm and -journal, and every text and blob value
          read through SQL from a copy (a value longer than a page does not lie in one piece)

What cannot be read is kept in `unread`, never passed over in silence. Only what the kernel itself keeps
from every reader ([vvar], device mappings) and what vanishes while being read is left out.
"""
import dataclasses
import errno
import os
import pathlib
import shutil
import sqlite3
import stat
import struct
import tempfile

import numpy as np

CHUNK = 4 << 20
OVERLAP = 24  # a window's length and the 8 octets that make it a multiple of 8
COPIES = 3  # a copy taken while the database is written may be torn; then another is taken
PAGE = os.sysconf("SC_PAGE_SIZE")
BLOCK = 1 << 30  # octets of address space whose page table is read at once
PRESENT_OR_SWAPPED = np.uint64(3 << 62)  # Linux, Documentation/admin-guide/mm/pagemap.rst
HELD = ("Rss:", "Swap:", "Shared_Hugetlb:", "Private_Hugetlb:")
KERNELS_OWN = ("[vvar]", "[vsyscall]", "[vdso]", "[vvar_vclock]")


@dataclasses.dataclass(frozen=True)
class Place:
    """Place is somewhere to look: exactly one of path, data and pid is given."""

    name: str
    kind: str
    path: object = None
    data: bytes = None
    pid: int = None

    def __post_init__(self):
        if sum(v is not None for v in (self.path, self.data, self.pid)) != 1:
            raise ValueError(f"{self.name}: give one of path, data and pid")
        if (self.kind == "memory") != (self.pid is not None):
            raise ValueError(f"{self.name}: memory has a pid, and nothing else has")
        if self.kind == "database" and self.path is None:
            raise ValueError(f"{self.name}: a database has a path")

    @staticmethod
    def of(name, item):
        """of: a Place for octets or for a path."""
        if isinstance(item, (bytes, bytearray, memoryview)):
            return Place(name, "data", data=bytes(item))
        return Place(name, "files", path=item)


class Reader:
    """Reader gives a place's octets as chunks and remembers which part lies at which position.

    Positions count on over all parts, each of which begins at a multiple of 8 that no other part has.
    """

    def __init__(self, place):
        self.place = place
        self.octets = 0
        self.unread = []
        self._parts = []  # (position, name, offset of the first octet within the part)
        self._names = set()
        self._position = 0
        self._buffer = bytearray(CHUNK + OVERLAP)

    @property
    def part_count(self):
        return len(self._names)

    def where(self, position):
        """where: (part, offset) of a position."""
        start, name, offset = max(p for p in self._parts if p[0] <= position)
        return name, position - start + offset

    def chunks(self):
        """chunks yields (octets, position); octets are valid until the next one."""
        if self.place.kind == "memory":
            yield from self._memory(self.place.pid)
        elif self.place.kind == "database":
            yield from self._database(pathlib.Path(self.place.path))
        elif self.place.data is not None:
            yield from self._octets(self.place.name, self.place.data)
        else:
            yield from self._tree(pathlib.Path(self.place.path))

    def _failed(self, name, error):
        self.unread.append(f"{name}: {error.strerror or error}")

    def _stream(self, name, offset, size, read):
        """_stream: chunks of one piece of a part; read(view, offset) fills the view, returns how much."""
        self._names.add(name)
        self._parts.append((self._position, name, offset))
        view, kept, done = memoryview(self._buffer), 0, 0
        base = self._position
        while done < size:
            got = read(view[kept:kept + min(CHUNK, size - done)], offset + done)
            if not got:
                break
            done += got
            self.octets += got
            yield view[:kept + got], base
            end = kept + got
            step = max(0, end - OVERLAP) // 8 * 8
            kept = end - step
            self._buffer[:kept] = self._buffer[step:end]
            base += step
        self._position += (done + 7) // 8 * 8 + 8

    def _octets(self, name, data):
        def read(view, offset):
            piece = data[offset:offset + len(view)]
            view[:len(piece)] = piece
            return len(piece)

        yield from self._stream(name, 0, len(data), read)

    def _tree(self, top):
        seen = set()
        if top.is_symlink() or not top.is_dir():
            yield from self._file(top, seen, must_exist=True)
            return
        for folder, _, names in os.walk(top, onerror=lambda e: self._failed(e.filename, e)):
            for name in sorted(names):
                yield from self._file(pathlib.Path(folder, name), seen)

    def _file(self, path, seen, must_exist=False):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            vanished = error.errno == errno.ENOENT and not must_exist
            if not vanished and error.errno not in (errno.ELOOP, errno.ENXIO):  # a link, a socket
                self._failed(path, error)
            elif must_exist:
                self._failed(path, error)
            return
        try:
            status = os.fstat(fd)
            if stat.S_ISREG(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                yield from self._open_file(str(path), fd, status.st_size)
        except OSError as error:
            self._failed(path, error)
        finally:
            os.close(fd)

    def _open_file(self, name, fd, size):
        for start, end in data_extents(fd, size):
            yield from self._stream(name, start, end - start, lambda view, at: os.preadv(fd, [view], at))

    def _memory(self, pid):
        try:
            fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
            pages = os.open(f"/proc/{pid}/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._failed(f"process {pid}", error)
            return
        try:
            for first, last, name in adjoining(held_memory(pid, pages)):
                yield from self._mapping(name, fd, first, last)
        except OSError as error:
            self._failed(f"process {pid}", error)
        finally:
            os.close(fd)
            os.close(pages)

    def _mapping(self, name, fd, first, last):
        def read(view, at):
            try:
                return os.preadv(fd, [view], at)
            except OSError as error:
                if error.errno not in (errno.EIO, errno.EFAULT):
                    raise
                self._failed(f"{name} at {at:x}", error)
                return 0

        yield from self._stream(name, first, last - first, read)

    def _database(self, path):
        for suffix in ("", "-wal", "-shm", "-journal"):
            part = path.with_name(path.name + suffix)
            if part.exists() or not suffix:
                yield from self._file(part, set(), must_exist=True)
        last = None
        for _ in range(COPIES):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    for suffix in ("", "-wal"):
                        part = path.with_name(path.name + suffix)
                        if part.exists():
                            shutil.copyfile(part, pathlib.Path(folder, "copy" + suffix))
                    yield from self._rows(pathlib.Path(folder, "copy"))
                    return
                except (OSError, sqlite3.Error) as error:
                    last = error
        self.unread.append(f"{path} through SQL: {last}")

    def _rows(self, path):
        connection = sqlite3.connect(path)
        connection.text_factory = bytes
        try:
            tables = [r[0].decode() for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                quoted = '"' + table.replace('"', '""') + '"'
                values = bytearray()
                for row in connection.execute(f"SELECT * FROM {quoted}"):
                    for value in row:
                        values += octets_of(value)
                        values += b"\0" * (8 + -len(values) % 8)
                yield from self._octets(f"table {table}", values)
        finally:
            connection.close()


def octets_of(value):
    if isinstance(value, float):
        return struct.pack("<d", value)
    return value if isinstance(value, bytes) else b""


def data_extents(fd, size):
    """data_extents: [start, end) of what is not a hole, 16 octets wider, start at a multiple of 8."""
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole up to the end
                return
            start, end = at, size  # a file system that cannot tell
        yield max(0, start - 16) // 8 * 8, min(size, end + 16)
        at = end


def readable_mappings(pid):
    """readable_mappings: (start, end, name) of those that can be read, are memory and hold a page."""
    start = end = name = None
    readable = held = False
    with open(f"/proc/{pid}/smaps") as lines:
        for line in lines:
            fields = line.split(maxsplit=5)
            if not fields[0].endswith(":"):
                if held and readable:
                    yield start, end, name
                name = fields[5].strip() if len(fields) > 5 else "anonymous"
                readable = fields[1].startswith("r") and name not in KERNELS_OWN and not name.startswith("/dev/dri")
                start, end = (int(part, 16) for part in fields[0].split("-"))
                held = False
            elif fields[0] in HELD and fields[1] != "0":
                held = True
    if held and readable:
        yield start, end, name


def held_memory(pid, pages):
    """held_memory: (first, last, name) of all that a process has in readable memory, in order."""
    for start, end, name in readable_mappings(pid):
        for first, last in present_runs(pages, start, end):
            yield first, last, f"{name} {start:x}-{end:x}"


def adjoining(pieces):
    """adjoining: pieces that touch become one, so that nothing is missed at their border."""
    now = None
    for first, last, name in pieces:
        if now and now[1] == first:
            now = (now[0], last, now[2])
            continue
        if now:
            yield now
        now = (first, last, name)
    if now:
        yield now


def present_runs(pages, start, end):
    """present_runs: [first, last) addresses of pages that are present or in swap. A page that is neither
    holds nothing: zeros that were never touched, or a file's content, which the files' search reads."""
    for block in range(start, end, BLOCK):
        size = (min(end, block + BLOCK) - block) // PAGE * 8
        entries = np.frombuffer(os.pread(pages, size, block // PAGE * 8), "<u8")
        held = np.concatenate([[0], (entries & PRESENT_OR_SWAPPED != 0).astype(np.int8), [0]])
        borders = np.flatnonzero(np.diff(held))
        for first, last in zip(borders[::2].tolist(), borders[1::2].tolist()):
            yield block + first * PAGE, block + last * PAGE
