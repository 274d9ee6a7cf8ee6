#!/usr/bin/env python3
"""ward demo: a hospital's records and a vendor's model meet on an operator's machine, and stay secret.

Exit: 0 everything holds, the control included; 1 something does not; 2 usage; 3 the demo could not be done.
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile

DEMO = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(DEMO))
sys.dont_write_bytecode = True  # nothing is left behind but the work folder
CHEATS = ("workload-changed", "env-injected", "evidence-replayed", "evidence-relayed", "root-not-trusted",
          "tcb-out-of-date", "input-swapped", "model-rolled-back", "receiver-changed", "output-forged",
          "owner-not-approved")


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ward demo", description="The whole story on this machine: sealed data and "
                                     "code through unmodified PyTorch in an attested keep, and no key for anyone else.")
    parser.add_argument("--json", action="store_true", help="print one JSON object (ward.demo/1) and nothing else")
    parser.add_argument("--work", type=pathlib.Path, metavar="DIR",
                        help="work folder, new or empty (default: a new one below /var/tmp)")
    parser.add_argument("--cheat", type=pathlib.Path, action="append", metavar="FILE",
                        help="run this cheat only, yours or one of cheats/; may be given again")
    parser.add_argument("--data", type=pathlib.Path, metavar="FILE", help="the breast-cancer table (build/data)")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def data_file(given: pathlib.Path | None) -> pathlib.Path | None:
    places = [given] if given else [DEMO.parent / "build/data/breast_cancer.csv", pathlib.Path(
        "/usr/lib/python3/dist-packages/sklearn/datasets/data/breast_cancer.csv")]
    return next((place for place in places if place.is_file()), None)


def vectors_folder() -> pathlib.Path | None:
    named = os.environ.get("WARD_VECTORS")
    places = [pathlib.Path(named)] if named else [DEMO.parent.parent / "shared/vectors"]
    return next((place for place in places if (place / "MANIFEST.tsv").exists()), None)


def fail(code: int, what: str, hint: str = "") -> int:
    print(f"ward: error: {what}", file=sys.stderr)
    if hint:
        print(f"ward: hint: {hint}", file=sys.stderr)
    return code


def work_folder(given: pathlib.Path | None) -> pathlib.Path:
    """work_folder raises OSError where the folder cannot be made or is not empty."""
    if given is None:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-demo-", dir="/var/tmp"))
    else:
        folder = given.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OSError(f"{folder}: not empty")
    folder.chmod(0o755)  # parties enter; each folder in it has an owner
    return folder


def play(options: argparse.Namespace, work: pathlib.Path, data: pathlib.Path, cheats: list[pathlib.Path]) -> int:
    import reporting
    from leak_search import ProvesNothing
    from parties import CommandFailed
    from story import Story
    from tell import Teller
    from world import Settings, World

    tell = Teller(None if options.json else sys.stdout)
    settings = Settings(work=work, demo=DEMO, programs=options.programs, data=data, cheats=tuple(cheats),
                        vectors=vectors_folder(), separate=os.geteuid() == 0)
    try:
        world = World(settings, tell)
    except (CommandFailed, OSError) as error:
        return fail(3, str(error))
    story = Story(world)
    failure = ""
    try:
        for part in (story.prepare, story.perform, story.cheat, story.end):
            part()
    except (CommandFailed, ProvesNothing, OSError) as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "interrupted"
    finally:
        world.close()
    tell.total()
    if story.outcome.output:
        reporting.write(world, story.outcome, work / "report.html")
    if options.json:
        print(json.dumps(story.outcome.to_json(tell.seconds), indent=1))
    tell.line()
    tell.line(f"{tell.seconds['total']:.1f} s. Everything lies in {work}; look at report.html there")
    if failure:
        return fail(3, failure, f"the work folder is {work}")
    if options.json:
        print(f"ward: the work folder is {work}", file=sys.stderr)
    return 0 if story.outcome.holds() else 1


def end_in_order(*_: object) -> None:
    """end_in_order makes SIGTERM what Ctrl-C is: what was started is ended."""
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    signal.signal(signal.SIGTERM, end_in_order)
    options = arguments(argv)
    cheats = options.cheat or [DEMO / "cheats" / f"{name}.sh" for name in CHEATS]
    missing = next((cheat for cheat in cheats if not cheat.is_file()), None)
    if missing:
        return fail(2, f"{missing}: no such cheat", f"the shipped ones are in {DEMO / 'cheats'}")
    data = data_file(options.data)
    if data is None:
        return fail(3, "the breast-cancer table is not here", "./run demo fetches it, or give --data FILE")
    try:
        work = work_folder(options.work)
    except OSError as error:
        return fail(2, str(error), "--work DIR takes a new or empty folder")
    return play(options, work, data, cheats)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
