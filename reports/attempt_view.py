"""One attempt as a report shows it: plain text, clipped and made visible, hidden values left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.stats.inputs import CaseInfo
from harness.stats.pathologies import ATTEMPT_FLAGS, flags
from harness.types import Attempt, CaseResult, ModelCall, Outcome, Selection, Verdict

from . import text
from .agent_view import AgentView, agent_view, told_of_hidden
from .clipper import Clipper
from .marks_view import MarkView
from .talk_view import TurnView, last_reply, talk_of

MAX_FILES = 50
"""Files shown of one candidate."""

MAX_CASES = 200
"""Cases shown of one attempt."""

MAX_LAYERS = 30


@dataclass(frozen=True, slots=True)
class CaseView:
    id: str
    outcome: str
    passed: bool
    points: str
    seconds: str
    visible: bool
    shown: bool
    """False: a hidden case, of which only id, outcome and points are shown."""
    call: str = ""
    expected: str = ""
    got: str = ""
    output: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AttemptView:
    label: str
    outcome: str
    passed: bool
    selected: str
    """Why it was selected; empty when it was not."""
    score: str
    facts: list[tuple[str, str]]
    prompt: list[tuple[str, str]]
    reply: str
    thinking: str
    files: list[tuple[str, str]]
    choice: str
    rejected: list[str]
    error: str
    detail: str
    cases: list[CaseView]
    more_cases: int
    sandbox: list[tuple[str, str]]
    """Layer -> what was in force; the same for all attempts of a run."""
    agent: AgentView | None = None
    marks: Sequence[MarkView] = ()
    """What judges said of it."""
    talk: Sequence[TurnView] = ()
    """A conversation's turns: they stand in place of its prompt and its files."""


@dataclass(frozen=True, slots=True)
class ModelView:
    model: str
    hits: str
    prompt: list[tuple[str, str]]
    """(role, text), when all attempts had the same."""
    attempts: list[AttemptView]


@dataclass(frozen=True, slots=True)
class TaskView:
    anchor: str
    id: str
    title: str
    kind: str
    category: str
    instruction: str
    cases: list[CaseInfo]
    hidden: int
    """Cases that are not shown."""
    models: list[ModelView]


def prompt_of(attempt: Attempt) -> list[tuple[str, str]]:
    """(role, text) of what was asked, as sent; empty when nothing was recorded, and for what is shown as turns."""
    request = {} if attempt.kind == "conversation" else attempt.request
    found = [
        (text.one_line(message.get("role", ""), 20), str(message.get("content", "")))
        for message in request.get("messages") or ()
        if isinstance(message, dict)
    ]
    if request.get("prompt"):
        found.append(("completion", str(request["prompt"])))
    return found


def attempt_view(
    attempt: Attempt,
    pick: Selection | None,
    clipper: Clipper,
    *,
    prompt: list[tuple[str, str]],
    calls: Mapping[str, str],
    show_hidden: bool,
    sessions: Callable[[str], Sequence[ModelCall]],
    marks: Sequence[MarkView] = (),
) -> AttemptView:
    """What is shown of `attempt`. `prompt` is shown with it; pass an empty list where it stands elsewhere.

    `calls`: case id -> input, for the cases whose input may be shown. `sessions`: an agent's session -> its calls.
    """
    verdict, reply, extraction = attempt.verdict, attempt.reply, attempt.extraction
    cases = list(verdict.cases) if verdict else []
    failing_first = sorted(cases, key=lambda case: case.outcome is Outcome.passed) if len(cases) > MAX_CASES else cases
    repeat = f"repeat {attempt.repeat + 1}, " if attempt.repeat else ""
    outcome = "provider failure" if verdict is None and attempt.error else "not graded"
    # An agent that was told of hidden tests may repeat them in all it says.
    said = None if told_of_hidden(attempt) and not show_hidden else reply
    if said and attempt.kind == "conversation" and said.text.strip() == last_reply(attempt):
        said = said.model_copy(update={"text": ""})  # it stands at the end of the turns
    left = attempt.agent.left if attempt.agent else ()
    rejected = [name for name in extraction.rejected if name not in left] if extraction else []
    return AttemptView(
        label=f"{repeat}attempt {attempt.attempt + 1}",
        outcome=verdict.outcome.value.replace("_", " ") if verdict else outcome,
        passed=bool(verdict and verdict.passed),
        selected=text.one_line(f"{pick.method}: {pick.reason}", 300) if pick else "",
        score=_points(verdict.points, verdict.max_points) if verdict and verdict.max_points else "",
        facts=_facts(attempt),
        prompt=[(role, clipper.take(body, 20_000)) for role, body in prompt],
        reply=clipper.take(said.text, 20_000) if said else "",
        thinking=clipper.take(said.thinking, 10_000) if said else "",
        files=[(text.one_line(name), clipper.take(body, 20_000)) for name, body in _files(attempt)],
        choice=clipper.take(extraction.choice, 500) if extraction else "",
        rejected=[text.one_line(name, 300) for name in rejected[:50]],
        error=clipper.take(attempt.error, 4_000),
        detail=clipper.take(_detail(verdict, show_hidden), 2_000),
        cases=[_case(c, show_hidden or c.visible, calls.get(c.id, ""), clipper) for c in failing_first[:MAX_CASES]],
        more_cases=max(0, len(cases) - MAX_CASES),
        sandbox=_sandbox(verdict),
        agent=agent_view(attempt, clipper, sessions, show_hidden=show_hidden) if attempt.agent else None,
        marks=marks,
        talk=talk_of(attempt, clipper),
    )


def _files(attempt: Attempt) -> list[tuple[str, str]]:
    candidate = attempt.extraction.candidate if attempt.extraction else None
    if candidate is None or attempt.kind == "conversation":
        return []
    return sorted(candidate.files.items())[:MAX_FILES]


def _detail(verdict: Verdict | None, show_hidden: bool) -> str:
    """A verdict's remark may quote any of its cases: with a hidden one among them it is hidden as well."""
    if verdict is None or (not show_hidden and any(not case.visible for case in verdict.cases)):
        return ""
    return verdict.detail


def _case(case: CaseResult, shown: bool, call: str, clipper: Clipper) -> CaseView:
    """What a passing candidate got is what was expected, and it may print its input: all are hidden together."""
    view = CaseView(
        id=text.one_line(case.id),
        outcome=case.outcome.value.replace("_", " "),
        passed=case.outcome is Outcome.passed,
        points=_points(case.points, case.max_points),
        seconds=text.seconds(case.seconds) if case.seconds else "",
        visible=case.visible,
        shown=shown,
    )
    if not shown:
        return view
    return replace(
        view,
        call=clipper.take(call, 500),
        expected=clipper.take(case.expected, 1_000),
        got=clipper.take(case.got, 1_000),
        output=clipper.take(case.output, 4_000),
        detail=clipper.take(case.detail, 2_000),
    )


def _facts(attempt: Attempt) -> list[tuple[str, str]]:
    """Everything short that is known, in reading order; what is not known is left out."""
    reply, verdict = attempt.reply, attempt.verdict
    facts = [
        ("Solver", attempt.solver),
        ("Seed", "" if attempt.seed is None else str(attempt.seed)),
        ("Candidate", attempt.candidate_hash),
    ]
    if reply:
        usage = reply.usage
        tokens = [f"{usage.prompt_tokens:,} in"] if usage.prompt_tokens is not None else []
        tokens += [f"{usage.completion_tokens:,} out"] if usage.completion_tokens is not None else []
        tokens += [f"{usage.reasoning_tokens:,} reasoning"] if usage.reasoning_tokens else []
        facts += [
            ("Finish", "" if attempt.agent else reply.finish_reason),
            ("Tokens", ", ".join(tokens)),
            ("Model time", text.seconds(reply.seconds)),
            ("First token", text.seconds(reply.first_token_s) if reply.first_token_s is not None else ""),
            ("Tries", str(reply.tries) if reply.tries > 1 else ""),
            ("Served as", reply.model if reply.model != attempt.model else ""),
        ]
    facts.append(("Flags", "; ".join(ATTEMPT_FLAGS[flag] for flag in flags(attempt))))
    facts.append(("Cost", "" if attempt.cost_usd is None else text.dollars(attempt.cost_usd)))
    if verdict:
        facts += [
            ("Grading, waiting for a box included", text.seconds(verdict.seconds)),
            ("Assurance", verdict.assurance),
        ]
    return [(name, text.one_line(value, 300)) for name, value in facts if value]


def _sandbox(verdict: Verdict | None) -> list[tuple[str, str]]:
    """Where it was graded, layer by layer; nothing where nothing was run."""
    if verdict is None or verdict.backend == "none":
        return []
    layers = [(name.replace("_", " "), value) for name, value in list(verdict.layers.items())[:MAX_LAYERS]]
    facts = [("backend", verdict.backend), ("isolation", f"one container a {verdict.isolation}"), *layers]
    return [(text.one_line(name, 40), text.one_line(value, 300)) for name, value in facts if value]


def _points(points: float, most: float) -> str:
    return f"{points:g} / {most:g}"
