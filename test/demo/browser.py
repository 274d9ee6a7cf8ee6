"""A page as chromium shows it: a screenshot as pixels, what it said on its console, what it asked the network for."""
import dataclasses
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import zlib

import numpy as np

BROWSER = shutil.which("chromium")
CONSOLE = "CONSOLE"
BROWSERS_OWN = "not an origin"
LOCAL = ("file:", "data:", "chrome:")


@dataclasses.dataclass
class Shot:
    """Shot is one look at a page. `pixels` is height x width x 3."""

    pixels: np.ndarray
    console: list
    asked: list  # URLs beyond files, data and the browser's own pages


def png_pixels(octets):
    """png_pixels decodes an 8-bit RGB or RGBA PNG (PNG specification, 9.2: filters) to height x width x 3."""
    at, packed, header = 8, b"", None
    while at < len(octets):
        size, kind = struct.unpack(">I4s", octets[at:at + 8])
        data = octets[at + 8:at + 8 + size]
        header = struct.unpack(">IIBB", data[:10]) if kind == b"IHDR" else header
        packed += data if kind == b"IDAT" else b""
        at += 12 + size
    width, height, depth, colour = header
    channels = {2: 3, 6: 4}[colour]
    assert depth == 8
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    above, out = np.zeros(width * channels, np.uint8), []
    for line in lines:
        above = unfilter(int(line[0]), line[1:], above, channels)
        out.append(above)
    return np.stack(out).reshape(height, width, channels)[:, :, :3]


def unfilter(kind, line, above, channels):
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line.reshape(-1, channels), axis=0, dtype=np.uint64).astype(np.uint8).ravel()
    if kind == 2:
        return line + above
    return np.frombuffer(unfilter_octets(kind, line.tobytes(), above.tobytes(), channels), np.uint8)


def unfilter_octets(kind, line, above, channels):
    """unfilter_octets: average (3) and Paeth (4), where each octet depends on the one to its left."""
    out = bytearray(line)
    for at in range(len(out)):
        left, corner = (out[at - channels], above[at - channels]) if at >= channels else (0, 0)
        up = above[at]
        if kind == 3:
            guess = (left + up) // 2
        else:
            far = left + up - corner
            by_left, by_up, by_corner = abs(far - left), abs(far - up), abs(far - corner)
            guess = left if by_left <= by_up and by_left <= by_corner else up if by_up <= by_corner else corner
        out[at] = (out[at] + guess) & 255
    return bytes(out)


def asked_by_the_page(events):
    """asked_by_the_page: the URLs of a net log's requests that the page began, not the browser (its updates)."""
    begun = [event.get("params") or {} for event in events]
    return [str(b["url"]) for b in begun if b.get("initiator", BROWSERS_OWN) != BROWSERS_OWN and not str(b.get("url")).startswith(LOCAL)]


def look(page, width, height, dark=False):
    """look opens a file in chromium without a network and looks at its first `height` pixels."""
    with tempfile.TemporaryDirectory() as folder:
        shot, log = pathlib.Path(folder, "shot.png"), pathlib.Path(folder, "net.json")
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
                   "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-default-apps", "--disable-features=NetworkTimeServiceQuerying",
                   "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile", "--enable-logging=stderr", "--log-level=0",
                   f"--log-net-log={log}", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                   f"--window-size={width},{height}", f"--screenshot={shot}", pathlib.Path(page).as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=100, env={**os.environ, "HOME": folder})
        said = done.stderr.decode(errors="replace")
        console = [line for line in said.splitlines() if CONSOLE in line]
        events = json.loads(log.read_text())["events"]
        return Shot(png_pixels(shot.read_bytes()), console, asked_by_the_page(events))
