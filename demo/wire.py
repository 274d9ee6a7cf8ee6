"""The network between the parties: a relay that carries every octet and keeps a copy of it.

It listens on the loopback address of a party's own network namespace and connects in another's, the trust
service's. It sees what anybody sees who owns the network: that is what the leak search looks through.
"""
import dataclasses
import json
import pathlib
import socket
import threading
import time

from parties import Network, Party, _in_thread

CHUNK = 65536
LOOPBACK = "127.0.0.1"


@dataclasses.dataclass(frozen=True)
class Piece:
    """Piece is what came through in one reading."""

    seconds: float  # since the recording began
    to_service: bool
    offset: int  # in its direction's file
    size: int


class Connection:
    """Connection is one recorded connection: two files, and in which order they grew."""

    def __init__(self, folder: pathlib.Path, party: str, number: int, began: float) -> None:
        self.party, self.number, self._began = party, number, began
        self.files = {True: folder / f"{number:03d}-{party}-to-service.bin",
                      False: folder / f"{number:03d}-{party}-from-service.bin"}
        for file in self.files.values():
            file.touch(0o600)
        self.pieces: list[Piece] = []
        self._sizes = {True: 0, False: 0}
        self._lock = threading.Lock()

    def record(self, to_service: bool, octets: bytes) -> None:
        """record comes before the octets are sent on: nothing passes unrecorded."""
        with self._lock, self.files[to_service].open("ab") as file:
            file.write(octets)
            self.pieces.append(Piece(time.monotonic() - self._began, to_service, self._sizes[to_service], len(octets)))
            self._sizes[to_service] += len(octets)

    def describe(self) -> dict[str, object]:
        with self._lock:
            return {"party": self.party, "number": self.number, "pieces": [dataclasses.asdict(p) for p in self.pieces],
                    "to_service": str(self.files[True]), "from_service": str(self.files[False])}


class Wire:
    """Wire is the recording network. Its threads end with it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.connections: list[Connection] = []
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._listeners: list[socket.socket] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def join(self, party: Party, service: Network | None, port: int) -> int:
        """join lets a party reach the service's port; returns the port on the party's loopback address."""

        def listen() -> socket.socket:
            if party.network is not None:
                party.network.enter()
            listener = socket.create_server((LOOPBACK, 0))
            listener.settimeout(None)
            return listener

        listener = _in_thread(listen)
        self._listeners.append(listener)
        self._start(self._accept, listener, party.name, service, port)
        return listener.getsockname()[1]

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, party: str, service: Network | None, port: int) -> None:
        if service is not None:
            service.enter()
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed: the end
                return
            try:
                server = socket.create_connection((LOOPBACK, port))
            except OSError:  # nothing listens there: the client sees the connection end
                client.close()
                continue
            with self._lock:
                connection = Connection(self.folder, party, len(self.connections) + 1, self._began)
                self.connections.append(connection)
                self._open |= {client, server}
            self._start(self._carry, connection, client, server, True)
            self._start(self._carry, connection, server, client, False)

    def _carry(self, connection: Connection, source: socket.socket, target: socket.socket, to_service: bool) -> None:
        try:
            while octets := source.recv(CHUNK):
                connection.record(to_service, octets)
                target.sendall(octets)
        except OSError:  # one side is gone; the other one learns it below
            pass
        for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
            try:
                end.shutdown(how)
            except OSError:
                pass

    def describe(self) -> list[dict[str, object]]:
        """describe lists all connections, in the order in which they began."""
        with self._lock:
            return [connection.describe() for connection in self.connections]

    def close(self) -> None:
        for listener in self._listeners:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        with self._lock:
            for end in self._open:
                end.close()
        for thread in self._threads:
            thread.join(5)
        (self.folder / "connections.json").write_text(json.dumps(self.describe(), indent=1))
