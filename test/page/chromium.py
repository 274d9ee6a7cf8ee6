"""A page in chromium, driven by its DevTools protocol over a pair of pipes: no port, no network."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

BROWSER = shutil.which("chromium")
SECONDS = 120  # for one answer: a limit, not a measure
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--disable-extensions",
             "--disable-default-apps", "--remote-debugging-pipe"]
SAID = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded")


class Chromium:
    """Chromium is one browser with one page. `hosts` are rules for names, "MAP * ~NOTFOUND" where not given."""

    def __init__(self, hosts="MAP * ~NOTFOUND"):
        self.folder = tempfile.TemporaryDirectory()
        from_us, self.to = os.pipe()
        self.from_, to_us = os.pipe()
        self.pending, self.number, self.said, self.asked = b"", 0, [], []

        def pipes():  # the protocol's places: it reads 3 and writes 4
            os.setsid()
            read, write = os.dup(from_us), os.dup(to_us)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [BROWSER, *ARGUMENTS, f"--host-resolver-rules={hosts}", f"--user-data-dir={self.folder.name}/profile", "about:blank"],
            close_fds=False, preexec_fn=pipes, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder.name})
        os.close(from_us)
        os.close(to_us)
        targets = self.call("Target.getTargets", session=None)["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", session=None, targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)  # its own process group, and nobody else's
        self.process.wait()
        os.close(self.to)
        os.close(self.from_)
        try:
            self.folder.cleanup()
        except OSError:  # a helper of the browser that is just ending
            shutil.rmtree(self.folder.name, ignore_errors=True)

    def receive(self):
        """receive is the next message; events are taken note of."""
        end = time.monotonic() + SECONDS
        while b"\0" not in self.pending:
            if not select.select([self.from_], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("chromium does not answer")
            got = os.read(self.from_, 1 << 16)
            if not got:
                raise EOFError("chromium has ended")
            self.pending += got
        text, self.pending = self.pending.split(b"\0", 1)
        message = json.loads(text)
        if message.get("method") in SAID:
            self.said.append(message)
        if message.get("method") == "Network.requestWillBeSent":
            self.asked.append(message["params"]["request"]["url"])
        return message

    def call(self, method, session="", **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session or self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def evaluate(self, expression):
        """evaluate is a JavaScript expression's value; it may be a promise."""
        done = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def open(self, url):
        """open is there when the page and all its pictures are loaded."""
        self.call("Page.navigate", url=url)
        while self.receive().get("method") != "Page.loadEventFired":
            pass

    def look(self, path, width, height, dark=False, whole=False):
        """look writes a screenshot."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        with open(path, "wb") as out:
            out.write(base64.b64decode(shot["data"]))
