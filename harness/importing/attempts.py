"""ReplyLine -> Attempt: what another system recorded, in the shape of what a run makes."""

from __future__ import annotations

from harness.importing.records import ReplyLine
from harness.importing.survey import TaskFacts, candidate_of, shown_text
from harness.types import Attempt, Extraction, Outcome, Reply, Task, Usage, Verdict

SOLVER = "imported"
KIND = "conversation"
"""Of a task about which nobody says what kind it is."""
SUITE = "imported"
"""Of a task whose id names none."""


def attempt_of(line: ReplyLine, facts: TaskFacts, task: Task | None) -> Attempt:
    """The attempt as the file has it, not graded here. `task`: the one it was matched with, if any."""
    return Attempt(
        task=line.task,
        suite=task.suite if task else suite_of(line.task),
        category=task.category if task else facts.category or "general",
        kind=task.kind if task else facts.kind or KIND,
        model=line.shown,
        repeat=line.repeat,
        attempt=line.attempt,
        seed=None,
        solver=SOLVER,
        reply=_reply(line),
        extraction=_extraction(line, task.kind if task else facts.kind or KIND),
        verdict=None if line.error is not None else recorded(line, task),
        error="" if line.error is None else line.error or "no reason was recorded",
        cost_usd=line.cost_usd,
        seconds=line.seconds or 0.0,
        task_hash=task.content_hash if task else "",
    )


def suite_of(task: str) -> str:
    """The suite that a task's id names."""
    return task.rpartition("/")[0] or SUITE


def wanted(task: Task) -> int:
    """Replies that a conversation has: one to every turn of the user that no turn of the assistant follows."""
    following = [turn.role for turn in task.turns[1:]] + ["user"][: len(task.turns)]
    return (
        sum(turn.role == "user" and after != "assistant" for turn, after in zip(task.turns, following, strict=True))
        or 1
    )


def recorded(line: ReplyLine, task: Task | None = None) -> Verdict:
    """What the file says of the reply. Without a verdict it is unscored, never wrong."""
    if not line.judged:
        detail = "the file has no verdict"
        given = len(line.replies or (line.reply,))
        if task is not None and task.kind == "conversation" and line.replied and given != wanted(task):
            detail += f", and {given} of {wanted(task)} replies"
        return Verdict(outcome=Outcome.unscored, assurance="recorded", detail=detail)
    outcome = line.outcome or (Outcome.passed if _full(line) else Outcome.wrong_answer)
    points, most = line.score, line.max_score
    if points is None or most is None:
        points, most = (float(outcome is Outcome.passed), 1.0) if outcome.counts else (0.0, 0.0)
    return Verdict(
        outcome=outcome, points=points, max_points=most, assurance="recorded", detail="recorded elsewhere, not run here"
    )


def _full(line: ReplyLine) -> bool:
    return line.passed if line.passed is not None else line.score == line.max_score


def _reply(line: ReplyLine) -> Reply | None:
    if not line.replied:
        return None
    return Reply(
        text=shown_text(line),
        thinking=line.thinking or "",
        finish_reason=line.finish_reason or "",
        usage=Usage(prompt_tokens=line.prompt_tokens, completion_tokens=line.tokens),
        seconds=line.seconds or 0.0,
        model=line.model,
    )


def _extraction(line: ReplyLine, kind: str) -> Extraction | None:
    """Of a conversation the reply is the candidate, as it stands; code is still to be looked for."""
    made = candidate_of(line) if kind == "conversation" else None
    if made is None:
        return None
    if not shown_text(line).strip():
        return Extraction(candidate=None, choice="the reply is empty", handed_over=True)
    return Extraction(candidate=made, choice="the reply as it was recorded", handed_over=True)
