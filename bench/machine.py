"""The machine that a run was made on: figures of two machines are not compared."""
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def commit():
    """The commit, with a + where files differ from it; "unknown" outside a checkout."""
    try:
        run = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty=+"], capture_output=True, text=True,
                             check=False)
    except FileNotFoundError:
        return "unknown"
    return run.stdout.strip() or "unknown"


def describe(about):
    """`about` is what ward_bench says of itself."""
    return {"cpu": cpu(), "cores": len(os.sched_getaffinity(0)), "kernel": f"Linux {platform.release()}",
            "compiler": about["compiler"], "libraries": about["libraries"], "ward": commit(),
            "load": round(os.getloadavg()[0], 2)}
