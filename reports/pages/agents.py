"""What agents did: first and last try, how they ended, what they needed."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.stats.numbers import Agents, ModelSummary

from .. import text
from ..page import Page, Report, table

ENDINGS = {
    "finished": "by itself, with something changed",
    "no_edit": "by itself, with every file as it was",
    "timeout": "at the limit of its wall time",
    "crash": "its process ended as none should",
    "refused": "a budget of the attempt was spent",
    "context_exhausted": "the model's window or its limit of tokens was reached, and nothing was changed",
}
COUNTS = {
    "turns": "questions and answers of the conversation",
    "reflections": "times it went on because of an edit or a test that failed",
    "edits": "replies whose edits were applied",
    "edit_errors": "replies with an edit that could not be applied",
    "malformed": "replies that were not in the edit format",
    "test_runs": "runs of the visible tests in its container",
    "tests_failed": "of these failed",
    "lint_runs": "runs of the linter",
    "lint_failed": "of these failed",
    "exhausted": "replies that reached the limit of tokens",
    "errors": "errors it printed",
    "asks": "questions it asked and answered itself",
}
MAX_OWN = 50
"""Counts shown that only the agent knows the meaning of."""

Fact = tuple[str, str, list[str]]


def _agents(report: Report) -> list[tuple[ModelSummary, Agents]]:
    return [(model, model.agents) for model in report.models if model.agents is not None]


def _facts(found: list[Agents]) -> list[Fact]:
    """(fact, what it means, one value a model)."""
    passed: list[Fact] = [
        ("Passed at the first try", "before it was told of hidden tests", [text.spoken(a.first_try) for a in found]),
        ("Passed at the last try", "the pass@1 of all other pages", [text.spoken(a.last_try) for a in found]),
        ("Tried again", "was told which hidden tests failed", [_share(a.told, a) for a in found]),
    ]
    if not any(one.told for one in found):
        passed = [("Passed", "pass@1; none was told of hidden tests", [text.spoken(a.last_try) for a in found])]
    return [
        ("Agent", "", [text.one_line(", ".join(one.names), 80) for one in found]),
        *passed,
        ("Well formed", "every edit could be applied", [_well_formed(a) for a in found]),
        ("Changed other files", "which are no part of the answer, and not taken", [_share(a.left, a) for a in found]),
        ("Calls an attempt", "answers of the model", [text.number(a.calls / a.attempts) for a in found]),
        ("Refused calls", "by the gateway, in all attempts", [text.count(a.refused) for a in found]),
        ("Time an attempt", "its model included", [text.seconds(a.wall_s / a.attempts) for a in found]),
        ("Time to start", "median, until it ran in its container", [text.seconds(a.start_s) for a in found]),
    ]


def _counted(found: list[Agents], meanings: Mapping[str, str], name: str) -> list[Fact]:
    """What occurred: the known ones in their order, then the most frequent of an agent's own."""
    counts: list[dict[str, int]] = [getattr(one, name) for one in found]
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    known = [key for key in meanings if total[key]]
    own = [key for key, number in total.most_common() if number and key not in meanings]
    return [
        (
            text.one_line(key.replace("_", " "), 60),
            meanings.get(key, ""),
            [text.count(count.get(key, 0)) for count in counts],
        )
        for key in [*known, *own[:MAX_OWN]]
    ]


def context(report: Report) -> Mapping[str, object]:
    """Three tables, a column a model."""
    pairs = _agents(report)
    found = [agents for _, agents in pairs]
    return {
        "names": [text.one_line(model.model) for model, _ in pairs],
        "facts": _facts(found),
        "endings": _counted(found, ENDINGS, "endings"),
        "counts": _counted(found, COUNTS, "counts"),
    }


def markdown(report: Report) -> str:
    """The same tables."""
    pairs = _agents(report)
    names = [text.markdown(model.model) for model, _ in pairs]
    found = [agents for _, agents in pairs]
    shown = [("Result", _facts(found))]
    shown += [("Ended", _counted(found, ENDINGS, "endings")), ("Counted", _counted(found, COUNTS, "counts"))]
    parts = [
        table([label, *names], [[text.markdown(name), *map(text.markdown, values)] for name, _, values in rows])
        for label, rows in shown
    ]
    return "\n".join(part for part in parts if part)


def _share(number: int, agents: Agents) -> str:
    return f"{number:,} of {agents.attempts:,}"


def _well_formed(agents: Agents) -> str:
    """A dash for agents that do not count their edits."""
    return _share(agents.well_formed, agents) if {"edit_errors", "malformed"} & set(agents.counts) else "–"


page = Page("agents", "Agents", context, markdown, lambda report: bool(_agents(report)))
