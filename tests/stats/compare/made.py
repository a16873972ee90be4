"""Runs that never were, for tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.stats.compare import RunTable
from harness.types import Attempt, Candidate, Extraction, Outcome, Reply, Usage, Verdict

P2 = {
    "gemma4": [22, 22, 22],
    "qwen2.5-coder:14b": [22, 20, 20],
    "qwen3:14b": [17, 16, 17],
    "deepseek-coder-v2:16b": [16, 16, 12],
    "qwen3.5:9b": [9, 9, 21],
    "qwen3.5:4b": [4, 19, 16],
}
"""Points of 22 in three runs of one task."""

WINS = {
    "claude-opus": [8, 6, 6],
    "claude-sonnet": [4, 4, 6],
    "deepseek-v3-0324": [4, 5, 6],
    "glm-5": [4, 4, 4],
    "minimax-m2.5": [2, 4, 1],
    "qwen2.5-coder:32b": [5, 2, 3],
    "deepseek-r1:32b": [0, 2, 2],
    "qwen3.5-abliterated:35b-a3b": [1, 1, 0],
    "hermes3:8b": [0, 0, 0],
    "qwen3.5-35b-a3b-opus-distilled": [0, 0, 0],
    "qwen3.5-27b-opus-distilled": [0, 0, 0],
}
"""Wins of 28 in three runs."""


def attempt(model: str, task: str, *, repeat: int = 0, index: int = 0, score: float = 1.0, **changes: Any) -> Attempt:
    """A graded attempt of ten points; a `score` of 1 passes. `reply`: text, and `code` where it is not the same."""
    text = changes.pop("reply", "def f():\n    return 1\n")
    code = changes.pop("code", text)
    found: dict[str, Any] = {
        "task": task, "suite": "s", "category": "c", "kind": "function", "model": model, "repeat": repeat,
        "attempt": index, "seed": 100 * repeat + index, "solver": "single_shot", "task_hash": f"hash of {task}",
        "reply": Reply(text=text, finish_reason="stop", usage=Usage(completion_tokens=9), seconds=1.0),
        "extraction": Extraction(candidate=Candidate(files={"solution.py": code}), choice="all of it"),
        "verdict": Verdict(
            outcome=Outcome.passed if score >= 1 else Outcome.wrong_answer, points=10 * score, max_points=10
        ),
    }  # fmt: skip
    return Attempt(**{**found, **changes})


def table(name: str, attempts: Sequence[Attempt]) -> RunTable:
    """A run of these attempts."""
    found = RunTable(name)
    for item in attempts:
        found.add(item)
    return found


def runs(
    scores: Sequence[Mapping[str, Sequence[float]]], categories: Sequence[str] = (), *, max_points: float = 1.0
) -> list[RunTable]:
    """One run each: model -> a score a task; tasks are t00, t01, ..."""
    number = len(next(iter(scores[0].values())))
    names = [f"t{i:02d}" for i in range(number)]
    kinds = dict(zip(names, categories or ["general"] * number, strict=True))
    return [
        RunTable.from_points(
            f"run {r + 1}",
            {model: {name: [value] for name, value in zip(names, row, strict=True)} for model, row in run.items()},
            max_points=max_points,
            categories=kinds,
        )
        for r, run in enumerate(scores)
    ]


def wins_tables() -> list[RunTable]:
    """`WINS` as three runs of 28 tasks, each won by one model; which task a model wins says the table nothing about."""
    made = []
    for run in range(3):
        winners = [model for model, wins in WINS.items() for _ in range(wins[run])]
        made.append({model: [float(winner == model) for winner in winners] for model in WINS})
    return runs(made)
