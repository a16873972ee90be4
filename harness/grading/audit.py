"""Grades the corpus of hostile programs, each followed by an honest one: does the sandbox hold, and the verifiers too?

`tests/hostile/<class>/<name>.py` is a candidate whose first lines, comments, say what it tries and how it may end. An
attack gives the right answer only if it worked, so a hostile program that passes is a hole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from pydantic import Field, ValidationError

from harness.content import content_dir
from harness.errors import TaskError
from harness.grading.attempts import in_threads
from harness.grading.grade import grade
from harness.sandbox.pool import Pool
from harness.types import (
    CallCase,
    Candidate,
    Case,
    Extraction,
    Frozen,
    IsolationLevel,
    Limits,
    Outcome,
    ProgramCase,
    PytestCase,
    Returns,
    Task,
    Verdict,
)

HONEST = "honest"
"""The class of programs that must pass; every other is hostile."""
KEYS = ("tries", "allowed", "never", "without_cgroup", "kind", "memory_mb", "timeout_s", "fresh")
"""What a header may say; the first three it must."""
MEMORY_MB = 96
TIMEOUT_S = 10.0
NUMBERS = (2, 3, 7, 12)

SHOP_TESTS = """
import pytest

from src.shop import label, total

def test_two():
    assert total([1, 2]) == 3

def test_none():
    assert total([]) == 0

def test_floats():
    assert total([0.5, 0.25]) == 0.75

def test_many():
    numbers = list(range(10))
    assert total(numbers) == 45

def test_one_item():
    assert label(1) == "1 item"

def test_items():
    assert label(3) == "3 items"

def test_labels():
    assert [label(count) for count in (0, 1)] == ["0 items", "1 item"]

def test_kind():
    assert isinstance(label(2), str)
    assert label(2) == "2 items"

def test_wrong_type():
    with pytest.raises(TypeError):
        total(None)
"""

CLEAN = """
import os

# The honest program looks around first: the scratch directories are empty, and nobody else is here.
assert not [name for place in SCRATCH for name in os.listdir(place)], "files of somebody else"
assert len([name for name in os.listdir("/proc") if name.isdigit()]) <= 3, "processes of somebody else"

"""
PROGRAM = """
number = int(input()) ** 2
with open("out.txt", "w") as file:
    file.write(f"{number}\\n")
print(number)
"""
SHOP = """
def total(prices):
    return sum(prices)


def label(count):
    return f"{count} item" + "s" * (count != 1)
"""
CONTROLS = {
    "function": CLEAN.replace("SCRATCH", '("/tmp", "/dev/shm", "/box")') + "\ndef f(n):\n    return n * n\n",
    "program": CLEAN.replace("SCRATCH", '("/tmp", "/dev/shm")') + PROGRAM,
    "workspace": CLEAN.replace("SCRATCH", '("/tmp", "/dev/shm")') + SHOP,
    "proxy": CLEAN.replace("SCRATCH", '("/tmp", "/dev/shm")') + SHOP,
}


ProgramKind = Literal["function", "program", "workspace", "proxy"]
"""What a program answers: a task of this kind; `proxy` is a workspace whose tests are in another box."""


class HostileProgram(Frozen):
    """One file of the corpus."""

    name: str
    group: str
    """Its class: the folder."""
    tries: str
    allowed: tuple[Outcome, ...] = Field(min_length=1)
    never: str
    without_cgroup: tuple[Outcome, ...] = ()
    """Allowed too where memory is limited a process: the process finds no more, and nobody is killed."""
    kind: ProgramKind = "function"
    memory_mb: int = Field(default=MEMORY_MB, ge=64, le=1024)
    timeout_s: float = Field(default=TIMEOUT_S, gt=0, le=60)
    fresh: bool = False
    source: str

    @property
    def limits(self) -> Limits:
        return Limits(timeout_s=self.timeout_s, memory_mb=self.memory_mb)


class AuditRow(Frozen):
    """What became of one program, and of the honest one after it."""

    name: str
    group: str = Field(serialization_alias="class")
    outcome: Outcome
    allowed: tuple[Outcome, ...]
    seconds: float
    """Until the verdict."""
    control_passed: bool
    isolation: IsolationLevel
    layers: dict[str, str]
    detail: str = ""
    """What the first case that did not pass said; of the control, when that failed."""

    @property
    def false_accept(self) -> bool:
        return self.group != HONEST and self.outcome is Outcome.passed

    @property
    def false_reject(self) -> bool:
        return not self.control_passed or (self.group == HONEST and self.outcome is not Outcome.passed)

    @property
    def surprise(self) -> bool:
        return self.outcome not in self.allowed


class AuditReport(Frozen):
    """Every program's row, in the order of the corpus."""

    rows: tuple[AuditRow, ...]

    @property
    def false_accepts(self) -> tuple[AuditRow, ...]:
        """Hostile programs that passed."""
        return tuple(row for row in self.rows if row.false_accept)

    @property
    def false_rejects(self) -> tuple[AuditRow, ...]:
        """Honest programs, or honest programs after a hostile one, that did not pass."""
        return tuple(row for row in self.rows if row.false_reject)

    @property
    def surprises(self) -> tuple[AuditRow, ...]:
        """Programs that ended in a way their header does not allow."""
        return tuple(row for row in self.rows if row.surprise)

    @property
    def holds(self) -> bool:
        return not (self.false_accepts or self.false_rejects or self.surprises)


def read_corpus(globs: Sequence[str] = (), directory: Path | None = None) -> list[HostileProgram]:
    """The programs whose class matches one of `globs` (all without), by class and name.

    Raises TaskError with file and line for a header that is not complete, or when there is no such class.
    """
    home = directory or content_dir("hostile")
    wanted = [
        path
        for path in sorted(home.glob("*/*.py"))
        if not globs or any(fnmatch(path.parent.name, pattern) for pattern in globs)
    ]
    if not wanted:
        known = sorted({path.parent.name for path in home.glob("*/*.py")})
        raise TaskError(f"no class {' or '.join(globs)}", path=home, remedy=f"known: {', '.join(known)}")
    return [read_program(path) for path in wanted]


def read_program(path: Path) -> HostileProgram:
    """One program with its header. Raises TaskError."""
    source = path.read_text(encoding="utf-8")
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    number = 0
    for number, text in enumerate(source.splitlines(), 1):
        if not text.startswith("#"):
            break
        found = re.fullmatch(r"# (\w+): (\S.*)", text)
        if found is None:
            raise TaskError(f"expected `# key: value`, got {text!r}", path=path, line=number)
        key, value = found.groups()
        if key not in KEYS:
            raise TaskError("unknown key", path=path, line=number, key=key, remedy=f"known: {', '.join(KEYS)}")
        if key in values:
            raise TaskError(f"stands here again, first in line {lines[key]}", path=path, line=number, key=key)
        lines[key] = number
        listed = key in ("allowed", "without_cgroup")
        values[key] = [item.strip() for item in value.split(",")] if listed else value.strip()
    try:
        given = {"name": path.stem, "group": path.parent.name, "source": source}
        return HostileProgram.model_validate({**values, **given})
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise TaskError(first["msg"], path=path, line=lines.get(key, max(1, number)), key=key) from None


def audit(
    programs: Iterable[HostileProgram], pool: Pool, isolation: IsolationLevel, concurrency: int = 4
) -> AuditReport:
    """Grade every program and, right after it, the honest control of its kind in the same pool."""
    lanes: SimpleQueue[int] = SimpleQueue()
    for lane in range(concurrency):
        lanes.put(lane)

    def one(numbered: tuple[int, HostileProgram]) -> tuple[int, AuditRow]:
        # Boxes are shared within a lane only: what was kept after a program is what its control meets.
        lane = lanes.get()
        try:
            return numbered[0], _row(numbered[1], pool, isolation, lane)
        finally:
            lanes.put(lane)

    rows = dict(in_threads(one, list(enumerate(programs)), pool, concurrency))
    return AuditReport(rows=tuple(rows[number] for number in sorted(rows)))


def _row(program: HostileProgram, pool: Pool, isolation: IsolationLevel, lane: int) -> AuditRow:
    def verdict_on(source: str, timeout_s: float, *, fresh: bool) -> Verdict:
        limits = program.limits.model_copy(update={"timeout_s": timeout_s})
        task = task_of(program.kind, lane, limits, fresh=fresh)
        files = {task.solution: source, **({"src/__init__.py": ""} if task.kind == "workspace" else {})}
        return grade(task, Extraction(candidate=Candidate(files=files), choice="given"), pool, isolation)[0]

    verdict = verdict_on(program.source, program.timeout_s, fresh=program.fresh)
    control = verdict_on(CONTROLS[program.kind], TIMEOUT_S, fresh=False)
    return AuditRow(
        name=program.name,
        group=program.group,
        outcome=verdict.outcome,
        allowed=program.allowed + (program.without_cgroup if verdict.layers.get("cgroup") == "none" else ()),
        seconds=verdict.seconds,
        control_passed=control.passed,
        isolation=isolation,
        layers=verdict.layers,
        detail=_why(verdict) if control.passed else f"the control: {_why(control)}",
    )


def _why(verdict: Verdict) -> str:
    """The first case that did not pass, in a line."""
    for case in verdict.cases:
        if case.outcome is not Outcome.passed:
            said = " ".join(part for part in (case.got, case.detail, case.output) if part)
            return f"{case.outcome}: {said}".replace("\n", " ")[:300]
    return verdict.detail


def task_of(kind: ProgramKind, lane: int, limits: Limits, *, fresh: bool) -> Task:
    """The task that programs of this kind answer, as the lane of that number sees it."""
    workspace = kind in ("workspace", "proxy")
    cases: list[Case]
    if kind == "function":
        cases = [CallCase(id=f"f({n})", source=f"f({n})", args=(n,), expect=Returns(value=n * n)) for n in NUMBERS]
    elif kind == "program":
        squares = [(f"{n}\n", f"{n * n}\n") for n in NUMBERS[1:3]]
        cases = [ProgramCase(id=n, stdin=n, stdout=right, writes={"out.txt": right}) for n, right in squares]
    else:
        names = re.findall(r"^def (test_\w+)", SHOP_TESTS, re.MULTILINE)
        cases = [PytestCase(id=f"tests/test_shop.py::{name}") for name in names]
    return Task(
        id=f"audit/lane-{lane}",
        suite="audit",
        name=f"lane-{lane}",
        kind="workspace" if kind == "proxy" else kind,
        instruction="",
        entry="f",
        solution="src/shop.py" if workspace else "solution.py",
        fresh=fresh,
        limits=limits,
        cases=tuple(cases),
        workspace={"src/shop.py": ""} if kind == "proxy" else {},
        tests={"tests/test_shop.py": SHOP_TESTS} if workspace else {},
        by_value=kind == "proxy",
    )
