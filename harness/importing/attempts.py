"""ReplyLine -> Attempt: what another system recorded, in the shape of what a run makes."""

from __future__ import annotations

from typing import Any

from harness.grading.extract import extract
from harness.importing.records import ReplyLine
from harness.importing.survey import TaskFacts, lacking, shown_text, texts_of
from harness.tasks.turns import asked_of, reply_files
from harness.types import Attempt, Candidate, Extraction, Outcome, Reply, Task, Usage, Verdict

SOLVER = "imported"
KIND = "conversation"
"""Of a task about which nobody says what kind it is."""
SUITE = "imported"
"""Of a task whose id names none."""
_TALK = Task(id="imported/t", suite="imported", name="t", kind="conversation", instruction="")


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
        request=_request(line, task),
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


def recorded(line: ReplyLine, task: Task | None = None) -> Verdict:
    """What the file says of the reply. Without a verdict it is unscored, never wrong."""
    if not line.judged:
        short = lacking(line, task)
        detail = f"the file has no verdict, and {short}" if short else "the file has no verdict"
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


def _request(line: ReplyLine, task: Task | None) -> dict[str, Any]:
    """What the model was asked: what the line says, or the task, which does not know what was put around it."""
    if line.prompt is not None:
        return {"messages": [{"role": "user", "content": line.prompt}]}
    if task is None or not line.replied:
        return {}
    left = list(texts_of(line))
    messages = [("system", task.system)] if task.system else []
    for turn, asked in zip(task.turns, asked_of(task.turns), strict=True):
        messages.append((turn.role, turn.content))
        if asked and len(left) < 2:
            break  # the last reply is the attempt's own, and what would have come after it was not asked
        if asked:
            messages.append(("assistant", left.pop(0)))
    if not task.turns:
        messages.append(("user", task.instruction))
    return {"messages": [{"role": role, "content": content} for role, content in messages]}


def _extraction(line: ReplyLine, kind: str) -> Extraction | None:
    """Of a conversation every reply is an answer, without thinking that stands in its text; code is still to be looked
    for."""
    texts = texts_of(line)
    if kind != "conversation" or not texts:
        return None
    found = [extract(_TALK, Reply(text=text)) for text in texts]
    facts = {
        "thinking": any(item.thinking for item in found),
        "unclosed": any(item.unclosed for item in found),
        "fenced": found[-1].fenced,
        "blocks": found[-1].blocks,
    }
    if found[-1].candidate is None:
        return Extraction(candidate=None, choice=found[-1].choice, handed_over=True, **facts)
    said = [next(iter(item.candidate.files.values())) if item.candidate else "" for item in found]
    choice = "the reply as it was recorded" if len(said) == 1 else f"{len(said)} replies as they were recorded"
    return Extraction(candidate=Candidate(files=reply_files(said)), choice=choice, handed_over=True, **facts)
