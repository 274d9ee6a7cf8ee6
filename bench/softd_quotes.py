"""Evidence asked for by workloads in keeps, through softd: what one keep gets, and eight at once.

A keep with many questions and one with a single question run one after the other; what the former takes longer is
the questions' own time, without the keep's start.
"""
import concurrent.futures
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test/keep"))
import world  # noqa: E402

PROBE = world.BIN.parent / "test-bin" / "ward_keep_probe"
FACES = ("sgx", "tdx", "snp")
CLIENTS = 8


def seconds(probe, socket, face, count, clients):
    """seconds that `clients` keeps take together, each with `count` questions."""
    def one(_):
        world.ward("keep", "run", "--quiet", "--softd", socket, "--tee", f"soft-{face}", "--", probe, "quotes", count, check=0)

    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))
    return time.monotonic() - begin


def measure(count, runs):
    """measure gives {(face, clients): microseconds for one piece of evidence}, medians of `runs`."""
    out = {}
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        world.ward("dev", "init", folder / "device", check=0)
        probe = shutil.copy(PROBE, folder)  # a keep takes no files of /tmp, where a checkout may lie
        socket = folder / "softd.sock"
        softd = subprocess.Popen([world.BIN / "softd", "--device", folder / "device", "--socket", socket],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            world.wait_for(socket)
            for face in FACES:
                for clients in (1, CLIENTS):
                    took = [seconds(probe, socket, face, count, clients) - seconds(probe, socket, face, 1, clients) for _ in range(runs)]
                    out[face, clients] = 1e6 * max(statistics.median(took), 0) / ((count - 1) * clients)
        finally:
            softd.terminate()
            softd.wait()
    return out
