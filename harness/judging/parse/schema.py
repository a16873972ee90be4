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
_WRAPPERS = frozenset({
    "result", "results", "evaluation", "verdict", "judgment", "judgement", "output", "response", "answer", "final",
    "final_answer", "final_verdict", "assessment", "json", "data",
})  # fmt: skip
_NEVER = frozenset({
    "example", "examples", "schema", "format", "template", "thinking", "thoughts", "thought", "draft", "input",
    "prompt", "quote", "quoted", "candidate", "candidates", "properties",
})  # fmt: skip
"""Keys under which a verdict is not the judge's."""
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


def views(value: dict[str, Any], labels: Labels, mode: JudgeMode, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The object, or what it wraps: `{"result": {...}}`. Empty where nothing has a verdict's keys."""
    if is_verdict(value, labels, mode):
        yield value
        return
    if depth == 3:
        return
    for key, inner in value.items():
        name = folded(key)
        if name in _WRAPPERS or (len(value) == 1 and name not in _NEVER):
            if isinstance(inner, dict):
                yield from views(inner, labels, mode, depth + 1)
            elif isinstance(inner, list) and mode == "listwise" and any(_named(item) for item in inner):
                yield {"scores": inner}


def is_verdict(value: dict[str, Any], labels: Labels, mode: JudgeMode) -> bool:
    """It has the keys of a verdict, whatever their values."""
    names = {folded(key) for key in value}
    if mode == "rubric":
        return bool(names & {"score", "rating"})
    if mode == "pairwise":
        return "winner" in names
    if names & {"scores", "ranking", "rankings"} or _named(value) or (len(labels.all) == 1 and _dimensions(value)):
        return True
    scored = [key for key, inner in value.items() if isinstance(inner, dict | list) and _dimensions(inner)]
    return any(labels.like(key) for key in scored) or bool(names & set(_SCORES) and scored)


def _dimensions(value: Any) -> bool:
    if isinstance(value, list):
        return any(_named(item) for item in value)
    return isinstance(value, dict) and bool({folded(key) for key in value} & set(DIMENSIONS))


def _named(value: Any) -> bool:
    """One candidate's scores with its name: {"model": "A", "accuracy": 8, ...}."""
    return isinstance(value, dict) and _dimensions(value) and bool({folded(key) for key in value} & set(_WHO))


def read(value: dict[str, Any], labels: Labels, mode: JudgeMode) -> Piece:
    """What an object with a verdict's keys says. Raises Problem."""
    if mode == "rubric":
        return _rubric(value, labels)
    if mode == "pairwise":
        return _pairwise(value, labels)
    return _listwise(value, labels)


def _rubric(value: dict[str, Any], labels: Labels) -> Piece:
    label = labels.all[0]
    who = one_of(value, "model", "label", "candidate")
    if who is not None:
        labels.need(who, "model")
    score, written = whole(one_of(value, "score", "rating"), "score", 0, 3)
    piece = Piece({label: Mark(label=label, rubric=score, note=note(one_of(value, *NOTES)))})
    if written:
        piece.flags.add("normalised")
    return piece


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
    piece.ranks = {each: 1 if label in (None, each) else 2 for each in labels.all}
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
    if isinstance(given, dict) and ranking is None:
        ranking = one_of(given, "ranking")
    numbers: dict[str, Any] = {}
    for label, scores in _by_label(given, labels):
        if label in piece.marks:
            raise Problem("duplicate_key", f"{label} is scored twice")
        piece.marks[label] = _mark(label, scores, piece.flags)
        rank = one_of(scores, "rank")
        if rank is not None:
            numbers[label] = rank
    if ranking is not None:
        piece.ranks = ranking_of(ranking, labels)
    elif numbers and len(numbers) == len(labels.all):
        piece.ranks = ranks_of_numbers(numbers, labels)
    return piece


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
