"""What a report shows of an agent: how it ended, its tries, its changes, its conversation, its calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.types import AgentRecord, Attempt, ModelCall, Verdict

from . import text
from .clipper import Clipper
from .diff_view import Part, parts_of

MAX_CALLS = 200
"""Calls shown of one attempt: the first half of them and the last."""

FEW_CALLS = 10
"""Calls shown of one attempt once the report is full."""

MAX_COUNTS = 40
MAX_LEFT = 50
_ROW = 160
"""Characters of markup in a row of calls."""


@dataclass(frozen=True, slots=True)
class CallView:
    number: int
    status: str
    """`ok`, or why there was no reply."""
    ok: bool
    prompt: str
    completion: str
    seconds: str
    finish: str
    cost: str


@dataclass(frozen=True, slots=True)
class TryView:
    number: int
    outcome: str
    passed: bool
    points: str
    seconds: str
    told: str
    """What the agent was told after it; empty where that is hidden."""


@dataclass(frozen=True, slots=True)
class AgentView:
    facts: list[tuple[str, str]]
    tries: list[TryView]
    """Empty where there was only one."""
    transcript: str
    withheld: bool
    """It was told of hidden tests: what it was told and its transcript are not shown."""
    diff: list[Part]
    left: list[str]
    image: str
    calls: list[CallView]
    all_calls: int


def told_of_hidden(attempt: Attempt) -> bool:
    """Whether an agent knew more of hidden tests than a report may show: what it said may quote them."""
    return bool(attempt.agent and attempt.agent.earlier)


def agent_view(
    attempt: Attempt, clipper: Clipper, sessions: Callable[[str], Sequence[ModelCall]], *, show_hidden: bool
) -> AgentView:
    """What is shown of the agent of `attempt`."""
    agent = attempt.agent
    assert agent is not None
    withheld = told_of_hidden(attempt) and not show_hidden
    calls = sessions(agent.session) if agent.session else ()
    return AgentView(
        facts=_facts(agent, withheld=withheld),
        tries=_tries(attempt, clipper, show_hidden=show_hidden),
        transcript="" if withheld else clipper.take(agent.transcript, 40_000),
        withheld=withheld,
        diff=parts_of(agent.diff, clipper),
        left=[text.one_line(line, 300) for line in agent.left[:MAX_LEFT]],
        image=text.one_line(agent.image, 300),
        calls=_calls(calls, clipper, withheld=withheld),
        all_calls=len(calls),
    )


def _facts(agent: AgentRecord, *, withheld: bool) -> list[tuple[str, str]]:
    """Everything short that is known; what is nought or not known is left out."""
    detail = "" if withheld or not agent.detail else f": {agent.detail}"
    counts = [(name, number) for name, number in agent.counts.items() if number]
    facts = [
        ("Agent", agent.agent),
        ("Ended", agent.ending.value.replace("_", " ") + detail),
        ("Calls answered", f"{agent.calls:,}" + (f", {agent.refused:,} refused" if agent.refused else "")),
        ("Time", text.seconds(agent.wall_s)),
        ("Started in", text.seconds(agent.start_s)),
        ("First call after", "" if agent.first_call_s is None else text.seconds(agent.first_call_s)),
        *((name.replace("_", " ").capitalize(), f"{number:,}") for name, number in counts[:MAX_COUNTS]),
    ]
    return [(text.one_line(name, 40), text.one_line(value, 300)) for name, value in facts if value]


def _tries(attempt: Attempt, clipper: Clipper, *, show_hidden: bool) -> list[TryView]:
    agent = attempt.agent
    if agent is None or not agent.earlier:
        return []
    found = [
        _try(number, one.verdict, one.seconds, clipper.take(one.told, 8_000) if show_hidden else "")
        for number, one in enumerate(agent.earlier, 1)
    ]
    return [*found, _try(len(found) + 1, attempt.verdict, 0.0, "")]


def _try(number: int, verdict: Verdict | None, seconds: float, told: str) -> TryView:
    """The time of the last try is not recorded apart."""
    return TryView(
        number=number,
        outcome=verdict.outcome.value.replace("_", " ") if verdict else "not graded",
        passed=bool(verdict and verdict.passed),
        points=f"{verdict.points:g} / {verdict.max_points:g}" if verdict and verdict.max_points else "",
        seconds=text.seconds(seconds) if seconds else "",
        told=told,
    )


def _calls(calls: Sequence[ModelCall], clipper: Clipper, *, withheld: bool) -> list[CallView]:
    most = FEW_CALLS if clipper.full else MAX_CALLS
    shown = calls if len(calls) <= most else [*calls[: most // 2], *calls[-(most // 2) :]]
    views = [_call(call, withheld=withheld) for call in shown]
    clipper.charge(sum(_ROW + len(view.status) + len(view.finish) for view in views))
    return views


def _call(call: ModelCall, *, withheld: bool) -> CallView:
    """An error may quote the request."""
    usage = call.reply.usage if call.reply else None
    error = "" if withheld or not call.error else f": {call.error}"
    return CallView(
        number=call.number,
        status="ok" if call.reply else text.one_line(f"{call.status}{error}", 200),
        ok=call.reply is not None,
        prompt=text.count(usage.prompt_tokens) if usage else "",
        completion=text.count(usage.completion_tokens) if usage else "",
        seconds=text.seconds(call.seconds),
        finish=text.one_line(call.reply.finish_reason, 40) if call.reply else "",
        cost=text.dollars(call.cost_usd) if call.cost_usd is not None else "",
    )
