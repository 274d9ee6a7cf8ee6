"""Runs ward for a cheat, as the operator and in the operator's network, and keeps what ward itself said."""
import base64
import dataclasses
import json
import os
import pathlib
import socket
import threading

from parties import Party

MAX_REQUEST = 1 << 20
JSON = "--json"


@dataclasses.dataclass(frozen=True)
class Answer:
    """Answer is one run of ward. `report` is its JSON object, where it printed one (ward.keep-run/1)."""

    argv: list[str]
    exit: int
    stdout: bytes
    stderr: bytes
    report: dict[str, object]


class Asking:
    """Asking listens at a socket that the operator alone may use, until close()."""

    def __init__(self, path: pathlib.Path, operator: Party, ward: pathlib.Path) -> None:
        self._operator, self._ward = operator, ward
        self._answers: list[Answer] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        os.chmod(path, 0o600)
        if operator.user_id is not None:
            os.chown(path, operator.user_id, operator.user_id, follow_symlinks=False)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def take(self) -> list[Answer]:
        """take returns what ward answered since the last call."""
        taken, self._answers = self._answers, []
        return taken

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed: the end
                return
            with client:
                try:
                    self._answer(client)
                except (OSError, ValueError, KeyError, TypeError):  # who asks went away, or asks no such thing
                    continue

    def _answer(self, client: socket.socket) -> None:
        with client.makefile("rb") as stream:
            asked = json.loads(stream.readline(MAX_REQUEST))
        answer = self._run([str(word) for word in asked["argv"]], str(asked["folder"]))
        self._answers.append(answer)
        told = {"exit": answer.exit, "stdout": base64.b64encode(answer.stdout).decode(),
                "stderr": base64.b64encode(answer.stderr).decode()}
        client.sendall(json.dumps(told).encode() + b"\n")

    def _run(self, argv: list[str], folder: str) -> Answer:
        """_run: a keep's run is asked for its report, which names what refused it apart from any text."""
        reported = argv[:2] == ["keep", "run"] and JSON not in argv
        words = [*argv[:2], JSON, *argv[2:]] if reported else argv
        done = self._operator.try_run("sh", "-c", 'cd -- "$1" && shift && exec "$@"', "sh", folder, self._ward, *words)
        try:
            report = json.loads(done.stdout) if reported else {}
        except ValueError:
            report = {}
        return Answer(argv, done.returncode, b"" if reported else done.stdout, done.stderr, report)

    def close(self) -> None:
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join(5)
