"""What a report shows of an agent: how it ended, its conversation, its changes, its calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.types import Attempt, ModelCall

from . import text
from .clipper import Clipper

MAX_CALLS = 200
"""Calls shown of one attempt."""


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
    told: str
    """What the agent was told after it; empty where that is hidden."""


@dataclass(frozen=True, slots=True)
class AgentView:
    facts: list[tuple[str, str]]
    tries: list[TryView]
    transcript: str
    withheld: bool
    """The transcript may quote hidden tests, and is not shown."""
    diff: str
    left: list[str]
    calls: list[CallView]
    more_calls: int


def agent_view(
    attempt: Attempt, clipper: Clipper, sessions: Callable[[str], Sequence[ModelCall]], *, show_hidden: bool
) -> AgentView:
    """What is shown of the agent of `attempt`."""
    agent = attempt.agent
    assert agent is not None
    withheld = bool(agent.earlier) and not show_hidden
    calls = sessions(agent.session) if agent.session else ()
    first = agent.first_call_s
    facts = [
        ("Agent", agent.agent),
        ("Ended", agent.ending.value.replace("_", " ") + (f": {agent.detail}" if agent.detail else "")),
        ("Calls", f"{agent.calls}" + (f", {agent.refused} refused" if agent.refused else "")),
        ("Wall time", text.seconds(agent.wall_s)),
        ("Started in", text.seconds(agent.start_s)),
        ("First call after", "" if first is None else text.seconds(first)),
        *((name.replace("_", " ").capitalize(), str(number)) for name, number in agent.counts.items() if number),
        ("Image", agent.image),
    ]
    return AgentView(
        facts=[(text.one_line(name, 40), text.one_line(value, 300)) for name, value in facts if value],
        tries=_tries(attempt, clipper, show_hidden=show_hidden),
        transcript="" if withheld else clipper.take(agent.transcript, 40_000),
        withheld=withheld,
        diff=clipper.take(agent.diff, 40_000),
        left=[text.one_line(line, 300) for line in agent.left],
        calls=[_call(call) for call in calls[:MAX_CALLS]],
        more_calls=max(0, len(calls) - MAX_CALLS),
    )


def _tries(attempt: Attempt, clipper: Clipper, *, show_hidden: bool) -> list[TryView]:
    agent = attempt.agent
    if agent is None or not agent.earlier:
        return []
    found = [
        TryView(
            number=number,
            outcome=one.verdict.outcome.value.replace("_", " "),
            passed=one.verdict.passed,
            told=clipper.take(one.told, 8_000) if show_hidden else "",
        )
        for number, one in enumerate(agent.earlier, 1)
    ]
    passed = bool(attempt.verdict and attempt.verdict.passed)
    return [*found, TryView(len(found) + 1, attempt.outcome.value.replace("_", " "), passed, "")]


def _call(call: ModelCall) -> CallView:
    usage = call.reply.usage if call.reply else None
    return CallView(
        number=call.number,
        status="ok" if call.reply else text.one_line(f"{call.status}: {call.error}", 200),
        ok=call.reply is not None,
        prompt=text.count(usage.prompt_tokens) if usage else "",
        completion=text.count(usage.completion_tokens) if usage else "",
        seconds=text.seconds(call.seconds),
        finish=text.one_line(call.reply.finish_reason, 40) if call.reply else "",
        cost=text.dollars(call.cost_usd) if call.cost_usd is not None else "",
    )
