"""The demo's own processes, and how all of them end, whatever ends the demo.

Every command gets a session of its own, so that the terminal's Ctrl-C reaches the demo alone, which then ends
the others in order. What lost its parent meanwhile becomes the demo's child (PR_SET_CHILD_SUBREAPER), so that
nothing escapes end_all().
"""
import ctypes
import os
import pathlib
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ASK_SECONDS = 2  # between asking a process to end and killing it
WAIT_SECONDS = 20


def be_asked_to_end() -> None:
    """be_asked_to_end makes SIGTERM and SIGHUP what Ctrl-C is: KeyboardInterrupt, once. The next ones are ignored:
    the demo is ending already. A SIGHUP that was ignored from the start (nohup) stays so."""

    def end(*_: object) -> None:
        ignore_signals()
        raise KeyboardInterrupt

    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


def ignore_signals() -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def adopt_orphans() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def parents() -> dict[int, int]:
    """parents is every process and its parent, as /proc names them."""
    out: dict[int, int] = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        out[int(entry.name)] = int(after_name[1])
    return out


def descendants(root: int) -> list[int]:
    """descendants lists the processes below `root`."""
    all_parents = parents()
    found: list[int] = []
    new = [root]
    while new:
        new = [pid for pid, parent in all_parents.items() if parent in new]
        found += new
    return found


def send(pid: int, number: int) -> None:
    """send signals a process below this one, and no other that got its number meanwhile."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:  # it ended meanwhile
        return
    try:
        if pid in descendants(os.getpid()):
            signal.pidfd_send_signal(handle, number)
    except OSError:
        pass
    finally:
        os.close(handle)


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_all() -> list[int]:
    """end_all ends every process below this one: it asks, then kills; returns those that are left nevertheless."""
    began = time.monotonic()
    asked: set[int] = set()
    while True:
        reap()
        left = descendants(os.getpid())
        passed = time.monotonic() - began
        if not left or passed > WAIT_SECONDS:
            return left
        for pid in left:
            if passed > ASK_SECONDS:
                send(pid, signal.SIGKILL)
            elif pid not in asked:
                asked.add(pid)
                send(pid, signal.SIGTERM)
        time.sleep(0.02)
