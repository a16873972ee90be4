"""An object as a verdict, or as a piece of one: what the three modes ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.judging.parse.codes import Problem, shown
from harness.judging.parse.piece import NOTES, PASSES, Piece, said
from harness.judging.parse.ranking import agree, order_of_scores, ranking_beside, ranking_of, ranks_of_numbers
from harness.judging.parse.single import against, pairwise, rubric
from harness.judging.parse.values import Labels, folded, note, number, on_scale, one_of, stated, yes_or_no
from harness.judging.parse.views import (
    ALSO_SCORES,
    LEVELS,
    RANKING,
    SCORES,
    WHO,
    Quoting,
    anonymous,
    another,
    dimensions,
    foreign,
    holds_scores,
    is_verdict,
    levels_down,
    named,
    never,
    scored,
    wrapped,
)
from harness.types import DIMENSIONS, JudgeMode, Mark


def read(value: dict[str, Any], labels: Labels, mode: JudgeMode, quoted: Quoting = never) -> Piece:
    """What an object with a verdict's keys says. Raises Problem, also where it says two things at once."""
    stranger = foreign(value, labels, mode)
    if stranger is not None:
        labels.need(stranger, mode)
    beside = value
    if mode == "listwise":
        value = _unquoted(value, labels, quoted)
        piece = _listwise(value, labels)
        # The scores that were read are no verdict beside it.
        given = _given(value, labels)
        beside = {key: inner for key, inner in value.items() if inner is not given and labels.find(key) is None}
    else:
        piece = rubric(value, labels) if mode == "rubric" else pairwise(value, labels)
    for inner in wrapped(beside, labels, mode, quoted):
        other = read(inner, labels, mode, quoted)
        if piece.differs(other):
            raise Problem("duplicate_key", "an object and one in it say different things")
        for label, passes in other.passes.items():
            piece.tell(label, passes)
    return piece


def _unquoted(value: dict[str, Any], labels: Labels, quoted: Quoting) -> dict[str, Any]:
    """The object without scores that a candidate wrote. Raises Problem if no verdict is left or a part is such."""
    rest: dict[str, Any] = {}
    for key, inner in value.items():
        blocks = [(whose, block) for whose, block in _blocks(key, inner, labels) if scored(block)]
        if (blocks or (isinstance(inner, dict | list) and holds_scores(inner))) and quoted(key, inner):
            continue
        rest[key] = inner
        if any(quoted(whose, block) for whose, block in blocks):
            raise Problem("quoted", f"{shown(key)}: scores in it stand in the prompt")
    if len(rest) < len(value) and not is_verdict(rest, labels, "listwise"):
        raise Problem("quoted", "the scores stand in the prompt")
    return rest


def _blocks(key: str, inner: Any, labels: Labels) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is read as one candidate's scores inside of what stands under a key, and the key that says whose."""
    for item in inner if isinstance(inner, list) else [inner]:
        for name, block in item.items() if isinstance(item, dict) else ():
            if isinstance(block, dict) and folded(name) in LEVELS:
                yield name, block
            elif isinstance(block, dict) and labels.like(name):
                yield key, block
                yield from ((below, level) for below, level in block.items() if folded(below) in LEVELS)


def _listwise(value: dict[str, Any], labels: Labels) -> Piece:
    piece = Piece()
    value = _with_passes(value, piece, labels)
    given = _given(value, labels)
    ranking = one_of(value, *RANKING)
    if named(value) or (dimensions(given) and isinstance(given, dict) and _who(value) is not None):
        given, ranking = [value], None
    elif len(labels.all) == 1 and (dimensions(value) or (isinstance(given, dict) and dimensions(given))):
        piece.flags.add("normalised")  # one candidate: no label is needed to know whose scores they are
        if isinstance(given, dict) and dimensions(given) and any(given is inner for inner in value.values()):
            value = {**{key: inner for key, inner in value.items() if inner is not given}, "scores": given}
        given = {labels.all[0]: value}
    for level in (value, given):
        if isinstance(level, dict):
            on_scale(level, "scores", 10)
    numbers: dict[str, Any] = {}
    for label, scores in _by_label(given, labels):
        if label in piece.marks:
            raise Problem("duplicate_key", f"{label} is scored twice")
        piece.marks[label] = _mark(label, scores, piece.flags)
        piece.tell(label, piece.marks[label].passes)
        for told in (scores, *levels_down(scores)):
            if (rank := one_of(told, "rank")) is not None and numbers.setdefault(label, rank) != rank:
                raise Problem("duplicate_key", f"{label} has two ranks")
    _agreed(value, given, piece, labels)
    rankings = list(_rankings(value, given, ranking, labels))
    if rankings:
        first, *others = rankings
        if any(one != first for one in others) or not agree(numbers, first, labels):
            raise Problem("duplicate_key", "ranking: two that differ")
        piece.ranks = first
    elif numbers and len(numbers) == len(labels.all):
        piece.ranks = ranks_of_numbers(numbers, labels)
    else:
        piece.numbers = numbers
    for key, inner in value.items() if piece.ranks else ():
        if piece.ranks and against(key, inner, piece.ranks, labels):
            raise Problem("duplicate_key", f"{shown(key)}: {shown(inner)}, and another ranking")
    return piece


def _with_passes(value: dict[str, Any], piece: Piece, labels: Labels) -> dict[str, Any]:
    """The object without what it says of all candidates under one key, {"passes": {"A": true}}: the piece has that."""
    rest: dict[str, Any] = {}
    for key, inner in value.items():
        words: dict[str, Any] = {}
        if folded(key) not in PASSES:
            rest[key] = inner
        elif isinstance(inner, dict) and any(map(labels.like, inner)):
            words = {labels.need(name, "passes"): word for name, word in inner.items()}
            if len(words) < len(inner):
                raise Problem("duplicate_key", "passes: a candidate is given twice")
        else:
            rest[key] = inner
            # A list of those that pass does not say that the others do not.
            piece.flags |= {"passes_unread"} if isinstance(inner, list) else set()
            # One candidate: no label is needed to know who passes.
            words = dict.fromkeys(labels.all, inner) if len(labels.all) == 1 else {}
        for label, word in words.items():
            says, unread = yes_or_no(word)
            piece.tell(label, says)
            piece.flags |= {"passes_unread"} if unread else set()
    return rest


def _given(value: dict[str, Any], labels: Labels) -> Any:
    """What holds the scores: one of the keys for them, or the object itself where candidates stand in it."""
    found = [given for name in SCORES if (given := one_of(value, name)) is not None]
    also = [one_of(value, name) for name in ALSO_SCORES]
    found += [given for given in also if isinstance(given, dict | list) and holds_scores(given)]
    holders = [given for given in found if isinstance(given, dict | list)]
    if any(map(holds_scores, holders)):
        return next(filter(holds_scores, holders))
    # `evaluation` may be a sentence, and `results` about something else, where candidates have keys of their own.
    others = {key: inner for key, inner in value.items() if isinstance(inner, dict) and not another(key, RANKING)}
    beside = {key: inner for key, inner in others.items() if folded(key) not in SCORES}
    if not found or any(labels.like(key) and scored(inner) for key, inner in beside.items()):
        return beside or None
    return (holders or found)[0]


def _rankings(value: dict[str, Any], given: Any, ranking: Any, labels: Labels) -> Iterator[dict[str, int]]:
    """All rankings of the object, first the one that counts."""
    if ranking is not None:
        yield ranking_of(ranking, labels)
    among = one_of(given, "ranking") if isinstance(given, dict) else None
    if among is not None:
        yield ranking_of(among, labels)
    for key, inner in value.items():
        if not another(key, RANKING) or inner is ranking:
            continue
        order = order_of_scores(inner, labels)
        if order is None:
            order = ranking_beside(inner, labels)
        elif ranking is None and among is None:
            continue  # totals are no ranking
        if order is not None:
            yield order


def _agreed(value: dict[str, Any], given: Any, piece: Piece, labels: Labels) -> None:
    """Raises Problem where scores stand beside those that were read, of a candidate not shown or other than those."""
    for key, inner in value.items():
        if inner is given or not isinstance(inner, dict | list):
            continue
        beside: Any = {key: inner} if labels.like(key) and isinstance(inner, dict) and dimensions(inner) else None
        if another(key, SCORES) and any(map(dimensions, inner.values() if isinstance(inner, dict) else [inner])):
            beside = inner
        for label, scores in _by_label(beside, labels):
            mark = _mark(label, scores, set())
            if label not in piece.marks or said(mark) != said(piece.marks[label]):
                raise Problem("duplicate_key", f"{label} is scored twice")
            piece.tell(label, mark.passes)


def _by_label(given: Any, labels: Labels) -> Iterator[tuple[str, dict[str, Any]]]:
    if given is None:
        return
    if isinstance(given, list):
        for item in given:
            if not isinstance(item, dict):
                raise Problem("wrong_type", f"scores: {shown(item)} where an object should be")
            who = _who(item)
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
            if folded(key) == "id" and not isinstance(scores, dict | list):
                continue
            if folded(key) != "ranking" and (isinstance(scores, dict | list) or labels.like(key)):
                labels.need(key, "scores")
        elif isinstance(scores, dict):
            yield label, scores
        else:
            raise Problem("wrong_type", f"{label}: {shown(scores)} where an object of scores should be")


def _who(item: dict[str, Any]) -> Any:
    """Whose scores an object says that it has, None if it does not."""
    who = one_of(item, *WHO)
    return None if anonymous(who) else who


def _mark(label: str, scores: dict[str, Any], flags: set[str]) -> Mark:
    for name in LEVELS:
        one_of(scores, name)  # two spellings of one key
    levels = [*levels_down(scores), scores]
    for level in levels:
        on_scale(level, label, 10)
    holding = next((level for level in levels if dimensions(level)), scores)
    by_name = _by_name(label, holding, flags)
    read: dict[str, float] = {}
    for name in DIMENSIONS:
        if name not in by_name:
            raise Problem("missing_dimension", f"{label}: no {name}")
        read[name], written = number(by_name[name], f"{label}.{name}", 1, 10)
        if written:
            flags.add("normalised")
    for level in levels:
        for name, value in _by_name(label, level, set()).items() if level is not holding else ():
            if stated(value) and number(value, f"{label}.{name}", 1, 10)[0] != read[name]:
                raise Problem("duplicate_key", f"{label}: {name} is given twice")
    words = [one_of(level, name) for level in levels for name in PASSES]
    told = [yes_or_no(word) for word in words]
    passes = {says for says, _ in told if says is not None}
    if len(passes) > 1:
        raise Problem("duplicate_key", f"{label}: passes and does not")
    if any(unread for _, unread in told):
        flags.add("passes_unread")
    why = next(filter(None, (note(one_of(level, *NOTES)) for level in reversed(levels))), "")
    return Mark(label=label, scores=read, passes=next(iter(passes), None), note=why)


def _by_name(label: str, scores: dict[str, Any], flags: set[str]) -> dict[str, Any]:
    """What is given for each dimension."""
    by_name: dict[str, Any] = {}
    for key, value in scores.items():
        name = folded(key).removesuffix("_score")
        if name in DIMENSIONS:
            if name in by_name:
                raise Problem("duplicate_key", f"{label}: {name} is given twice")
            if key != name:
                flags.add("normalised")
            by_name[name] = value
    return by_name
