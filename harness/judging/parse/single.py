"""The modes with one value: a rubric's score, the winner of a pair."""

from __future__ import annotations

from typing import Any

from harness.judging.parse.codes import Problem, shown
from harness.judging.parse.piece import NOTES, Piece
from harness.judging.parse.ranking import ranking_of
from harness.judging.parse.values import Labels, folded, note, one_of, stated, whole
from harness.judging.parse.views import RANKING, RATED, RATINGS
from harness.types import Mark

_CHOICES = frozenset({
    "winner", "best", "better", "choice", "preferred", "preference", "chosen", "selected", "verdict", "final_verdict",
    "decision", "answer", "final_answer", "result", "final", "judgment", "judgement",
})  # fmt: skip
"""No verdict by themselves; as labels they must not say another thing than the winner beside them."""
_TIES = frozenset({"tie", "tied", "draw", "equal", "both", "neither"})


def rubric(value: dict[str, Any], labels: Labels) -> Piece:
    label = labels.all[0]
    said: list[int] = []
    piece = Piece()
    for key, given in value.items():
        name = folded(key)
        if name in RATINGS:
            one_of(value, name)  # two spellings of one key
            _whose(given, labels)
        elif name not in RATED or not stated(given):
            continue
        score, written = whole(given, name, 0, 3)
        said.append(score)
        piece.flags |= {"normalised"} if written else set()
    _whose(value, labels)
    if len(set(said)) > 1:
        raise Problem("duplicate_key", f"score: {' and '.join(map(shown, said))}")
    piece.marks[label] = Mark(label=label, rubric=said[0], note=note(one_of(value, *NOTES)))
    return piece


def _whose(value: Any, labels: Labels) -> None:
    who = one_of(value, "model", "label", "candidate") if isinstance(value, dict) else None
    if who is not None:
        labels.need(who, "model")


def pairwise(value: dict[str, Any], labels: Labels) -> Piece:
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
    if isinstance(ranking := one_of(value, *RANKING), list | dict) and ranking_of(ranking, labels) != piece.ranks:
        raise Problem("duplicate_key", f"winner: {shown(winner)}, and another ranking")
    why = note(one_of(value, *NOTES))
    piece.marks = {each: Mark(label=each, rank=rank, note=why) for each, rank in piece.ranks.items()}
    return piece
