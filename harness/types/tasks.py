"""What is asked: Suite -> Task -> Case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.types.base import Frozen
from harness.types.messages import Message
from harness.types.outcomes import Outcome

Kind = Literal["function", "program", "write_tests", "workspace", "conversation"]


class Limits(Frozen):
    """What one case may use."""

    timeout_s: float = Field(default=10.0, gt=0, le=3600)
    """Seconds a case may take, wall time without what it had to wait for a processor, and processor time."""
    memory_mb: int = Field(default=256, ge=32, le=65536)
    """Memory of the whole container, MiB."""
    output_kb: int = Field(default=1024, ge=1, le=65536)
    """Bytes a case may write to stdout and stderr together, KiB."""


class Returns(Frozen):
    """The call must return exactly this value: same types, same nesting."""

    value: Any
    """A Python value made of literals."""


class Raises(Frozen):
    """The call must raise this exception."""

    type_name: str
    """`type(exception).__name__`, exactly."""
    message: str | None = None
    """A prefix of `str(exception)`; one more point when given."""


class CallCase(Frozen):
    """One call of the entry function."""

    type: Literal["call"] = "call"
    id: str
    visible: bool = False
    source: str
    """The call as the author wrote it, for people."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    expect: Returns | Raises

    @property
    def points(self) -> int:
        return 2 if isinstance(self.expect, Raises) and self.expect.message is not None else 1


class ProgramCase(Frozen):
    """One run of a script."""

    type: Literal["program"] = "program"
    id: str
    visible: bool = False
    argv: tuple[str, ...] = ()
    stdin: str = ""
    files: dict[str, str] = {}
    stdout: str | None = None
    """Exact text, or None when it is not compared."""
    exit_code: int = 0
    writes: dict[str, str] = {}
    """Files that must exist afterwards, with exactly this content."""
    points: int = 1


class PytestCase(Frozen):
    """One hidden or visible test function, e.g. `tests/test_shop.py::test_total`."""

    type: Literal["pytest"] = "pytest"
    id: str
    visible: bool = False
    points: int = 1


class MutantCase(Frozen):
    """One implementation that tests written by the model are run against."""

    type: Literal["mutant"] = "mutant"
    id: str
    visible: bool = False
    files: dict[str, str]
    should_pass: bool
    points: int = 1


class TextCase(Frozen):
    """One mechanical criterion of a reply in a conversation."""

    type: Literal["text"] = "text"
    id: str
    """`<turn>.<check>` or `<check>`, with `:<number>` where a check has several items."""
    visible: bool = False
    check: str
    """A name of `grading.criteria.CHECKS`."""
    want: Any
    """What the check is given: a text, a number, a list of alternatives, true."""
    turn: int | None = None
    """Which of the model's replies, from 0; None is the last one."""
    points: int = 1


Case = Annotated[CallCase | ProgramCase | PytestCase | MutantCase | TextCase, Field(discriminator="type")]


class Answer(Frozen):
    """An answer that ships with a task: its reference, a wrong one, a cheat."""

    name: str
    files: dict[str, str]
    """The whole candidate: relative path -> text."""
    fails: tuple[str, ...] = ()
    """Globs of the case ids that must fail; empty for a reference."""
    outcome: Outcome | None = None
    why: str = ""
    cheat: bool = False
    path: Path | None = None


class Task(Frozen):
    """One problem, read from a directory or a dataset record."""

    id: str
    """`<suite>/<name>`."""
    suite: str
    name: str
    kind: Kind
    title: str = ""
    category: str = "general"
    tags: tuple[str, ...] = ()
    instruction: str
    entry: str | None = None
    """Name of the function the cases call (kind function)."""
    signature: str | None = None
    """First line of that function, for completion-style prompts."""
    solution: str = "solution.py"
    """The file a single-file answer becomes."""
    fresh: bool = False
    """A new process for every call."""
    tolerance: float | None = None
    """Relative or absolute tolerance for floats; None compares exactly."""
    limits: Limits = Limits()
    select_on: Literal["visible", "vote"] = "visible"
    cases: tuple[Case, ...] = ()
    editable: tuple[str, ...] = ()
    """Globs of the files a workspace answer may change."""
    workspace: dict[str, str] = {}
    """What the model is shown of a workspace: relative path -> text."""
    feedback: Literal["none", "hidden"] = "none"
    """`hidden`: an agent is told which hidden tests its first answer failed, and may try again."""
    stub_may_pass: bool = False
    """The files it comes with may pass already (a refactoring): who hands them in as they are has done nothing."""
    by_value: bool = False
    """`tests_pass: values`: only values go between tests and candidate, so each can have a box of its own."""
    tests: dict[str, str] = {}
    visible_tests: dict[str, str] = {}
    reference: Answer | None = None
    flawed: tuple[Answer, ...] = ()
    """The wrong/ and cheat/ entries."""
    system: str = ""
    """Conversations: the system prompt, before which a model's own is put."""
    turns: tuple[Message, ...] = ()
    """Conversations: what the user says, in order. A turn of the assistant is given as it stands, as context; to every
    turn of the user that none follows the model replies itself."""
    pass_criteria: str = ""
    """What a judge is told a good answer does."""
    directory: Path | None = None
    content_hash: str = ""
    """SHA-256 of every file of the task, first 16 hex digits."""

    @property
    def single_file(self) -> bool:
        return self.kind in ("function", "program", "write_tests")

    @property
    def runs(self) -> bool:
        """Whether an answer is run: a conversation's is only read."""
        return self.kind != "conversation"

    @property
    def points(self) -> int:
        return sum(case.points for case in self.cases)

    @property
    def pictures(self) -> bool:
        """Whether only a model that sees can be asked."""
        return any(turn.pictures for turn in self.turns)


class Suite(Frozen):
    """A directory of tasks."""

    name: str
    title: str = ""
    description: str = ""
    path: Path
    tasks: tuple[Task, ...]
