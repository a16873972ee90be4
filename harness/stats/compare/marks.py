"""Judges' marks of one run, before they are a table's: shares of their scales, ranks, and what came to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness.stats.pooling import pooled
from harness.types import DIMENSIONS, JudgeMode, Judgment, Labelled, Marked

Voice = tuple[str, JudgeMode]
"""Judge and mode: what a judge says in one way is not what it says in another."""


def pooled_shares(
    found: Mapping[tuple[str, str, int], Mapping[Voice, Sequence[float]]],
) -> dict[tuple[str, str, int], float]:
    """(model, task, repeat) -> share of the scale, 0..1, over judges; `pooled` says what of those that are missing."""
    voices = {voice: place for place, voice in enumerate(sorted({voice for by in found.values() for voice in by}))}
    groups = {group: place for place, group in enumerate(dict.fromkeys(key[1:] for key in found))}
    rows = [
        (voices[voice], unit, groups[key[1:]], mean(values), 1 / sum(judge == voice[0] for judge, _ in by))
        for unit, (key, by) in enumerate(found.items())
        for voice, values in by.items()
    ]
    if not rows:
        return {}
    voice_of, unit_of, group_of, values_of, weights = zip(*rows, strict=True)
    shares = pooled(voice_of, unit_of, group_of, values_of, weights).tolist()
    return {key: min(1.0, max(0.0, share)) for key, share in zip(found, shares, strict=True) if share == share}


def widest(ranks: Mapping[str, Mapping[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    """Of model -> judge -> ranks what those judges say that ranked most models: a place among fewer is another one."""
    number = Counter(judge for by in ranks.values() for judge in by)
    most = max(number.values())
    kept = {
        model: {judge: values for judge, values in by.items() if number[judge] == most} for model, by in ranks.items()
    }
    return {model: by for model, by in kept.items() if by}


class Unread(NamedTuple):
    """A question of who is better that came to nothing."""

    judge: str
    mode: str
    key: tuple[str, int]
    """Task and repeat."""
    models: frozenset[str]
    """Empty where it is not known whom it was about."""


Lacking = Collection[tuple[str, tuple[str, int], frozenset[str]]]
"""(judge, (task, repeat), two models): pairs that were asked about and that nothing is known of."""


def unread_questions(
    marked: Iterable[Marked], judgments: Iterable[Judgment], labels: Mapping[str, Sequence[Labelled]]
) -> list[Unread]:
    read = {mark.judgment for mark in marked}
    found = []
    for judgment in judgments:
        compared = judgment.purpose == "compare" and judgment.mode != "rubric" and len(judgment.labels) > 1
        if compared and judgment.id not in read:
            models = frozenset(item.model for item in labels.get(judgment.id, ()))
            found.append(Unread(judgment.judge, judgment.mode, (judgment.task, judgment.repeat), models))
    return found


def lacking_pairs(pairs: Iterable[tuple[tuple[Marked, Marked], float | None]], unread: Iterable[Unread]) -> Lacking:
    known: set[tuple[str, tuple[str, int], frozenset[str]]] = set()
    half = set(known)
    for (one, other), credit in pairs:
        pair = (one.judge, (one.task, one.repeat), frozenset((one.model, other.model)))
        (half if credit is None else known).add(pair)
    whole = {(item.judge, item.key, item.models) for item in unread if item.mode == "pairwise" and item.models}
    return (half | whole) - known


def loose_ranks(
    ranks: Mapping[tuple[str, int], Mapping[str, Mapping[str, Sequence[float]]]], lacking: Lacking
) -> dict[tuple[str, int], dict[str, tuple[float, float]]]:
    """How far mean ranks could move: a pair that nothing is known of is won, rank 1, or lost, rank 2."""
    missing: dict[tuple[str, int], Counter[tuple[str, str]]] = {}
    for judge, key, two in lacking:
        missing.setdefault(key, Counter()).update((model, judge) for model in two)
    found: dict[tuple[str, int], dict[str, tuple[float, float]]] = {}
    for key, number in missing.items():
        for model, by in ranks.get(key, {}).items():
            judges = by.keys() | {judge for name, judge in number if name == model}
            least, most = (
                mean(mean([*by.get(judge, ()), *[rank] * number[model, judge]]) for judge in sorted(judges))
                for rank in (1.0, 2.0)
            )
            found.setdefault(key, {})[model] = (least, most)
    return found


def paired_orders(marked: Iterable[Marked]) -> Iterator[tuple[tuple[Marked, Marked], float | None]]:
    """Pairwise marks, both orders together: 1 where the first won in both, 0 where the second did, else 1/2, a tie.

    None where only one order was read: that says nothing.
    """
    judgments: dict[str, list[Marked]] = {}
    for mark in marked:
        if mark.mode == "pairwise" and mark.mark.rank is not None:
            judgments.setdefault(mark.judgment, []).append(mark)
    orders: dict[tuple[str | int, ...], list[tuple[Marked, Marked]]] = {}
    for two in judgments.values():
        if len(two) == 2:
            one, other = sorted(two, key=lambda mark: (mark.model, mark.attempt))
            who = (one.judge, one.task, one.repeat, one.model, one.attempt, other.model, other.attempt)
            orders.setdefault(who, []).append((one, other))
    for said in orders.values():
        ranks = [(one.mark.rank or 0, other.mark.rank or 0) for one, other in said]
        first, second = all(one < other for one, other in ranks), all(one > other for one, other in ranks)
        yield said[0], None if len(said) < 2 else 1.0 if first else 0.0 if second else 0.5


def share_of_scale(marked: Marked) -> float | None:
    """A mark as a share of its scale, 0..1; None for one without scores.

    Listwise: (mean of the five dimensions - 1) / 9; rubric: / 3.
    """
    mark = marked.mark
    if mark.rubric is not None:
        return mark.rubric / 3
    if len(mark.scores) == len(DIMENSIONS):
        return (sum(mark.scores.values()) / len(mark.scores) - 1) / 9
    return None


def mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
