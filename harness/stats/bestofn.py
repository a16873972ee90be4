"""Best-of-N: what one attempt gives, what the selected one gives, what the best one would have given.

    Sample   one graded attempt, reduced to what statistics need
    Draw     the samples of one (task, repeat) and which of them was selected
    Draws    task -> its draws, one a repeat: the shape every estimator here takes

Every estimate is a mean over draws within a task, then over tasks, and its interval is over tasks.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from math import comb

from harness.stats.intervals import over_tasks, ratio_over_tasks
from harness.stats.passk import best_of_k, rank_weights
from harness.stats.score import Score
from harness.types import Frozen
from harness.words import plural

_EXACT_SUBSETS = 3000
"""Votes over more subsets than this are sampled, seeded."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One graded attempt: hidden verdict, visible evidence, identity."""

    passed: bool
    score: float
    """Share of all points, 0..1."""
    visible: float | None = None
    """Share of the points of visible cases; None without any."""
    signature: str = ""
    """Hash of the outputs, for votes; empty when there is none."""
    hash: str = ""
    """Hash of the candidate; empty when there is none."""
    passed_first: bool = False
    """Before an agent was told anything of hidden tests; `passed` where it never was."""
    seed: int | None = None


@dataclass(slots=True)
class Draw:
    """The graded attempts of one (task, repeat)."""

    samples: list[Sample] = field(default_factory=list)
    chosen: Sample | None = None
    """The selected attempt; None when nothing usable was selected."""
    method: str = ""
    """How it was selected: verifier, vote, first, judge; empty without a selection."""
    waiting: int = 0
    """Attempts that only a judge can score, and none has: not among the samples."""

    def best(self, value: Callable[[Sample], float]) -> float | None:
        """The greatest value of an attempt; None where one that waits for a judge may be better, or there is none."""
        found = max((value(s) for s in self.samples), default=None)
        return None if found is None or (self.waiting and found < 1) else found


Draws = Mapping[str, Sequence[Draw]]


class CurvePoint(Frozen):
    """What k attempts give."""

    k: int
    mean: Score
    """One attempt, on the same draws: what k attempts give without selection."""
    selected: Score
    """The attempt selected on visible evidence, expected over all subsets of k."""
    oracle: Score
    """The best of k by the grader itself: a bound, not a method. For pass rates this is pass@k."""
    worst: Score
    """The worst of k. For pass rates this is pass^k: all k pass."""


class BestOfN(Frozen):
    """Mean, selected and oracle of one quantity, pass rate or score, side by side."""

    mean: Score
    selected: Score
    oracle: Score
    recovery: Score
    """(selected - mean) / (oracle - mean): the share of the possible gain that selection got. Not bounded by 0..1."""
    curve: tuple[CurvePoint, ...]


def best_of_n(draws: Draws, value: Callable[[Sample], float]) -> BestOfN:
    """Estimates of `value`, in 0..1, e.g. whether a sample passed, or its score."""
    mean = mean_of(draws, value)
    return BestOfN(
        mean=mean,
        selected=selected_of(draws, value),
        oracle=oracle_of(draws, value),
        recovery=_recovery(draws, value),
        curve=tuple(_point(draws, value, k, mean) for k in curve_steps(draws)),
    )


def mean_over(
    draws: Draws, value: Callable[[Draw], float | None], empty: str = "", size: Callable[[Draw], int] = lambda _: 1
) -> Score:
    """Mean over tasks of the mean over draws of `value`, 0..1; draws for which it is None are left out.

    `empty` is the note when nothing is left. `size`: how many independent values stand behind a draw's, which
    matters only when there is a single task.
    """
    means: list[float] = []
    counts: list[int] = []
    for task in draws.values():
        found = [(x, size(draw)) for draw in task if (x := value(draw)) is not None]
        if found:
            means.append(sum(x for x, _ in found) / len(found))
            counts.append(sum(count for _, count in found))
    score = over_tasks(means, counts)
    return score if means or not empty else score.model_copy(update={"note": empty})


def mean_of(draws: Draws, value: Callable[[Sample], float]) -> Score:
    """Mean of all samples: each draw's mean, then each task's."""

    def mean(draw: Draw) -> float | None:
        return sum(value(s) for s in draw.samples) / len(draw.samples) if draw.samples else None

    return mean_over(draws, mean, size=lambda draw: len(draw.samples))


def selected_of(draws: Draws, value: Callable[[Sample], float]) -> Score:
    """Mean of the selected samples; draws without a usable selection are left out."""
    found = mean_over(draws, lambda draw: value(draw.chosen) if draw.chosen else None, _NOT_SELECTED)
    return _with_sizes(found, draws)


def oracle_of(draws: Draws, value: Callable[[Sample], float]) -> Score:
    """Mean of the best sample of each draw, by `value` itself. No value where that of a draw is not known.

    Whether it is known depends on what came out: without the draws of which it is not, those with a pass would be left.
    """
    unknown = sum(draw.best(value) is None for task in draws.values() for draw in task if draw.samples)
    least = mean_over(draws, lambda draw: max((value(s) for s in draw.samples), default=None))
    if not unknown or least.value is None:
        return _with_sizes(least, draws)
    most = mean_over(
        draws, lambda draw: (1.0 if draw.best(value) is None else draw.best(value)) if draw.samples else None
    )
    assert most.value is not None
    return Score.missing(
        f"Of {plural(unknown, 'draw')} the best may await a judge: between {least.value:.0%} and {most.value:.0%}."
    )


def _with_sizes(score: Score, draws: Draws) -> Score:
    """The score; its note says where not all draws are of as many attempts: the best of four is no best of five."""
    sizes = {len(draw.samples) + draw.waiting for task in draws.values() for draw in task if draw.samples}
    if len(sizes) < 2 or score.value is None:
        return score
    note = f"Draws of {min(sizes)} to {max(sizes)} attempts."
    return score.model_copy(update={"note": f"{score.note} {note}".strip()})


def distinct(draws: Draws) -> Score:
    """Distinct candidates by hash, as a share of the attempts that had a candidate, 0..1; draws of one are left out."""

    def share(draw: Draw) -> float | None:
        hashes = [s.hash for s in draw.samples if s.hash]
        return len(set(hashes)) / len(hashes) if len(hashes) > 1 else None

    return mean_over(draws, share, "Fewer than two candidates a draw.")


def curve_steps(draws: Draws) -> list[int]:
    """The k of a curve: every one up to 16, then about a quarter more each time, and the greatest draw."""
    most = max((len(draw.samples) for task in draws.values() for draw in task), default=0)
    steps = list(range(1, min(most, 16) + 1))
    while steps and steps[-1] < most:
        steps.append(min(most, steps[-1] + max(1, steps[-1] // 4)))
    return steps


def selection_weights(draw: Draw, k: int) -> list[float] | None:
    """Probability, for each sample, of being the one selected from a random k-subset; None when it cannot be told.

    `verifier`: greatest visible score. `vote`: largest cluster of equal outputs; samples without outputs count only
    when there is nothing else. `first`: any. Ties are shared evenly. A judge's choice is known for all samples only.
    """
    n = len(draw.samples)
    if not 1 <= k <= n:
        return None
    if draw.method == "first" or (k == 1 and draw.method):
        return [1 / n] * n
    if draw.method == "verifier":
        return rank_weights([-1.0 if s.visible is None else s.visible for s in draw.samples], k)
    if draw.method == "vote":
        return _vote(draw.samples, k)
    if draw.chosen is not None and k == n:
        return [1.0 if s is draw.chosen else 0.0 for s in draw.samples]
    return None


_NOT_SELECTED = "No selection was made."


def _recovery(draws: Draws, value: Callable[[Sample], float]) -> Score:
    """Share of the possible gain, a ratio of means over tasks, with Fieller's interval."""
    tops: list[float] = []
    bottoms: list[float] = []
    for task in draws.values():
        chosen = [(d, d.chosen) for d in task if d.chosen is not None and d.samples]
        used = [(d, pick, best) for d, pick in chosen if (best := d.best(value)) is not None]
        if len(used) < len(chosen):
            return Score.missing("The best attempt may await a judge: what could be gained is not known.")
        if not used:
            continue
        means = [sum(value(s) for s in d.samples) / len(d.samples) for d, _, _ in used]
        gains = list(zip(used, means, strict=True))
        tops.append(sum(value(chosen) - mean for (_, chosen, _), mean in gains) / len(used))
        bottoms.append(sum(best - mean for (_, _, best), mean in gains) / len(used))
    if not tops:
        return Score.missing(_NOT_SELECTED)
    if sum(bottoms) <= 1e-12:
        return Score.missing("No gain was possible: the best attempt is no better than the mean.")
    return Score.of(sum(tops) / sum(bottoms), ratio_over_tasks(tops, bottoms), len(tops))


def _point(draws: Draws, value: Callable[[Sample], float], k: int, whole: Score) -> CurvePoint:
    """One point of a curve, over the draws that have at least k samples; `whole` is the mean over all draws."""
    kept: dict[str, list[Draw]] = {}
    left = 0
    for task, all_draws in draws.items():
        enough = [draw for draw in all_draws if len(draw.samples) >= k]
        left += len(all_draws) - len(enough)
        if enough:
            kept[task] = enough
    note = f"At k = {k}, {left} draws with fewer graded attempts are left out." if left else ""

    def selected(draw: Draw) -> float | None:
        weights = selection_weights(draw, k)
        return None if weights is None else sum(w * value(s) for w, s in zip(weights, draw.samples, strict=True))

    def oracle(draw: Draw) -> float | None:
        return best_of_k([value(s) for s in draw.samples], k)

    def worst(draw: Draw) -> float | None:
        flipped = best_of_k([1 - value(s) for s in draw.samples], k)
        return None if flipped is None else 1 - flipped

    return CurvePoint(
        k=k,
        mean=mean_of(kept, value).noted(note) if left else whole,
        selected=mean_over(kept, selected, _NOT_SELECTED).noted(note),
        oracle=mean_over(kept, oracle).noted(note),
        worst=mean_over(kept, worst).noted(note),
    )


def _vote(samples: Sequence[Sample], k: int) -> list[float]:
    """Weights of a vote: the largest clusters share a subset evenly, members share their cluster."""
    clusters = Counter(s.signature for s in samples if s.signature)
    names = sorted(clusters)
    weights, idle = _cluster_weights(tuple(clusters[name] for name in names), len(samples) - clusters.total(), k)
    each = {name: weights[i] / clusters[name] for i, name in enumerate(names)}
    silent = idle / max(1, len(samples) - clusters.total())
    return [each[s.signature] if s.signature else silent for s in samples]


@lru_cache(maxsize=4096)
def _cluster_weights(sizes: tuple[int, ...], silent: int, k: int) -> tuple[tuple[float, ...], float]:
    """Chance of each cluster to win a random k-subset, and of a subset of silent samples only."""
    owner = [i for i, size in enumerate(sizes) for _ in range(size)] + [-1] * silent
    total = comb(len(owner), k)
    if total <= _EXACT_SUBSETS:
        subsets: Iterable[Sequence[int]] = combinations(owner, k)
    else:
        source, total = random.Random(0), _EXACT_SUBSETS
        subsets = (source.sample(owner, k) for _ in range(_EXACT_SUBSETS))
    wins = [0.0] * len(sizes)
    idle = 0.0
    for subset in subsets:
        votes = Counter(x for x in subset if x >= 0)
        if not votes:
            idle += 1
            continue
        most = max(votes.values())
        tied = [x for x, count in votes.items() if count == most]
        for x in tied:
            wins[x] += 1 / len(tied)
    return tuple(w / total for w in wins), idle / total
