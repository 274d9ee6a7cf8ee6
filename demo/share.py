"""The same job in a world without ward: a file share that everybody trusts, because they have to.

    share.py serve DATABASE           keeps what is uploaded in a SQLite database; prints its port
    share.py put URL FILE             uploads
    share.py work URL FOLDER INFER    downloads the inputs, runs INFER on them, uploads what it wrote

It is the control of the leak search: same data, same programs, same observer.
"""
import http.server
import pathlib
import sqlite3
import subprocess
import sys
import urllib.request

INPUTS = ("records.csv", "weights.pt", "model.py")
OUTPUT = "predictions.csv"


class Share(http.server.BaseHTTPRequestHandler):
    """Share answers GET /NAME and PUT /NAME from a table."""

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.server.database_path)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        with self.database() as database:
            database.execute("INSERT OR REPLACE INTO file VALUES (?, ?)", (self.path[1:], content))
        self._reply(200, b"")

    def do_GET(self) -> None:
        row = self.database().execute("SELECT content FROM file WHERE name = ?", (self.path[1:],)).fetchone()
        self._reply(200, row[0]) if row else self._reply(404, b"")

    def _reply(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, database_path: str) -> None:
        self.database_path = database_path
        sqlite3.connect(database_path).execute("CREATE TABLE file (name TEXT PRIMARY KEY, content BLOB)")
        super().__init__(("127.0.0.1", 0), Share)


def put(url: str, name: str, content: bytes) -> None:
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{name}", content, method="PUT")):
        pass


def work(url: str, folder: pathlib.Path, infer: str) -> int:
    inputs, outputs = folder / "in", folder / "out"
    inputs.mkdir()
    outputs.mkdir()
    content = {name: urllib.request.urlopen(f"{url}/{name}").read() for name in INPUTS}
    for name, octets in content.items():
        (inputs / name).write_bytes(octets)
    done = subprocess.run([sys.executable, "-s", infer, str(inputs), str(outputs)], check=False)
    if done.returncode == 0:
        put(url, OUTPUT, (outputs / OUTPUT).read_bytes())
    return done.returncode


def main(argv: list[str]) -> int:
    if argv[0] == "serve":
        server = Server(argv[1])
        print(f"listening on {server.server_address[1]}", flush=True)
        server.serve_forever()
    elif argv[0] == "put":
        put(argv[1], pathlib.Path(argv[2]).name, pathlib.Path(argv[2]).read_bytes())
    else:
        return work(argv[1], pathlib.Path(argv[2]), argv[3])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
