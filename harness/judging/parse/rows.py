"""What an object of a reply says, and what it says that it is about: rows about single things beside whole verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.judging.parse.piece import Piece
from harness.judging.parse.values import Labels, folded
from harness.judging.parse.views import OWN

_THINGS = frozenset({
    "area", "aspect", "attribute", "case", "category", "check", "component", "criteria", "criterion", "dimension",
    "factor", "item", "metric", "part", "problem", "question", "requirement", "skill", "step", "subject",
    "subquestion", "task", "test", "topic",
})  # fmt: skip
"""Words of keys that say what an object is about, if not about all that was asked."""
_NAMED = frozenset({"id", "index", "name", "no", "number", "sub", "text", "title"})
_WHOLE = frozenset({"all", "final", "overall", "total", "verdict"})
"""Words for all that was asked: what is about it is no row."""
_PARTS = frozenset({"order", "rank", "ranking", "rankings", "ranks", "rating", "ratings", "score", "scores"})
"""Words for a part of a verdict. With a number they say only which of several pieces an object is."""
Thing = tuple[tuple[str, str], ...]
"""What an object is about, by its keys."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one object says."""

    piece: Piece
    about: Thing
    """Empty: a verdict, or a part of one. Else a row."""
    listed: int
    """The same in one list."""
    marked: bool = True
    repaired: bool = False

    @property
    def numbered(self) -> bool:
        """It is about nothing but its own place in the verdict: {"step": 2, ...}, {"name": "ranking", ...}."""
        words = {word for _, said in self.about for word in folded(said).split("_")}
        return all(word.isdecimal() or word in _PARTS | _THINGS for word in words)


def about(value: dict[str, Any], labels: Labels) -> Thing:
    """What else than a candidate an object says that it is about: {"criterion": "style", ...}. Empty without any."""
    things: list[tuple[str, str]] = []
    for key, inner in value.items():
        words = set(folded(key).split("_"))
        thing = words & _THINGS and words <= _THINGS | _NAMED
        if (thing or words == {"name"}) and isinstance(inner, str | int | float) and not isinstance(inner, bool):
            said = str(inner).strip()
            if said and not _whole(said) and (thing or not labels.like(said)):
                things.append((folded(key), said))
    return tuple(things)


def _whole(said: str) -> bool:
    """`overall`, `Final score`; not `final answer`."""
    words = set(folded(said).split("_"))
    return not words.isdisjoint(_WHOLE) and words <= _WHOLE | OWN | {"the", "my"}


def of_several(said: Sequence[Said]) -> list[bool]:
    """Of each, whether it is a row of a breakdown: rows of the same keys answer the same for different things."""
    things: dict[Any, set[Thing]] = defaultdict(set)
    answers = [
        [(each.marked, tuple(key for key, _ in each.about), question) for question in each.piece.questions()]
        for each in said
    ]
    for each, answered in zip(said, answers, strict=True):
        for answer in answered:
            things[answer].add(each.about)
    return [any(len(things[answer]) > 1 for answer in answered) for answered in answers]
