#!/usr/bin/env python3
"""ward demo: a hospital's records and a vendor's model meet on an operator's machine, and stay secret.

Exit: 0 everything holds, the control included; 1 something does not; 2 usage; 3 the demo could not be done.
"""
import argparse
import json
import os
import pathlib
import sys

DEMO = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(DEMO))
sys.dont_write_bytecode = True  # nothing is left behind but the work folder


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


def is_the_table(data: pathlib.Path) -> bool:
    """is_the_table reads it as the workload will: OSError where it cannot be read."""
    import csv
    import importlib.util
    spec = importlib.util.spec_from_file_location("records", DEMO / "workload/records.py")
    records = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(records)
    try:
        return bool(records.read(data))
    except (ValueError, csv.Error):
        return False


def vectors_folder() -> pathlib.Path | None:
    named = os.environ.get("WARD_VECTORS")
    places = [pathlib.Path(named)] if named else [DEMO.parent.parent / "shared/vectors"]
    return next((place for place in places if (place / "MANIFEST.tsv").exists()), None)


class Failing:
    """Failing tells what is wrong on stderr and, with --json, in an object (ward.error/1), as ward does."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json

    def __call__(self, code: int, what: str, hint: str = "") -> int:
        print(f"ward: error: {what}", file=sys.stderr)
        if hint:
            print(f"ward: hint: {hint}", file=sys.stderr)
        if self._json:
            print(json.dumps({"schema": "ward.error/1", "exit": code, "error": what, "hint": hint or None}, indent=1))
        return code


def tell_the_story(story: object) -> str:
    """tell_the_story returns what kept it from its end; empty where nothing did."""
    from leak_search import ProvesNothing
    from parties import CommandFailed
    try:
        for part in (story.prepare, story.perform, story.cheat, story.end):
            part()
    except (CommandFailed, ProvesNothing, OSError) as error:
        return str(error)
    except Exception as error:  # a mistake of the demo's own: what was started ends all the same
        return f"{type(error).__name__}: {error}"
    return ""


def play(options: argparse.Namespace, work: pathlib.Path, data: pathlib.Path, cheats: list[pathlib.Path]) -> int:
    import processes
    import reporting
    from story import Story
    from tell import Teller
    from world import Settings, World

    fail = Failing(False)  # the story's own object says how far it got
    tell = Teller(None if options.json else sys.stdout)
    settings = Settings(work=work, demo=DEMO, programs=options.programs, data=data, cheats=tuple(cheats),
                        vectors=vectors_folder(), separate=os.geteuid() == 0)
    processes.adopt_orphans()
    world = story = None
    failure = ""
    try:
        world = World(settings, tell)
        story = Story(world)
        failure = tell_the_story(story)
    except KeyboardInterrupt:
        failure = "interrupted"
    except Exception as error:
        failure = str(error) or type(error).__name__
    finally:
        processes.ignore_signals()
        try:
            if world is not None:
                world.close()
        finally:
            left = processes.end_all()
    if left:
        failure = failure or f"{len(left)} processes did not end: {left}"
    tell.total()
    if story is None:
        return Failing(options.json)(3, failure, f"the work folder is {work}")
    if story.outcome.output:
        reporting.write(world, story.outcome, work / "report.html")
    if options.json:
        print(json.dumps({**story.outcome.to_json(tell.seconds), "error": failure or None}, indent=1))
    tell.line()
    tell.line(f"{tell.seconds['total']:.1f} s. Everything lies in {work}; look at report.html there")
    if failure:
        return fail(3, failure, f"the work folder is {work}")
    if options.json:
        print(f"ward: the work folder is {work}", file=sys.stderr)
    return 0 if story.outcome.holds() else 1


def main(argv: list[str]) -> int:
    import processes
    import work
    from cheats import EXPECTED

    processes.be_asked_to_end()
    options = arguments(argv)
    fail = Failing(options.json)
    cheats = options.cheat or [DEMO / "cheats" / f"{name}.sh" for name in EXPECTED]
    missing = next((cheat for cheat in cheats if not cheat.is_file()), None)
    if missing:
        return fail(3, f"{missing}: no such cheat", f"the shipped ones are in {DEMO / 'cheats'}")
    data = data_file(options.data)
    if data is None:
        named = f"{options.data}: not a file" if options.data else "the breast-cancer table is not here"
        return fail(3, named, "./run demo fetches it, or give --data FILE")
    try:
        if not is_the_table(data):
            return fail(2, f"{data}: not the breast-cancer table of 569 patients",
                        "--data takes scikit-learn's breast_cancer.csv, which ./run demo fetches")
    except OSError as error:
        return fail(3, f"{data}: {error.strerror}", "--data takes a file that you may read")
    try:
        folder = work.make(options.work)
    except OSError as error:
        return fail(2, str(error), "--work DIR takes a new or empty folder that nobody else may change")
    return play(options, folder, data, cheats)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # before anything was started
        sys.exit(Failing("--json" in sys.argv)(3, "interrupted"))
    except ModuleNotFoundError as error:
        sys.exit(Failing("--json" in sys.argv)(3, str(error), "./run demo installs it (python3-torch, python3-numpy)"))
