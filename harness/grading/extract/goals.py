"""What a single-file answer must contain, a kind of task each: what to look for and which of several finds to take."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.grading.extract.source import defined, is_code, is_stub, needed, tests_in
from harness.types import Task


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of the reply that may be the answer."""

    text: str
    tree: ast.Module | None
    """None: does not parse, or too large to look at."""
    number: int = 0
    """Position among the blocks, from 1."""
    label: str = ""
    """Language the fence names."""

    @property
    def names(self) -> set[str]:
        """What it defines at its top level."""
        return defined(self.tree) if self.tree else set()

    @property
    def needs(self) -> set[str]:
        """What it uses and does not define."""
        return needed(self.tree) if self.tree else set()


class Goal(Protocol):
    """What is looked for in a reply."""

    what: str
    """For people: "defines `add`"."""
    which: str
    """For people: which of several that fit is picked."""

    def fits(self, tree: ast.Module) -> bool:
        """Whether a module is an answer."""

    def starts(self, text: str) -> bool:
        """Whether a text that does not parse is an answer with a mistake in it, or cut off."""

    def pick(self, sources: Sequence[Source]) -> list[Source]:
        """Which of at least one fitting sources make up the answer, in order."""


class FunctionGoal:
    """The function `entry`: its last complete definition, because a reply that writes it again corrects itself."""

    which = "the last"

    def __init__(self, entry: str) -> None:
        self.entry = entry
        self.what = f"defines `{entry}`"
        name = re.escape(entry)
        self._start = re.compile(
            rf"^[ \t]{{0,40}}(?:async[ \t]{{1,4}})?(?:def|class)[ \t]{{1,4}}{name}\b|^{name}[ \t]{{0,4}}=", re.MULTILINE
        )

    def fits(self, tree: ast.Module) -> bool:
        return self.entry in defined(tree)

    def starts(self, text: str) -> bool:
        return bool(self._start.search(text))

    def pick(self, sources: Sequence[Source]) -> list[Source]:
        whole = [source for source in sources if source.tree is not None and not is_stub(source.tree, self.entry)]
        return [(whole or list(sources))[-1]]


class ProgramGoal:
    """A script: the largest piece of code, the last of equally large ones."""

    what = "is a program"
    which = "the largest"
    _START = re.compile(
        r"^[ \t]{0,40}(?:import \w|from [\w.]{1,80} import |(?:async )?def \w+\(|class \w+[(:]|print\(|"
        r"for \w[\w, ()]{0,80} in |while \w|with open\(|if __name__|try:)",
        re.MULTILINE,
    )

    def fits(self, tree: ast.Module) -> bool:
        return is_code(tree)

    def starts(self, text: str) -> bool:
        return bool(self._START.search(text))

    def pick(self, sources: Sequence[Source]) -> list[Source]:
        return [max(reversed(sources), key=lambda source: len(source.text))]


class TestsGoal:
    """Tests: from the last block back, every one whose tests are not replaced by a later one."""

    what = "has tests"
    which = "the last"
    _START = re.compile(r"^[ \t]{0,40}(?:async[ \t]{1,4})?(?:def[ \t]{1,4}test|class[ \t]{1,4}Test)", re.MULTILINE)

    def fits(self, tree: ast.Module) -> bool:
        return bool(tests_in(tree))

    def starts(self, text: str) -> bool:
        return bool(self._START.search(text))

    def pick(self, sources: Sequence[Source]) -> list[Source]:
        taken: list[Source] = []
        names: set[str] = set()
        for source in reversed(sources):
            tests = tests_in(source.tree) if source.tree is not None else set()
            if not taken or not tests & names:
                taken.append(source)
                names |= tests
        return taken[::-1]


def goal_of(task: Task) -> Goal:
    """What the answer to a single-file task must contain."""
    if task.kind == "function" and task.entry:
        return FunctionGoal(task.entry)
    return TestsGoal() if task.kind == "write_tests" else ProgramGoal()
