"""dcap-qvl as a contestant of compare.py: times its own work, which is one call of its Rust library a run."""
import json
import sys
import time

import dcap_qvl


def prepared(path):
    """The call, with what it reads made ready: the quote as octets, the collateral as the library's object."""
    with open(path, encoding="utf-8") as file:
        case = json.load(file)
    quote, root, now = bytes.fromhex(case["quote"]), bytes.fromhex(case["root"]), case["now"]
    collateral = dcap_qvl.QuoteCollateralV3.from_json(json.dumps(case["collateral"]))
    return lambda: dcap_qvl.verify_with_root_ca(quote, collateral, root, now)


def timed(run, count):
    run()
    cpu, wall = time.thread_time_ns(), time.monotonic_ns()
    for _ in range(count):
        run()
    passed = time.monotonic_ns() - wall
    return f"ok {time.thread_time_ns() - cpu} {passed}"


def answer(runs, words):
    match words:
        case ["load", name, _, path]:
            runs[name] = prepared(path)
            runs[name]()
            return "ok"
        case ["run", name, count] if name in runs:
            return timed(runs[name], int(count))
    return "error unknown: " + " ".join(words)


def main():
    runs = {}
    for line in sys.stdin:
        try:
            said = answer(runs, line.split())
        except ValueError as error:
            said = "error " + str(error).replace("\n", " ")
        print(said, flush=True)


if __name__ == "__main__":
    main()
