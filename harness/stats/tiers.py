"""What may be said of an order: the ranks each model can have, and letters that models share which do not differ."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import NamedTuple

ALPHA = 0.05
LETTERS = 52
"""With more of them a letter display is read by nobody."""
_SAME = 1e-9
"""Means that differ by less differ by rounding, whatever p says."""
_COLUMNS = 500
"""Sets of models in the making, which may double with every pair."""


class Pair(NamedTuple):
    """One comparison of two models on the same tasks."""

    first: int
    second: int
    difference: float
    """Mean over tasks of first - second."""
    p: float
    adjusted: float
    """Holm's, over all pairs."""


class Ranks(NamedTuple):
    """The best and the worst place that the data leave to a model: 1 is first."""

    best: int
    worst: int


def told_apart(pair: Pair, alpha: float = ALPHA) -> bool:
    """Whether the two differ significantly: what places and letters go by."""
    return pair.adjusted <= alpha and abs(pair.difference) > _SAME


def rank_sets(models: int, pairs: Sequence[Pair], *, alpha: float = ALPHA) -> list[Ranks]:
    """[1 + models that are significantly better, K - models that are significantly worse] of each model.

    Mogstad et al. (2024), "Inference for ranks": never one bare ordinal, unless the data give one.
    """
    better, worse = [0] * models, [0] * models
    for pair in pairs:
        if told_apart(pair, alpha):
            up, down = (pair.first, pair.second) if pair.difference > 0 else (pair.second, pair.first)
            better[down] += 1
            worse[up] += 1
    return [Ranks(1 + better[i], models - worse[i]) for i in range(models)]


def letters(order: Sequence[int], pairs: Sequence[Pair], *, alpha: float = ALPHA) -> dict[int, str]:
    """Compact letter display: models that share a letter do not differ significantly, those without a common one do.

    Piepho (2004), insert and absorb. `order`: the models, best first, so that letters begin at the top. Everybody has
    an empty text where more than `LETTERS` would be needed, as may happen with some forty models and more.
    """
    none = dict.fromkeys(order, "")
    place = {model: position for position, model in enumerate(order)}
    # A set of models is the number with these bits: with hundreds of models sets of Python are ten times slower.
    columns = [(1 << len(order)) - 1]
    for pair in pairs:
        if not told_apart(pair, alpha):
            continue
        one, other = 1 << place[pair.first], 1 << place[pair.second]
        both = one | other
        split = [column for column in columns if column & both == both]
        columns = [column for column in columns if column & both != both]
        halves = {half for column in split for half in (column & ~one, column & ~other)}
        # Only a half can be part of another one: the others were not part of what it was made from.
        for half in sorted(halves, key=lambda half: (-half.bit_count(), half)):
            if half and not any(half & column == half for column in columns):
                columns.append(half)
        if len(columns) > _COLUMNS:
            return none
    if len(columns) > LETTERS:
        return none
    members = sorted([position for position in range(len(order)) if column >> position & 1] for column in columns)
    return {model: "".join(_letter(i) for i, column in enumerate(members) if place[model] in column) for model in order}


def _letter(index: int) -> str:
    """a, b, ..., z, A, ..., Z."""
    return string.ascii_letters[index]
