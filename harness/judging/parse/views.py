"""Which object of a reply is a verdict, or wraps one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from harness.judging.parse.values import Labels, folded, stated
from harness.types import DIMENSIONS, JudgeMode

_WRAPPING = frozenset({
    "answer", "assessment", "comparison", "conclusion", "data", "decision", "evaluation", "evaluations", "final",
    "grade", "grading", "json", "judgement", "judgment", "my", "output", "overall", "rating", "ratings", "reply",
    "response", "result", "results", "review", "score", "scores", "the", "verdict",
})  # fmt: skip
"""Words of keys that say nothing but that a verdict follows: `verdict`, `final_answer`. A key with any other word may
be of another thing: `reference`, `max`, `example`, `accuracy`, `draft`."""
OWN = frozenset({
    "assessment", "comparison", "decision", "evaluation", "evaluations", "grade", "grading", "judgement", "judgment",
    "rating", "ratings", "review", "score", "scores", "verdict",
})  # fmt: skip
"""Of these the words for what only a judge says. `answer`, `output` and a label stand for a candidate's text, too."""
RATINGS = ("score", "rating")
RATED = frozenset({
    "grade", "final_score", "final_rating", "final_grade", "overall_score", "overall_rating", "overall_grade",
})  # fmt: skip
"""As `RATINGS`, where they hold a number: a grade may be a letter, or a wrapper."""
LEVELS = ("scores", "dimensions", "ratings")
Quoting = Callable[[str, Any], bool]
"""Whether what stands under a key repeats what the judge was shown."""
SCORES = ("scores", "score", "evaluations", "evaluation", "ratings", "models", "candidates", "results")
ALSO_SCORES = ("verdict", "verdicts", "answers", "responses")
"""As `SCORES`, where scores of candidates stand there."""
MAX_WRAPPERS = 3
"""Objects round a verdict that are opened. What was quoted is looked for one deeper (`quotes`)."""
_STRESS = frozenset({"final", "overall", "my", "the", "total", "preferred", "preference"})
RANKING = ("ranking", "rankings", "rank", "order")
WHO = ("model", "label", "candidate", "name", "id")


_KEYS: dict[JudgeMode, frozenset[str]] = {
    "rubric": RATED.union(RATINGS),
    "pairwise": frozenset({"winner"}),
    "listwise": frozenset({"scores", "ranking", "rankings", *DIMENSIONS}),
}
"""Keys that are a verdict's wherever they stand."""


def written_key(mode: JudgeMode) -> re.Pattern[str]:
    """A key of a verdict in a text that cannot be read: `"score":`, `**Final Score**:`."""
    names = "|".join(sorted(name.replace("_", "[ _-]") for name in _KEYS[mode]))
    return re.compile(rf"\b(?:{names})\b[*`\"'“”’]*+\s*+:", re.IGNORECASE)


def never(key: str, inner: Any) -> bool:
    """`Quoting` where nothing is known of what was shown."""
    return False


def views(
    value: dict[str, Any], labels: Labels, mode: JudgeMode, quoted: Quoting = never, depth: int = 0
) -> Iterator[dict[str, Any]]:
    """The object, or what it wraps: `{"result": {...}}`. Empty where nothing has a verdict's keys."""
    if is_verdict(value, labels, mode) or (depth < MAX_WRAPPERS and foreign(value, labels, mode, depth) is not None):
        yield value
    elif depth < MAX_WRAPPERS:
        yield from wrapped(value, labels, mode, quoted, depth)


def wrapped(
    value: dict[str, Any], labels: Labels, mode: JudgeMode, quoted: Quoting = never, depth: int = 0
) -> Iterator[dict[str, Any]]:
    """The verdicts under keys that wrap one: a word for a verdict, or the label where there is but one."""
    for key, inner in value.items():
        if _wraps(key) or (len(labels.all) == 1 and labels.find(key)):
            found: list[dict[str, Any]] = []
            if isinstance(inner, dict):
                found = list(views(inner, labels, mode, quoted, depth + 1))
            elif isinstance(inner, list) and mode == "listwise" and any(named(item) for item in inner):
                found = [{"scores": inner}]
            if found and not quoted(key, inner):
                yield from found


def own(key: str) -> bool:
    """The key of a wrapper says that the judge's own words follow: `final_verdict`, and not `final_answer`."""
    return any(word in OWN for word in folded(key).split("_"))


def _wraps(key: str) -> bool:
    return all(word in _WRAPPING for word in folded(key).split("_"))


def foreign(value: dict[str, Any], labels: Labels, mode: JudgeMode, depth: int = 0) -> str | None:
    """Where one candidate was shown, the key of a verdict about another one: {"Model B": {"score": 3}}."""
    if len(labels.all) > 1:
        return None
    for key, inner in value.items():
        other = isinstance(inner, dict) and not _wraps(key) and labels.like(key) and labels.find(key) is None
        if other and next(views(inner, labels, mode, depth=depth + 1), None) is not None:
            return key
    return None


def another(key: str, names: tuple[str, ...]) -> bool:
    """The key is one of these names, perhaps with a word that says that it counts more: `final_ranking`."""
    words = folded(key).split("_")
    return any(word in names for word in words) and all(word in names or word in _STRESS for word in words)


def is_verdict(value: dict[str, Any], labels: Labels, mode: JudgeMode) -> bool:
    """It has the keys of a verdict, whatever their values."""
    names = {folded(key) for key in value}
    if mode == "rubric":
        return not names.isdisjoint(RATINGS) or any(
            folded(key) in RATED and stated(inner) for key, inner in value.items()
        )
    if mode == "pairwise":
        return "winner" in names
    if names & {"scores", "ranking", "rankings"} or named(value) or (len(labels.all) == 1 and dimensions(value)):
        return True
    with_scores = [key for key, inner in value.items() if scored(inner)]
    return any(labels.like(key) for key in with_scores) or bool(names & set(SCORES) and with_scores)


def scored(value: Any) -> bool:
    """One candidate's scores, perhaps a level down; or a list of several candidates'."""
    return any(map(dimensions, (value, *levels_down(value))))


def holds_scores(value: Any) -> bool:
    """Scores of one candidate or of several."""
    return scored(value) or any(map(scored, value.values() if isinstance(value, dict) else value))


def dimensions(value: Any) -> bool:
    if isinstance(value, list):
        return any(named(item) for item in value)
    return isinstance(value, dict) and bool({folded(key) for key in value} & set(DIMENSIONS))


def levels_down(scores: Any) -> list[dict[str, Any]]:
    """A candidate's scores where they stand a level down: {"scores": {"accuracy": 8, ...}, "passes": true}."""
    found = scores.items() if isinstance(scores, dict) else ()
    return [inner for key, inner in found if isinstance(inner, dict) and folded(key) in LEVELS]


def named(value: Any) -> bool:
    """One candidate's scores with its name: {"model": "A", "accuracy": 8, ...}."""
    if not isinstance(value, dict) or not dimensions(value):
        return False
    return any(folded(key) in WHO and not (folded(key) == "id" and anonymous(inner)) for key, inner in value.items())


def anonymous(who: Any) -> bool:
    """An `id` that is a mark or a number, and no candidate's."""
    return not isinstance(who, str) or re.fullmatch("[0-9a-f]{8,}", who) is not None
