"""One model at one task, asked again and again: the same bytes, the same score, two minds, or anything."""

from __future__ import annotations

from collections.abc import Sequence

from harness.stats.compare.results import Stability
from harness.stats.compare.tables import RunTable
from harness.stats.pathologies import IDENTICAL_FROM, Sampled, bimodal, levels, repeated

STABLE = 0.2
"""Scores within this range of each other are stable, whatever their level."""
WILD = 0.5
"""A range from here on, over more than two levels, is wild."""
FEW = 3
"""Fewer samples say nothing about stability."""

KINDS = {
    "identical": "one and the same candidate each time",
    "stable": "scores within 0.2 of each other",
    "varied": "none of the others",
    "bimodal": "two groups of scores, 0.3 or more apart, nothing between them",
    "wild": "scores over 0.5 or more of the scale, in three groups or more",
    "few": "less than three samples",
}


def stability(tables: Sequence[RunTable], tasks: Sequence[str], models: Sequence[str]) -> tuple[Stability, ...]:
    """Of every (task, model) with a graded attempt, all runs and repeats together; by task, then model."""
    wanted = set(models)
    found = samples(tables)
    return tuple(
        judge(task, model, found[model, task]) for task in tasks for model in sorted(wanted) if (model, task) in found
    )


def samples(tables: Sequence[RunTable]) -> dict[tuple[str, str], list[Sampled]]:
    """(model, task) -> its samples."""
    found: dict[tuple[str, str], list[Sampled]] = {}
    for table in tables:
        for (model, task, _), cell in table.cells.items():
            found.setdefault((model, task), []).extend(cell.samples)
    return found


def judge(task: str, model: str, drawn: Sequence[Sampled]) -> Stability:
    """What the samples of one model at one task are called; `KINDS` says what each word means."""
    scores = [sample.score for sample in drawn]
    hashes = {sample.hash for sample in drawn if sample.hash}
    return Stability(
        task=task,
        model=model,
        samples=len(drawn),
        distinct=len(hashes),
        repeated=repeated(drawn),
        low=min(scores),
        high=max(scores),
        levels=len(levels(scores)),
        kind=_kind(drawn, scores, hashes),
    )


def _kind(drawn: Sequence[Sampled], scores: Sequence[float], hashes: set[str]) -> str:
    if len(drawn) < FEW:
        return "few"
    if len(drawn) >= IDENTICAL_FROM and len(hashes) == 1 and all(sample.hash for sample in drawn):
        return "identical"
    wide = max(scores) - min(scores)
    if wide <= STABLE + 1e-9:
        return "stable"
    if bimodal(scores):
        return "bimodal"
    return "wild" if wide >= WILD - 1e-9 and len(levels(scores)) > 2 else "varied"
