"""The modes with one value: a rubric's score, the winner of a pair."""

from __future__ import annotations

from typing import Any

from harness.judging.parse.codes import Problem, shown
from harness.judging.parse.piece import NOTES, Piece
from harness.judging.parse.ranking import order_of_scores, ranking_beside
from harness.judging.parse.values import Labels, folded, note, on_scale, one_of, stated, whole, yes_or_no
from harness.judging.parse.views import RANKING, RATED, RATINGS, another
from harness.types import Mark

_BESIDE = frozenset({"verdict", "final_verdict", "decision", "final"})
"""No verdicts of a rubric by themselves; as numbers they must not say another thing than the score beside them."""
_CHOICES = frozenset({
    "winner", "winning", "best", "better", "choice", "preferred", "preference", "chosen", "selected", "verdict",
    "decision", "answer", "result", "final", "judgment", "judgement", "overall",
})  # fmt: skip
_CHOSEN = frozenset({"the", "my", "model", "response", "reply", "option", "candidate", "solution"})
"""Words of keys that are no verdict by themselves, `final_winner` and `better_answer`, and must not name another label
than the winner beside them."""
_LOSERS = frozenset({"loser", "worse", "worst", "losing_model"})
_EVEN = frozenset({"tie", "tied", "draw", "is_tie", "is_draw"})
_TIES = frozenset({"tie", "tied", "draw", "equal", "both", "neither"})


def rubric(value: dict[str, Any], labels: Labels) -> Piece:
    label = labels.all[0]
    said: list[int] = []
    piece = Piece()
    on_scale(value, "score", 3)
    for key, given in value.items():
        name = folded(key)
        if name in RATINGS:
            one_of(value, name)  # two spellings of one key
            _whose(given, labels)
        elif name not in RATED | _BESIDE or not stated(given) or (name == "final" and _elsewhere(given)):
            continue
        score, written = whole(given, name, 0, 3)
        said.append(score)
        piece.flags |= {"normalised"} if written else set()
    _whose(value, labels)
    if len(set(said)) > 1:
        raise Problem("duplicate_key", f"score: {' and '.join(map(shown, said))}")
    piece.marks[label] = Mark(label=label, rubric=said[0], note=note(one_of(value, *NOTES)))
    return piece


def _elsewhere(given: Any) -> bool:
    """A number that is no grade, on no scale: `"final": 42` may be the result that was asked for."""
    try:
        return not 0 <= float(given) <= 3
    except ValueError:  # 8/10
        return False


def _whose(value: Any, labels: Labels) -> None:
    who = one_of(value, "model", "label", "candidate") if isinstance(value, dict) else None
    if who is None and isinstance(value, dict):
        name = one_of(value, "name")  # perhaps a tool's or a criterion's
        who = name if isinstance(name, str) and labels.like(name) else None
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
    piece.ranks = {each: 1 if label in (None, each) else 2 for each in labels.all}
    for key, other in value.items():
        if against(key, other, piece.ranks, labels) or (another(key, RANKING) and _ranked(other, labels, piece.ranks)):
            raise Problem("duplicate_key", f"winner: {shown(winner)}, and {shown(key)}: {shown(other)}")
    why = note(one_of(value, *NOTES))
    piece.marks = {each: Mark(label=each, rank=rank, note=why) for each, rank in piece.ranks.items()}
    return piece


def _chooses(key: str) -> bool:
    """The key of a label that is the best: `winner`, `better_answer`."""
    words = folded(key).split("_")
    return not _CHOICES.isdisjoint(words) and set(words) <= _CHOICES | _CHOSEN


def against(key: str, other: Any, ranks: dict[str, int], labels: Labels) -> bool:
    """What stands under a key, `loser`, `tie`, `best_answer`, says another thing than these ranks."""
    if len(ranks) < 2:
        return False
    best = [label for label, rank in ranks.items() if rank == 1]
    name = folded(key)
    if name in _EVEN:
        even = yes_or_no(other)[0]
        # Beside a first place of its own a tie may be one of the others.
        return (even is True and len(set(ranks.values())) == len(ranks)) or (even is False and len(best) > 1)
    found = labels.find(other)
    if name in _LOSERS:
        return found is not None and (found in best or ranks[found] != max(ranks.values()))
    if not _chooses(key):
        return False
    return best != [found] if found else len(best) == 1 and isinstance(other, str) and folded(other) in _TIES


def _ranked(given: Any, labels: Labels, ranks: dict[str, int]) -> bool:
    """It is a ranking, and not this one."""
    found = order_of_scores(given, labels) or ranking_beside(given, labels)
    return found is not None and found != ranks
