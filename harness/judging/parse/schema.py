"""An object as a verdict, or as a piece of one: what the three modes ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.judging.parse.codes import Problem, shown
from harness.judging.parse.ranking import ranking_of, ranks_of_numbers
from harness.judging.parse.values import Labels, folded, note, number, one_of, whole, yes_or_no
from harness.types import DIMENSIONS, JudgeMode, Mark

NOTES = ("note", "notes", "reason", "reasons", "comment", "comments", "justification", "explanation", "rationale")
_WRAPPING = frozenset({
    "answer", "assessment", "comparison", "conclusion", "data", "decision", "evaluation", "evaluations", "final",
    "grade", "grading", "json", "judgement", "judgment", "my", "output", "overall", "rating", "ratings", "reply",
    "response", "result", "results", "review", "score", "scores", "the", "verdict",
})  # fmt: skip
"""Words of keys that say nothing but that a verdict follows: `verdict`, `final_answer`. A key with any other word may
be of another thing: `reference`, `max`, `example`, `accuracy`, `draft`."""
_RATINGS = ("score", "rating")
_RATED = frozenset({
    "grade", "final_score", "final_rating", "final_grade", "overall_score", "overall_rating", "overall_grade",
})  # fmt: skip
"""No verdict by themselves; as numbers they must not say another thing than the score beside them."""
_CHOICES = frozenset({
    "winner", "best", "better", "choice", "preferred", "preference", "chosen", "selected", "verdict", "final_verdict",
    "decision", "answer", "final_answer", "result", "final", "judgment", "judgement",
})  # fmt: skip
"""As `_RATED`, beside a winner."""
_SCORES = ("scores", "score", "evaluations", "evaluation", "ratings", "models", "candidates", "results")
_RANKING = ("ranking", "rankings", "rank", "order")
_WHO = ("model", "label", "candidate", "name", "id")
_TIES = frozenset({"tie", "tied", "draw", "equal", "both", "neither"})


@dataclass(slots=True)
class Piece:
    """What one object says: all of a verdict, or its scores, some of them, or its ranking."""

    marks: dict[str, Mark] = field(default_factory=dict)
    """Without ranks where the ranking stands apart."""
    ranks: dict[str, int] | None = None
    flags: set[str] = field(default_factory=set)

    def complete(self, labels: Labels, mode: JudgeMode) -> bool:
        ranked = mode == "rubric" or self.ranks is not None or len(labels.all) == 1
        return ranked and len(self.marks) == len(labels.all)

    def differs(self, other: Piece) -> bool:
        """They say different things of the same candidate, or rank differently. Notes may differ."""
        ranked = self.ranks is not None and other.ranks is not None and self.ranks != other.ranks
        shared = self.marks.keys() & other.marks.keys()
        return ranked or any(_said(self.marks[label]) != _said(other.marks[label]) for label in shared)


def _said(mark: Mark) -> tuple[object, ...]:
    return mark.scores, mark.rubric, mark.passes


def views(value: dict[str, Any], labels: Labels, mode: JudgeMode, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The object, or what it wraps: `{"result": {...}}`. Empty where nothing has a verdict's keys."""
    if is_verdict(value, labels, mode) or (depth < 3 and _foreign(value, labels, mode, depth) is not None):
        yield value
    elif depth < 3:
        yield from _wrapped(value, labels, mode, depth)


def _wrapped(value: dict[str, Any], labels: Labels, mode: JudgeMode, depth: int) -> Iterator[dict[str, Any]]:
    """The verdicts under keys that wrap one: a word for a verdict, or the label where there is but one."""
    for key, inner in value.items():
        if _wraps(key) or (len(labels.all) == 1 and labels.find(key)):
            if isinstance(inner, dict):
                yield from views(inner, labels, mode, depth + 1)
            elif isinstance(inner, list) and mode == "listwise" and any(_named(item) for item in inner):
                yield {"scores": inner}


def _wraps(key: str) -> bool:
    return all(word in _WRAPPING for word in folded(key).split("_"))


def _foreign(value: dict[str, Any], labels: Labels, mode: JudgeMode, depth: int = 0) -> str | None:
    """Where one candidate was shown, the key of a verdict about another one: {"Model B": {"score": 3}}."""
    if len(labels.all) > 1:
        return None
    for key, inner in value.items():
        other = isinstance(inner, dict) and not _wraps(key) and labels.like(key) and labels.find(key) is None
        if other and next(views(inner, labels, mode, depth + 1), None) is not None:
            return key
    return None


def is_verdict(value: dict[str, Any], labels: Labels, mode: JudgeMode) -> bool:
    """It has the keys of a verdict, whatever their values."""
    names = {folded(key) for key in value}
    if mode == "rubric":
        return not names.isdisjoint(_RATINGS)
    if mode == "pairwise":
        return "winner" in names
    if names & {"scores", "ranking", "rankings"} or _named(value) or (len(labels.all) == 1 and _dimensions(value)):
        return True
    scored = [key for key, inner in value.items() if _dimensions(inner) or _dimensions(_inner(inner))]
    return any(labels.like(key) for key in scored) or bool(names & set(_SCORES) and scored)


def _dimensions(value: Any) -> bool:
    if isinstance(value, list):
        return any(_named(item) for item in value)
    return isinstance(value, dict) and bool({folded(key) for key in value} & set(DIMENSIONS))


def _inner(scores: Any) -> Any:
    """A candidate's scores where they stand a level down: {"scores": {"accuracy": 8, ...}, "passes": true}."""
    found = scores.items() if isinstance(scores, dict) else ()
    return next((inner for key, inner in found if folded(key) in ("scores", "dimensions", "ratings")), None)


def _named(value: Any) -> bool:
    """One candidate's scores with its name: {"model": "A", "accuracy": 8, ...}."""
    return isinstance(value, dict) and _dimensions(value) and bool({folded(key) for key in value} & set(_WHO))


def read(value: dict[str, Any], labels: Labels, mode: JudgeMode) -> Piece:
    """What an object with a verdict's keys says. Raises Problem, also where it says two things at once."""
    other = _foreign(value, labels, mode)
    if other is not None:
        labels.need(other, mode)
    if mode == "listwise":
        return _listwise(value, labels)
    piece = _rubric(value, labels) if mode == "rubric" else _pairwise(value, labels)
    for inner in _wrapped(value, labels, mode, 0):
        if piece.differs(read(inner, labels, mode)):
            raise Problem("duplicate_key", "an object and one in it say different things")
    return piece


def _rubric(value: dict[str, Any], labels: Labels) -> Piece:
    label = labels.all[0]
    said: list[float] = []
    piece = Piece()
    for name in _RATINGS:
        given = one_of(value, name)
        if name not in {folded(key) for key in value}:
            continue
        _whose(given, labels)
        score, written = whole(given, name, 0, 3)
        said.append(score)
        piece.flags |= {"normalised"} if written else set()
    _whose(value, labels)
    said += [inner for key, inner in value.items() if folded(key) in _RATED and type(inner) in (int, float)]
    if len(set(said)) > 1:
        raise Problem("duplicate_key", f"score: {' and '.join(map(shown, said))}")
    piece.marks[label] = Mark(label=label, rubric=int(said[0]), note=note(one_of(value, *NOTES)))
    return piece


def _whose(value: Any, labels: Labels) -> None:
    who = one_of(value, "model", "label", "candidate") if isinstance(value, dict) else None
    if who is not None:
        labels.need(who, "model")


def _pairwise(value: dict[str, Any], labels: Labels) -> Piece:
    winner = one_of(value, "winner")
    if winner is None:
        raise Problem("missing_ranking", "winner: null")
    piece = Piece()
    label = labels.find(winner)
    word = folded(winner) if isinstance(winner, str) else ""
    if label is None and word not in _TIES:
        if isinstance(winner, str) and (not winner.strip() or winner.strip()[0] in "<[" or "..." in winner):
            raise Problem("echoed", f"winner: {shown(winner)}")
        labels.need(winner, "winner")
    if label is None:
        piece.flags.add("tied")
        if winner != "tie":
            piece.flags.add("normalised")
    for key, other in value.items():
        told = isinstance(other, str) and (labels.find(other) or ("" if folded(other) in _TIES else None))
        if folded(key) in _CHOICES and isinstance(told, str) and told != (label or ""):
            raise Problem("duplicate_key", f"winner: {shown(winner)}, and {shown(key)}: {shown(other)}")
    piece.ranks = {each: 1 if label in (None, each) else 2 for each in labels.all}
    if isinstance(ranking := one_of(value, *_RANKING), list | dict) and ranking_of(ranking, labels) != piece.ranks:
        raise Problem("duplicate_key", f"winner: {shown(winner)}, and another ranking")
    why = note(one_of(value, *NOTES))
    piece.marks = {each: Mark(label=each, rank=rank, note=why) for each, rank in piece.ranks.items()}
    return piece


def _listwise(value: dict[str, Any], labels: Labels) -> Piece:
    piece = Piece()
    given = one_of(value, *_SCORES)
    ranking = one_of(value, *_RANKING)
    if _named(value) or (_dimensions(given) and isinstance(given, dict) and one_of(value, *_WHO) is not None):
        given, ranking = [value], None
    elif len(labels.all) == 1 and (_dimensions(value) or (isinstance(given, dict) and _dimensions(given))):
        piece.flags.add("normalised")  # one candidate: no label is needed to know whose scores they are
        given = {labels.all[0]: given if isinstance(given, dict) else value}
    elif given is None:
        given = {key: inner for key, inner in value.items() if isinstance(inner, dict) and folded(key) not in _RANKING}
        given = given or None
    rankings = [] if ranking is None else [ranking]
    rankings += [value[key] for key in value if folded(key) in _RANKING and isinstance(value[key], dict | list)]
    if isinstance(given, dict) and (among := one_of(given, "ranking")) is not None:
        rankings.append(among)
    numbers: dict[str, Any] = {}
    for label, scores in _by_label(given, labels):
        if label in piece.marks:
            raise Problem("duplicate_key", f"{label} is scored twice")
        piece.marks[label] = _mark(label, scores, piece.flags)
        rank = one_of(scores, "rank")
        if rank is not None:
            numbers[label] = rank
    _agreed(value, given, piece, labels)
    if rankings:
        first, *others = (ranking_of(one, labels) for one in rankings)
        told = {label: rank for label, rank in numbers.items() if type(rank) in (int, float)}
        if any(one != first for one in others) or _order(told) != _order({label: first[label] for label in told}):
            raise Problem("duplicate_key", "ranking: two that differ")
        piece.ranks = first
    elif numbers and len(numbers) == len(labels.all):
        piece.ranks = ranks_of_numbers(numbers, labels)
    return piece


def _order(ranks: dict[str, Any]) -> dict[str, int]:
    """The ranks without gaps: what two ways of counting ties have in common."""
    places = {rank: place for place, rank in enumerate(sorted(set(ranks.values())))}
    return {label: places[rank] for label, rank in ranks.items()}


def _agreed(value: dict[str, Any], given: Any, piece: Piece, labels: Labels) -> None:
    """Raises Problem where scores stand beside those that were read, of a candidate not shown or other than those."""
    for key, inner in value.items():
        if inner is given or not isinstance(inner, dict | list):
            continue
        beside: Any = {key: inner} if labels.like(key) and isinstance(inner, dict) and _dimensions(inner) else None
        if folded(key) in _SCORES and any(map(_dimensions, inner.values() if isinstance(inner, dict) else [inner])):
            beside = inner
        for label, scores in _by_label(beside, labels):
            if label not in piece.marks or _said(_mark(label, scores, set())) != _said(piece.marks[label]):
                raise Problem("duplicate_key", f"{label} is scored twice")


def _by_label(given: Any, labels: Labels) -> Iterator[tuple[str, dict[str, Any]]]:
    if given is None:
        return
    if isinstance(given, list):
        for item in given:
            if not isinstance(item, dict):
                raise Problem("wrong_type", f"scores: {shown(item)} where an object should be")
            who = one_of(item, *_WHO)
            if who is None and len(item) == 1:
                yield from _by_label(item, labels)
            else:
                yield labels.need(who, "scores"), item
        return
    if not isinstance(given, dict):
        raise Problem("wrong_type", f"scores: {shown(given)} where an object should be")
    for key, scores in given.items():
        label = labels.find(key)
        if label is None:
            if folded(key) != "ranking" and (isinstance(scores, dict | list) or labels.like(key)):
                labels.need(key, "scores")
        elif isinstance(scores, dict):
            yield label, scores
        else:
            raise Problem("wrong_type", f"{label}: {shown(scores)} where an object of scores should be")


def _mark(label: str, scores: dict[str, Any], flags: set[str]) -> Mark:
    inner = one_of(scores, "scores", "dimensions", "ratings")
    by_name: dict[str, Any] = {}
    for key, value in (inner if isinstance(inner, dict) else scores).items():
        name = folded(key).removesuffix("_score")
        if name in DIMENSIONS:
            if name in by_name:
                raise Problem("duplicate_key", f"{label}: {name} is given twice")
            if key != name:
                flags.add("normalised")
            by_name[name] = value
    read: dict[str, float] = {}
    for name in DIMENSIONS:
        if name not in by_name:
            raise Problem("missing_dimension", f"{label}: no {name}")
        read[name], written = number(by_name[name], f"{label}.{name}", 1, 10)
        if written:
            flags.add("normalised")
    passes, unread = yes_or_no(one_of(scores, "passes", "pass", "passed"))
    if unread:
        flags.add("passes_unread")
    return Mark(label=label, scores=read, passes=passes, note=note(one_of(scores, *NOTES)))
