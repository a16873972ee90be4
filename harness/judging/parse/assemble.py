"""The objects of a reply, one after the other, and the reading they add up to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from harness.judging.parse.codes import Problem, shown
from harness.judging.parse.fragments import Fragment
from harness.judging.parse.piece import Piece
from harness.judging.parse.quotes import Shown, canonical
from harness.judging.parse.ranking import agree, ranks_of_numbers
from harness.judging.parse.repair import Loaded, load
from harness.judging.parse.rows import Said, Thing, about, of_several
from harness.judging.parse.schema import read
from harness.judging.parse.thinking import CUT
from harness.judging.parse.values import Labels, folded, off_scale
from harness.judging.parse.views import own, views
from harness.types import JudgeMode, Mark, Reading


class Verdicts:
    """Collects what the objects of one reply say."""

    def __init__(self, labels: Labels, mode: JudgeMode, nonce: str, prompt: Shown, material: Shown) -> None:
        self._labels = labels
        self._mode = mode
        self._nonce = nonce
        self._prompt = prompt
        self._material = material
        self._said: list[Said] = []
        """Without the mark only what comes after one that has it, if no candidate says it."""
        self._things: dict[Thing, None] = {}
        """All that rows are about, also those that cannot be read."""
        self._list = 0
        """How much was said before the list in which the last object stands."""
        self._listed = Piece()
        """What that list has said."""
        self._torn = False
        """It says two things."""
        self._later: Problem | None = None
        """Of the last object that would be a verdict, since the last that is one."""
        self._last: Problem | None = None
        self._failed = False
        """An object that has the mark is no verdict."""
        self.problem: tuple[str, str] | None = None
        """(code, detail) if there is no reading."""

    def add(self, fragment: Fragment, *, listed: bool = False) -> None:
        """One more object of the reply, perhaps of the same list as the one before."""
        if not listed:
            self._list, self._listed, self._torn = len(self._said), Piece(), False
        # Thinking cut out of an object makes another one, which is not looked up: a candidate may have written it with
        # tags in it, so that it stands in the prompt otherwise.
        torn = CUT in fragment.text
        loaded = None if torn else load(fragment.text)
        if loaded is None:
            why = "thinking was cut out of it" if torn else "no JSON"
            self._weak("malformed", f"{why}: {fragment.text[:60].replace(CUT, ' ')!r}", fragment)
            self._later = Problem("malformed", "")
            return
        value, marked = self._without_mark(loaded.value)
        quoting = _Quoting(fragment, self._material, marked=marked)
        found = list(views(value, self._labels, self._mode, quoting))
        if quoting.hit and not found:
            self._failed = self._failed or marked
            code = "missing_id" if self._nonce and not marked else "quoted"
            self._wrong(Problem(code, f"what it wraps stands in the prompt: {fragment.text[:60]!r}"))
        elif not found:
            self._weak("no_verdict", f"keys: {', '.join(list(loaded.value)[:6])}", fragment)
        if not found:
            return
        objection = self._objection(fragment, loaded, value, marked=marked)
        here: list[tuple[Piece, Thing]] = []
        for view in found:
            self._labels.normalised = False
            bare, ours = (view, False) if view is value else self._without_mark(view)
            unmarked = bool(self._nonce) and not (marked or ours)
            missing = Problem("missing_id", f"no id {self._nonce}")
            thing = about(bare, self._labels)
            if thing and not unmarked and not (objection and objection.code == "quoted"):
                self._things[thing] = None
            try:
                if objection is not None:
                    raise objection
                if ours and "id" in map(folded, bare):
                    raise Problem("duplicate_key", "id is given twice")
                piece = read(bare, self._labels, self._mode, quoting)
            except Problem as error:
                self._failed = self._failed or (quoting.hit and marked)
                self._wrong(missing if unmarked else error)
                continue
            if unmarked:
                self._wrong(missing)
                if self._said and not self._material.has(fragment.text):
                    self._said.append(Said(piece, thing, self._list, marked=False))
                continue
            if self._labels.normalised or view is not value:
                piece.flags.add("normalised")
            here.append((piece, thing))
            self._later = None
        # In one object or list nothing comes before or after: none of two that differ is taken.
        self._listed, differ = _joined([self._listed, *(piece for piece, thing in here if not thing)])
        self._torn = self._torn or differ or _joined(piece for piece, _ in here)[1]
        if self._torn:
            self._wrong(Problem("duplicate_key", "one object or list has verdicts that differ"))
            del self._said[self._list :]
            return
        self._said += [Said(piece, thing, self._list, repaired=loaded.repaired) for piece, thing in here]

    def _objection(self, fragment: Fragment, loaded: Loaded, value: dict[str, Any], *, marked: bool) -> Problem | None:
        """Why nothing in an object is a verdict."""
        if marked and "id" in map(folded, value):
            return Problem("duplicate_key", "id is given twice")
        if self._prompt.has(fragment.text):
            return Problem("quoted", f"stands in the prompt: {fragment.text[:60]!r}")
        if loaded.defects:
            return Problem(*loaded.defects[0])
        high = {"rubric": 3, "listwise": 10}.get(self._mode)
        return off_scale(value, "scores", high) if high else None

    def _without_mark(self, value: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """An object without the mark that was asked for, and whether it had it: `id` may name a candidate, too."""
        rest = {key: inner for key, inner in value.items() if folded(key) != "id" or inner != self._nonce}
        return (rest, True) if self._nonce and len(rest) < len(value) else (value, False)

    def _weak(self, code: str, detail: str, fragment: Fragment) -> None:
        """An object that is no verdict at all: a reason only where nothing better is found."""
        # One that has the mark is the judge's, though it cannot be read: that others lack the mark is not the reason.
        marked = bool(self._nonce) and self._nonce in fragment.text
        self._failed = self._failed or marked
        if self.problem is None or self.problem[0] in ("malformed", "no_verdict", "missing_id" if marked else ""):
            self.problem = (code, detail)

    def _wrong(self, error: Problem) -> None:
        if error.code == "missing_id" and self._failed:
            return
        strong = error.code not in ("missing_id", "quoted", "echoed")
        if strong:
            self._later = self._last = error
        if strong or self._last is None:
            self.problem = (error.code, str(error))

    def reading(self) -> Reading | None:
        """The reading, None if there is none: then `problem` says why, unless there was no object at all."""
        if self._prompt.exhausted or self._material.exhausted:
            self.problem = ("too_long", "more different objects than any judge gives verdicts")
            return None
        # What is said of one criterion or question of several is no verdict; of the only one it is.
        rows = of_several(self._said)
        said = [n for n, each in enumerate(self._said) if each.marked and (not each.about or self._part(each, rows[n]))]
        if not said and len(self._things) == 1:
            said = [n for n, each in enumerate(self._said) if each.marked]
        if not said and len(self._things) > 1 and self._last is None:
            self.problem = ("no_verdict", f"each of something else: {', '.join(map(shown, list(self._things)[:3]))}")
        joined, contradictory = _joined(self._said[n].piece for n in said)
        flags = {"contradictory"} if contradictory else set()
        whole = [n for n in said if self._said[n].piece.complete(self._labels, self._mode)]
        if whole:
            last = self._said[whole[-1]]
            piece = last.piece
            if self._doubtful(whole[-1], piece):
                return None
            # A repetition that leaves open who passes takes nothing back.
            same = [self._said[n].piece.passes for n in said if not piece.differs(self._said[n].piece)]
            piece.passes = {label: passes for told in [*same, piece.passes] for label, passes in told.items()}
            flags |= piece.flags
            if len(whole) > 1:
                flags.add("several")
            if self._taken_back(rows, piece):
                flags.add("contradictory")
            if self._later is not None:
                flags.add("later_invalid")
            return self._accepted(piece, last.repaired, flags)
        if not said or self._last is not None:
            return None
        flags |= joined.flags
        if len(said) > 1:
            flags.add("pieces")
        missing = [label for label in self._labels.all if label not in joined.marks]
        if missing:
            self.problem = ("missing_model", f"no scores of {', '.join(missing[:12])}")
            return None
        try:
            if joined.ranks is None and len(joined.numbers) == len(self._labels.all):
                joined.ranks = ranks_of_numbers(joined.numbers, self._labels)
            elif joined.ranks is not None and not agree(joined.numbers, joined.ranks, self._labels):
                raise Problem("duplicate_key", "ranking: two that differ")
        except Problem as error:
            self.problem = (error.code, str(error))
            return None
        if joined.ranks is None and len(self._labels.all) > 1:
            self.problem = ("missing_ranking", "scores without a ranking")
            return None
        if self._doubtful(said[-1], joined):
            return None
        if self._taken_back(rows, joined):
            flags.add("contradictory")
        return self._accepted(joined, any(self._said[n].repaired for n in said), flags)

    def _part(self, said: Said, row: bool) -> bool:
        """It only numbers a piece that no other row has for another thing: {"step": 2, "ranking": [...]}."""
        return said.numbered and not row and not said.piece.complete(self._labels, self._mode)

    def _doubtful(self, last: int, verdict: Piece) -> bool:
        """After a verdict comes a part, or one unmarked or of one thing, that differs: does the rest stand?"""
        after = self._said[last + 1 :]
        for each, row in zip(after, of_several(after), strict=True):
            if not row and verdict.differs(each.piece):
                code = "duplicate_key" if each.listed == self._said[last].listed else "corrected"
                self.problem = (code, "one that differs, in part, unmarked or of one thing, beside a whole verdict")
                return True
        return False

    def _taken_back(self, rows: list[bool], verdict: Piece) -> bool:
        """One of one thing, and of no breakdown, differs from what was said later."""
        said = zip(self._said, rows, strict=True)
        return any(each.marked and each.about and not row and verdict.differs(each.piece) for each, row in said)

    def _accepted(self, piece: Piece, repaired: bool, flags: set[str]) -> Reading:
        ranks = piece.ranks
        if ranks is None and self._mode == "listwise":
            ranks = dict.fromkeys(self._labels.all, 1)
        marks = [piece.marks[label] for label in self._labels.all]
        if ranks is not None:
            marks = [
                mark.model_copy(update={"rank": ranks[mark.label], "passes": piece.passes.get(mark.label, mark.passes)})
                for mark in marks
            ]
            if len(set(ranks.values())) < len(ranks):
                flags.add("tied")
            if self._mode == "listwise" and _inverted(marks):
                flags.add("ranking_differs")
        return Reading(marks=tuple(marks), repaired=repaired, flags=tuple(sorted(flags)))


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, bool]:
    """All as one verdict, the later before the earlier, and whether they differ anywhere."""
    joined = Piece()
    contradictory = False
    for piece in pieces:
        contradictory = contradictory or joined.differs(piece)
        joined.marks.update(piece.marks)
        joined.passes |= piece.passes
        joined.numbers |= piece.numbers
        joined.ranks = piece.ranks or joined.ranks
        joined.flags |= piece.flags
    return joined, contradictory


def _inverted(marks: list[Mark]) -> bool:
    """Some candidate is ranked strictly above one with a strictly higher total."""
    lowest = math.inf
    ordered = sorted(marks, key=lambda mark: mark.rank or 0)
    for _, group in groupby(ordered, key=lambda mark: mark.rank):
        totals = [sum(mark.scores.values()) for mark in group]
        if max(totals) > lowest:
            return True
        lowest = min(lowest, *totals)
    return False


class _Quoting:
    """Whether what one object wraps repeats what a candidate wrote."""

    def __init__(self, fragment: Fragment, material: Shown, *, marked: bool) -> None:
        self._fragment = fragment
        self._material = material
        self._marked = marked
        self._inside: set[str] | None = None
        self.hit = False

    def __call__(self, key: str, inner: Any) -> bool:
        # Under the judge's mark its own words are its own, even if a candidate has every possible verdict in its text.
        if self._marked and own(key):
            return False
        if self._inside is None:
            self._inside = self._material.inside(self._fragment.text)
        parts = inner if isinstance(inner, list) else [inner]
        found = any(canonical(part) in self._inside or self._material.has(_written(part)) for part in parts)
        self.hit = self.hit or found
        return found


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
