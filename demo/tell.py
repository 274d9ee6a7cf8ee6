"""How the story is told: one line a step, with its time; colour on a terminal only."""
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO

COLOURS = {"title": "1;36", "who": "1;33", "good": "32", "bad": "31", "dim": "2"}


class Teller:
    """Teller writes the story, and keeps how long each step took."""

    def __init__(self, out: TextIO | None) -> None:
        self._out = out
        self._colour = out is not None and out.isatty() and not os.environ.get("NO_COLOR")
        self._began = time.monotonic()
        self.seconds: dict[str, float] = {}

    def paint(self, text: str, how: str) -> str:
        return f"\033[{COLOURS[how]}m{text}\033[0m" if self._colour else text

    def line(self, text: str = "") -> None:
        if self._out is None:
            return
        try:
            print(text, file=self._out, flush=True)
        except OSError:  # who read it went away: the story ends, and says no more
            self._out = None
            raise

    def chapter(self, text: str) -> None:
        self.line()
        self.line(self.paint(text, "title"))

    def says(self, who: str, text: str) -> None:
        self.line(f"  {self.paint(f'{who:<10}', 'who')} {text}")

    def fact(self, holds: bool, text: str) -> None:
        mark = self.paint("ok", "good") if holds else self.paint("NO", "bad")
        self.line(f"  {mark:>2}         {text}" if not self._colour else f"  {mark}         {text}")

    def detail(self, text: str) -> None:
        self.line("             " + self.paint(text, "dim"))

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """step measures what is done inside, and says it."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0) + time.monotonic() - began, 3)
            self.detail(f"{name}: {self.seconds[name]:.2f} s")

    def total(self) -> float:
        self.seconds["total"] = round(time.monotonic() - self._began, 3)
        return self.seconds["total"]


