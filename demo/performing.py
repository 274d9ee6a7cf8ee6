"""The work itself: in the keep, and beside it the same work without ward, under the same observer."""
import dataclasses
import pathlib
import subprocess
from collections.abc import Callable

import observer
import processes
from leak_places import Place
from leak_search import ProvesNothing
from parties import CommandFailed, Party, folder_for
from service import Machine, Running
from wire import Wire
from world import ENVIRONMENT, OUTPUT, PYTHON, World

READ_MARK = b"infer: "  # infer.py says so when it has read the records


@dataclasses.dataclass(frozen=True)
class Performed:
    """Performed is a finished run and what an observer took of it."""

    output: bytes
    stdout: pathlib.Path
    places: list[Place]


def watched(party: Party, words: list[object], files: tuple[pathlib.Path, pathlib.Path],
            look: Callable[[int], None]) -> None:
    """watched runs a command, its stdout and stderr into files, and looks once its workload has read the inputs."""
    stdout, stderr = files
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = party.start(*words, more=ENVIRONMENT, stdout=subprocess.PIPE, stderr=err)
        looked = False
        try:
            for line in process.stdout:
                out.write(line)
                if not looked and line.startswith(READ_MARK):
                    look(process.pid)
                    looked = True
            code = process.wait()
        finally:  # interrupted: what was started does not stay
            if process.poll() is None:
                process.terminate()
                process.wait()
    if code != 0 or not looked:
        raise CommandFailed(f"{party.name}: {words[0]} ended with {code}: {stderr.read_text()[-800:]}")


def launcher_of(pids: list[int]) -> list[int]:
    """launcher_of keeps the processes outside the keep: those in no pid namespace below our own. One that is gone
    is kept, too: its snapshot says so."""
    def depth(pid: object) -> int:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return len(next(line for line in status.splitlines() if line.startswith("NSpid:")).split())

    def outside(pid: int) -> bool:
        try:
            return depth(pid) <= depth("self")
        except (OSError, StopIteration):
            return True

    return [pid for pid in pids if outside(pid)]


def snapshots(pids: list[int], folder: pathlib.Path) -> None:
    """snapshots raises ProvesNothing where a memory could not be copied whole: who sees half proves nothing."""
    folder.mkdir()
    for pid in pids:
        taken = observer.snapshot(pid, folder / f"{pid}.memory")
        if taken.unread:
            raise ProvesNothing(f"the launcher's memory was not read whole: {taken.unread[0]}")


def run_in_keep(world: World, machine: Machine, socket: pathlib.Path) -> Performed:
    """run_in_keep: the operator runs the manifest; whoever owns the machine looks at everything outside."""
    operator = world["operator"]
    operator.make_folder("out")
    stdout, stderr = world.logs / "keep.stdout", world.logs / "keep.stderr"
    memory = world.observer / "launcher"

    def look(pid: int) -> None:
        snapshots(launcher_of([pid, machine.pid, *processes.descendants(machine.pid)]), memory)

    watched(operator, [world.ward, "keep", "run", "manifest.toml", "--softd", socket, "--out", "out"],
            (stdout, stderr), look)
    places = [Place("operator's files", "files", path=operator.folder),
              Place("recorded exchange", "exchange", path=world.wire.folder),
              Place("stdout", "stdout", path=stdout),
              Place("launcher's memory", "launcher", path=memory),
              Place("broker's database", "database", path=world.service.database)]
    return Performed(b"", stdout, places)


def open_output(world: World) -> bytes:
    """open_output: the researcher checks where the output comes from before a byte of it is written."""
    researcher = world["researcher"]
    researcher.run("curl", "-sS", "--fail", "--cacert", world.public / "broker.pem", "-o", "jwks.json",
                   world.broker_url("researcher") + "/.well-known/jwks.json")
    sealed = researcher.receive(world["operator"], f"out/{OUTPUT}.sealed")
    done = researcher.try_run(*opening(world, sealed))
    if done.returncode != 0:
        raise CommandFailed(f"the researcher cannot open the output: {done.stderr.decode()}")
    return researcher.read(OUTPUT)


def opening(world: World, sealed: pathlib.Path) -> list[object]:
    """opening is how the researcher opens whatever is handed over as the output."""
    ids = sorted(world.file_ids.items())
    inputs = [word for name, number in ids for word in ("--expect-input", f"{name}={number}")]
    return [world.ward, "open", sealed, "--identity", "researcher.pem", "--jwks", "jwks.json", "--issuer",
            world.service.name, "--expect-workload", world.workload, *inputs, "--allow-development", "--expect-name",
            OUTPUT, "-o", OUTPUT, "--force", "--json"]


def run_plain(world: World) -> Performed:
    """run_plain: the same job where everybody trusts the operator. It must be seen to leak."""
    folder = world.settings.work / "plain"
    folder.mkdir(mode=0o755)
    trust, operator = (Party(name, folder_for(folder / name, of.user_id), of.user_id, of.network)
                       for name, of in (("share", world["trust"]), ("operator", world["operator"])))
    script = world.publish_file(world.settings.demo / "share.py")
    database, memory = trust.folder / "share.db", world.observer / "plain"
    log = world.logs / "share.log"
    share = Running(trust.start(PYTHON, "-s", script, "serve", database, stdout=subprocess.PIPE), "stdout", log)
    wire = Wire(folder / "wire")
    try:
        share.wait_for("listening")
        port = int(log.read_text().rsplit(None, 1)[1])
        for name, owner in (("records.csv", "hospital"), ("weights.pt", "vendor"), ("model.py", "vendor")):
            url = f"http://127.0.0.1:{wire.join(world[owner], trust.network, port)}"
            world[owner].run(PYTHON, "-s", script, "put", url, name)
        url = f"http://127.0.0.1:{wire.join(operator, trust.network, port)}"
        stdout = world.logs / "plain.stdout"
        words = [PYTHON, "-s", script, "work", url, operator.folder, world.public / "infer.py"]
        watched(operator, words, (stdout, world.logs / "plain.stderr"), lambda pid: snapshots([pid], memory))
    finally:
        share.stop()
        wire.close()
    places = [Place("operator's files", "files", path=operator.folder),
              Place("recorded exchange", "exchange", path=wire.folder),
              Place("launcher's memory", "launcher", path=memory),
              Place("broker's database", "database", path=database)]
    return Performed(operator.read(f"out/{OUTPUT}"), stdout, places)
