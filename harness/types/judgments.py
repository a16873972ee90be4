"""What judges said: Judgment -> Reading -> Mark.

Labelled says who stood behind a label; Marked joins the two, and is what statistics and reports work on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from harness.types.base import Frozen
from harness.types.models import Reply

JudgeMode = Literal["listwise", "pairwise", "rubric"]
"""listwise: all candidates at once, five dimensions and a ranking; pairwise: two candidates, asked in both orders;
rubric: one candidate, 0..3 against the reference."""

Purpose = Literal["compare", "select"]
"""compare: candidates of several models at one task; select: several candidates of one model, to pick one."""

JUDGE_CASE = "judge"
"""Id of the case that judges add to the verdict of a conversation."""

DIMENSIONS = ("accuracy", "completeness", "reasoning", "specificity", "conciseness")
"""What a listwise judge scores, each 1..10."""


class Mark(Frozen):
    """What a judge said of one candidate, which it knows by its label only."""

    label: str
    """`A`, `B`, ..., `Z`, `AA`, ..."""
    scores: dict[str, float] = {}
    """Dimension -> 1..10; listwise only, then all of `DIMENSIONS`."""
    rubric: int | None = Field(default=None, ge=0, le=3)
    """3 correct with good reasoning, 2 partly or cut off, 1 wrong but reasonable, 0 wrong or empty; rubric only."""
    rank: int | None = Field(default=None, ge=1)
    """1 is the best; equals share a rank. None where the judge was asked for none (rubric)."""
    passes: bool | None = None
    """Whether it meets the task's pass criteria; None where the judge did not say."""
    note: str = ""
    """The judge's reason, clipped."""


class Reading(Frozen):
    """A judge's reply, read: every candidate marked, or none of them and the reason why."""

    marks: tuple[Mark, ...] = ()
    """One a label, in the order of the labels; empty where the reply was rejected."""
    reason: str = ""
    """Empty: accepted. Otherwise a code of `judging.parse.REASONS`."""
    detail: str = ""
    """For people: what was found where."""
    repaired: bool = False
    """The text was no JSON as it stood."""
    flags: tuple[str, ...] = ()
    """What an accepted reading had to decide: codes of `judging.parse.FLAGS`."""

    @property
    def accepted(self) -> bool:
        return not self.reason


class Labelled(Frozen):
    """Who stood behind a label. Kept apart from the judgment: nothing a judge is sent is made from this."""

    label: str
    model: str
    attempt: int
    candidate: str = ""
    """Hash of the candidate's texts, as they were before anything was masked or clipped."""
    characters: int = 0
    """Length of what the judge was shown of it."""


class Judgment(Frozen):
    """One question to one judge and what became of it: one row of a run's judgments."""

    id: str
    """SHA-256 of purpose, mode, judge, task, repeat and part, 16 hex digits: the same question again has the same."""
    purpose: Purpose = "compare"
    mode: JudgeMode
    judge: str
    """Name in the catalogue, or `human:NAME` for people, `import:NAME` for judgments made elsewhere."""
    task: str
    repeat: int
    part: str = ""
    """Which of several questions about this task and repeat, without naming a model to anyone: for pairwise and rubric
    a hash of who is compared (and the order), for select a hash of the model; empty for listwise compare."""
    rubric: str = ""
    """`<file>@<hash>` of the prompt template in verifiers/rubrics."""
    seed: int | None = None
    """Of the shuffle of labels; the request's sampling has a seed of its own."""
    labels: tuple[str, ...] = ()
    """In the order in which the judge was shown them."""
    flags: tuple[str, ...] = ()
    """What was done to the texts before the judge saw them: `masked` (a model's name), `control` (characters or tokens
    of chat templates), `clipped`, `picture_left_out`."""
    request: dict[str, Any] = {}
    """`Request` as JSON, without the task."""
    reply: Reply | None = None
    error: str = ""
    """Provider failure: counted, never a score."""
    reading: Reading | None = None
    """None only where there is no reply."""
    cost_usd: float | None = None
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0

    @property
    def scored(self) -> bool:
        return self.reading is not None and self.reading.accepted


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark with the model it was given to: what is left when the labels are taken off."""

    judgment: str
    """Id of the judgment."""
    purpose: Purpose
    mode: JudgeMode
    judge: str
    task: str
    repeat: int
    part: str
    model: str
    attempt: int
    slot: int
    """Place in which the judge was shown it, from 0."""
    of: int
    """Candidates in that question."""
    characters: int
    """Length of what the judge was shown of it."""
    mark: Mark
