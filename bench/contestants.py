"""Processes that time their own work: one request a line in, one answer a line out (bench_main.cc)."""
import json
import subprocess


class Failed(Exception):
    """A contestant that did not do what it was asked for."""


class Contestant:
    """`command` lives as long as this. What a request times is the contestant's own loop, not the asking."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Failed(f"{self.name} ended at: {line}")
        if answer.startswith("error"):
            raise Failed(f"{self.name}: {line}: {answer.strip().removeprefix('error ')}")
        return answer.strip()

    def numbers(self, line):
        return [int(word) for word in self.ask(line).split()[1:]]

    def run(self, name, count):
        """run gives the nanoseconds of `count` runs: of the processor, and on the wall."""
        return self.numbers(f"run {name} {count}")

    def threads(self, name, number, count):
        return self.numbers(f"threads {name} {number} {count}")

    def memory(self, name):
        return dict(zip(("allocations", "octets", "peak"), self.numbers(f"memory {name}")))

    def many(self, count):
        return dict(zip(("first_ns", "known_ns", "found", "counted", "allocated"), self.numbers(f"many {count}")))

    def paths(self):
        return json.loads(self.ask("list"))

    def load(self, name, rest):
        return self.ask(f"load {name} {rest}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
