"""Rounds: everything is timed once in each, in an order that is drawn anew."""
import dataclasses
import random
import sys
import time

import contestants

CPU, WALL = 0, 1


@dataclasses.dataclass
class Entry:
    """Entry is one thing that is timed, `count` runs at a time."""

    contestant: contestants.Contestant
    name: str
    clock: int = CPU
    threads: int = 0  # 0: in the contestant's own thread
    count: int = 1
    samples: list[float] = dataclasses.field(default_factory=list)  # nanoseconds of one run, a round each

    def take(self):
        if self.threads:
            taken = self.contestant.threads(self.name, self.threads, self.count)
        else:
            taken = self.contestant.run(self.name, self.count)
        return max(taken[self.clock], 1)

    def calibrate(self, chunk_ns):
        """Finds the count that takes about `chunk_ns`; threads take long to start, and get more."""
        chunk_ns *= 5 if self.threads else 1
        while True:
            taken = self.take()
            if taken * 4 >= chunk_ns:
                break
            self.count *= 4
        self.count = max(1, round(self.count * chunk_ns / taken))

    def time(self):
        # Of N threads each does `count` runs in the time taken.
        self.samples.append(self.take() / self.count / max(self.threads, 1))


def run(groups, number, chunk_ns, seed):
    """run times all entries of all groups `number` times.

    A group is what is compared with one another: its entries follow each other closely, in an order of
    their own, so that all meet the same state of the machine.
    """
    drawn = random.Random(seed)
    for group in groups:
        for entry in group:
            entry.calibrate(chunk_ns)
    shown = time.monotonic()
    for done in range(number):
        for group in drawn.sample(groups, len(groups)):
            for entry in drawn.sample(group, len(group)):
                entry.time()
        if time.monotonic() - shown > 5:
            shown = time.monotonic()
            print(f"bench: round {done + 1} of {number}", file=sys.stderr)
