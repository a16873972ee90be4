"""How far a person and another judge agree, on what both have marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from harness.stats.agreement import disagreement, icc_agreement, krippendorff_alpha, quadratic_kappa
from harness.types import DIMENSIONS, Frozen, Marked

Reply = tuple[str, str, int, int]
"""Task, model, repeat, attempt."""


class Agreement(Frozen):
    """One judge beside another, on one scale. Measures are None where there is nothing to tell."""

    judge: str
    scale: str
    """`rubric` (0..3), a dimension (1..10), `passes`, or `order`: pairs of replies to one task, which is better."""
    items: int
    same: float | None
    """Share of items on which both say the same."""
    kappa: float | None = None
    """Cohen's, quadratic weights."""
    alpha: float | None = None
    """Krippendorff's, ordinal; nominal for `passes`."""
    icc: float | None = None
    """ICC(A,1)."""
    apart: float | None = None
    """Share with a difference of 2 or more."""
    apart_by_chance: float | None = None
    signed: float | None = None
    """Mean of the person's mark - the other judge's."""


def agreements(marked: Iterable[Marked], person: str) -> list[Agreement]:
    """The person beside every other judge, scale by scale; none where they have no item in common."""
    by_judge: dict[str, list[Marked]] = defaultdict(list)
    for item in marked:
        if item.purpose == "compare":
            by_judge[item.judge].append(item)
    own = _scales(by_judge.pop(person, []))
    found = []
    for judge in sorted(by_judge):
        other = _scales(by_judge[judge])
        found += [made for scale, values in own.items() if (made := _beside(judge, scale, values, other.get(scale)))]
    return found


def _scales(marks: Iterable[Marked]) -> dict[str, dict[object, float]]:
    """Scale -> item -> value; of a reply that was marked twice, the mean."""
    lists: dict[str, dict[object, list[float]]] = defaultdict(lambda: defaultdict(list))
    pairs: dict[object, list[float]] = defaultdict(list)
    questions: dict[str, list[Marked]] = defaultdict(list)
    for item in marks:
        reply: Reply = (item.task, item.model, item.repeat, item.attempt)
        mark = item.mark
        if mark.rubric is not None:
            lists["rubric"][reply].append(mark.rubric)
        for name in DIMENSIONS:
            if name in mark.scores:
                lists[name][reply].append(mark.scores[name])
        if mark.passes is not None:
            lists["passes"][reply].append(float(mark.passes))
        questions[item.judgment].append(item)
    for several in questions.values():
        ordered = sorted(several, key=lambda item: (item.model, item.attempt))
        for one, two in combinations(ordered, 2):
            if one.mark.rank is not None and two.mark.rank is not None:
                pair = (one.task, one.repeat, one.model, one.attempt, two.model, two.attempt)
                better = float((two.mark.rank > one.mark.rank) - (two.mark.rank < one.mark.rank))
                (pairs if one.mode == "pairwise" else lists["order"])[pair].append(better)
    for two_replies, orders in pairs.items():
        if len(orders) > 1:  # of one order nothing is taken, as everywhere
            lists["order"][two_replies].append(orders[0] if len(set(orders)) == 1 else 0.0)
    return {scale: {key: sum(v) / len(v) for key, v in items.items()} for scale, items in lists.items() if items}


def _beside(
    judge: str, scale: str, mine: Mapping[object, float], theirs: Mapping[object, float] | None
) -> Agreement | None:
    both = sorted(set(mine) & set(theirs or {}), key=repr)
    if theirs is None or not both:
        return None
    one, two = [mine[key] for key in both], [theirs[key] for key in both]
    same = sum(abs(a - b) < 1e-9 for a, b in zip(one, two, strict=True)) / len(both)
    if scale == "order":
        return Agreement(judge=judge, scale=scale, items=len(both), same=same)
    nominal = scale == "passes"
    apart = disagreement(one, two)
    return Agreement(
        judge=judge,
        scale=scale,
        items=len(both),
        same=same,
        kappa=quadratic_kappa(one, two),
        alpha=krippendorff_alpha([one, two], metric="nominal" if nominal else "ordinal"),
        icc=None if nominal else icc_agreement(list(zip(one, two, strict=True))),
        apart=None if nominal else apart.rate,
        apart_by_chance=None if nominal else apart.by_chance,
        signed=sum(a - b for a, b in zip(one, two, strict=True)) / len(both),
    )
