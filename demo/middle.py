"""The operator stands between a keep of its own and the broker: middle.py URL CA CERTIFICATE KEY FOLDER

It ends the keep's TLS with its own certificate, which the keep accepts because the operator's own manifest
names it, and asks the real broker the same. So the operator comes to hold genuine messages with genuine
evidence: the last attestation message and its session's cookie are kept in FOLDER, and all requests and answers,
one a line, in exchange.jsonl. Prints its port.
"""
import base64
import http.client
import http.server
import json
import pathlib
import ssl
import sys
import time
import urllib.parse

CARRIED = ("Content-Type", "Cookie", "Authorization", "Accept")
RETURNED = ("Content-Type", "Set-Cookie")


class Middle(http.server.BaseHTTPRequestHandler):
    """Middle hands every request to the real broker, and its answer back."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/attest"):
            (self.server.folder / "attestation.json").write_bytes(content)
            (self.server.folder / "cookie").write_text(self.headers["Cookie"])
        self._ask("POST", content)

    def do_GET(self) -> None:
        self._ask("GET", None)

    def _ask(self, method: str, content: bytes | None) -> None:
        asked = time.monotonic()
        real = http.client.HTTPSConnection(self.server.broker, context=self.server.trusting)
        headers = {name: self.headers[name] for name in CARRIED if self.headers[name]}
        real.request(method, self.path, content, headers)
        answer = real.getresponse()
        octets = answer.read()
        real.close()
        self.server.record({"method": method, "path": self.path, "status": answer.status, "asked": asked,
                            "answered": time.monotonic(), "request": base64.b64encode(content or b"").decode(),
                            "answer": base64.b64encode(octets).decode()})
        self.send_response(answer.status)
        for name in RETURNED:
            if answer.getheader(name):
                self.send_header(name, answer.getheader(name))
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, url: str, ca: str, certificate: str, key: str, folder: pathlib.Path) -> None:
        self.broker = urllib.parse.urlsplit(url).netloc
        self.trusting = ssl.create_default_context(cafile=ca)
        self.folder = folder
        super().__init__(("127.0.0.1", 0), Middle)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(certificate, key)
        self.socket = own.wrap_socket(self.socket, server_side=True)

    def record(self, exchanged: dict[str, object]) -> None:
        with (self.folder / "exchange.jsonl").open("a") as file:
            file.write(json.dumps(exchanged) + "\n")


def main(argv: list[str]) -> int:
    server = Server(*argv[:4], pathlib.Path(argv[4]))
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
