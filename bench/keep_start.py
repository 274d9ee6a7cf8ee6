#!/usr/bin/env python3
"""Times the start of a keep without workload: attest, verify, key released, input open, /bin/true.

usage: keep_start.py [--runs N] [--json]; programs are taken from WARD_BIN (build/release/bin).
Runs are interleaved with `ward keep measure` of the same manifest, which reads and hashes the same files
and starts nothing; what is left is the keep's own cost. Medians, and the quartiles beside them.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test/keep"))
import world


def milliseconds(*words):
    begin = time.monotonic()
    world.ward(*words, check=0)
    return (time.monotonic() - begin) * 1000


def summary(samples):
    low, middle, high = statistics.quantiles(samples, n=4)
    return {"median_ms": round(middle, 1), "quartiles_ms": [round(low, 1), round(high, 1)]}


def measure(runs):
    made = world.World()
    socket = made.folder / "softd.sock"
    softd = subprocess.Popen([world.BIN / "softd", "--device", made.device, "--socket", socket],
                             stdout=subprocess.DEVNULL)
    try:
        world.wait_for(socket)
        manifest = made.manifest("start", ("/bin/true",))
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text[:text.index("[[output]]")], encoding="utf-8")
        made.approve(manifest)
        start, hashing = [], []
        for _ in range(runs):
            hashing.append(milliseconds("keep", "measure", manifest))
            start.append(milliseconds("keep", "run", "--quiet", "--softd", socket, manifest))
        beyond = [s - h for s, h in zip(start, hashing)]
        return {"schema": "ward.bench-keep/1", "runs": runs, "keep.start": summary(start),
                "keep.hashing": summary(hashing), "keep.start.beyond_hashing": summary(beyond),
                "ratio": round(statistics.median(start) / statistics.median(hashing), 2)}
    finally:
        softd.terminate()
        softd.wait()
        made.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(max(options.runs, 4))
    if options.json:
        print(json.dumps(result))
        return
    for name in ("keep.start", "keep.hashing", "keep.start.beyond_hashing"):
        low, high = result[name]["quartiles_ms"]
        print(f"{name:28} {result[name]['median_ms']:8.1f} ms   (quartiles {low} to {high})")
    print(f"ratio keep.start = {result['ratio']} x (1 x keep.hashing), {result['runs']} runs each")


if __name__ == "__main__":
    main()
