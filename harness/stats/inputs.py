"""The plain data a report is made of: what the runner reads out of a run directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.types import (
    Attempt,
    CallCase,
    Case,
    Frozen,
    JudgeMode,
    Judgment,
    Kind,
    Labelled,
    Marked,
    ModelCall,
    Outcome,
    ProgramCase,
    Purpose,
    Raises,
    Selection,
    Task,
)


class CaseInfo(Frozen):
    """One case as a report shows it. Inputs and expected values of hidden cases are shown only when asked for."""

    id: str
    visible: bool = False
    points: float = 1.0
    call: str = ""
    """The input, as a person reads it."""
    expected: str = ""

    @classmethod
    def of(cls, case: Case) -> CaseInfo:
        """What a report needs of `case`."""
        call, expected = _describe(case)
        return cls(id=case.id, visible=case.visible, points=case.points, call=call, expected=expected)


class TaskInfo(Frozen):
    """One task as a report shows it."""

    id: str
    title: str = ""
    kind: Kind
    category: str = "general"
    instruction: str = ""
    cases: tuple[CaseInfo, ...] = ()

    @classmethod
    def of(cls, task: Task) -> TaskInfo:
        """What a report needs of `task`."""
        return cls(
            id=task.id,
            title=task.title or task.name,
            kind=task.kind,
            category=task.category,
            instruction=task.instruction,
            cases=tuple(CaseInfo.of(case) for case in task.cases),
        )


@dataclass(frozen=True, slots=True)
class ReportInput:
    """A run, read back. Nothing here is a connection or a path that a report would follow."""

    name: str
    attempts: Iterable[Attempt]
    """Re-iterable and in any order: it is walked twice, and may read from the store each time."""
    selections: Iterable[Selection] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    """`RunConfig` as JSON."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Versions, engine, isolation layers, image digests, CPU, model servers: nested plain values."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Model -> the note of its profile, e.g. that it is weak."""
    tasks: Mapping[str, TaskInfo] = field(default_factory=dict)
    """Task id -> task. A task that only attempts mention is shown with what they say about it."""
    calls: Callable[[str], Sequence[ModelCall]] = lambda session: ()
    """An agent's session -> its calls, in order."""
    planned: int | None = None
    """Attempts planned for a model that is given every task; None when not known."""
    not_asked: Mapping[str, int] = field(default_factory=dict)
    """Model -> tasks that it was not given because they show pictures, which it does not see."""
    judgments: Iterable[Judgment] = ()
    """What judges were asked and said, re-iterable; may read from the store each time."""
    marked: Sequence[Marked] = ()
    """Every mark of an accepted judgment, with the model it was given to."""
    labels: Mapping[str, Sequence[Labelled]] = field(default_factory=dict)
    """Id of a judgment -> who stood behind its labels: whose replies went unscored where a reading was rejected."""
    unasked: Mapping[tuple[Purpose, JudgeMode, str], int] = field(default_factory=dict)
    """(purpose, mode, judge) -> questions that the judge was to be asked, and was not."""
    families: Mapping[str, str] = field(default_factory=dict)
    """Model or judge -> family, where the catalogue names one."""

    def planned_for(self, model: str) -> int | None:
        """Attempts planned for this model; None when not known."""
        if self.planned is None:
            return None
        a_task = int(self.config.get("repeats", 1)) * int(self.config.get("best_of", 1))
        return self.planned - self.not_asked.get(model, 0) * a_task


def _describe(case: Case) -> tuple[str, str]:
    """Input and expectation of a case, in words."""
    if isinstance(case, CallCase):
        expect = case.expect
        if not isinstance(expect, Raises):
            return case.source, repr(expect.value)
        message = f" with a message that starts {expect.message!r}" if expect.message is not None else ""
        return case.source, f"raises {expect.type_name}{message}"
    if isinstance(case, ProgramCase):
        return " ".join(("program", *case.argv)), f"exit code {case.exit_code}" + (
            f", stdout {case.stdout!r}" if case.stdout is not None else ""
        )
    if case.type == "mutant":
        return f"the tests, run on {case.id}", "pass" if case.should_pass else "fail"
    return case.id, Outcome.passed.value
