"""Documents of a stated length with planted facts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.tasks.generated.fillers import FILLERS, Filler, Stamps, fill
from harness.tasks.generated.spec import Draws, Spec
from harness.tasks.generated.words import ACCOUNTS

LEAST_WORDS, MOST_WORDS = 200, 200_000
TOLERANCE = 0.01
"""How far the length may be off, as a share; half of what is promised."""
MOST_WORDS_OFF = 10
_REDRAWS = 200
_LAST = 60
"""Words below which no new heading is begun."""


@dataclass(frozen=True)
class _Line:
    """A line, a sentence or a heading, before dates and numbers."""

    text: str
    heading: bool = False
    planted: bool = False


@dataclass(frozen=True)
class _Plan:
    """A specification that was found to be in order."""

    filler: Filler
    seed: str
    words: int
    facts: tuple[tuple[float, str], ...]
    """(depth 0..1, text), by depth."""
    absent: tuple[str, ...]
    extra: dict[str, tuple[str, ...]]


def document(spec: Mapping[str, Any]) -> str:
    """The document of a specification: `words` words (within 2%) as `str.split` counts them, every fact in it once.

    Keys: `kind` (log, ledger, diary, manual, minutes), `words`, `seed`, `facts` ([{at: 0..1, text}]), `distractors`
    (texts, put at seeded depths), `absent` (texts that the filler must not hold), and for a ledger `accounts`.
    Raises SpecError, a ValueError with the arguments (key, message).
    """
    plan = _read(Spec(spec))
    lines = _planted(_filler(plan), plan.facts)
    text = _rendered(plan, lines)
    for _, fact in plan.facts:
        if text.count(fact) != 1:
            raise Spec(spec).error("facts", f"{fact!r:.80} would stand there {text.count(fact)} times, not once")
    return text


def _read(spec: Spec) -> _Plan:
    kind = spec.choice("kind", tuple(FILLERS))
    words = spec.whole("words", LEAST_WORDS, MOST_WORDS)
    seed = spec.whole("seed", 0, 2**63 - 1, 0)
    draws = Draws(f"{kind} {seed} depths")
    planted: list[tuple[float, str]] = []
    for fact in spec.below("facts", []):
        planted.append((fact.real("at", 0, 1), " ".join(fact.text("text").split())))
        fact.finish()
    planted += [(draws.real(), " ".join(text.split())) for text in spec.texts("distractors", [])]
    absent = tuple(spec.texts("absent", []))
    extra: dict[str, tuple[str, ...]] = {}
    if kind == "ledger":
        extra["account"] = tuple(spec.texts("accounts", list(ACCOUNTS), most=100))
        if not extra["account"]:
            raise spec.error("accounts", "expected at least one account for the filler")
    spec.finish()
    taken = sum(len(text.split()) for _, text in planted)
    if taken > words // 2:
        raise spec.error("facts", f"{taken} words of facts and distractors do not fit: at most half of {words}")
    for i, (_, text) in enumerate(planted):
        if any(text in other for j, (_, other) in enumerate(planted) if i != j):
            raise spec.error("facts", f"{text!r:.80} stands in another fact or distractor too")
    ordered = tuple(sorted(planted, key=lambda item: item[0]))  # equal depths keep their order
    plan = _Plan(FILLERS[kind], f"{kind} {seed}", words, ordered, absent, extra)
    _check_absent(spec, plan)
    return plan


def _check_absent(spec: Spec, plan: _Plan) -> None:
    filler = _rendered(plan, _filler(plan)).casefold() if plan.absent else ""
    for text in plan.absent:
        if text.casefold() in filler:
            raise spec.error("absent", f"the filler holds {text!r:.80}: take another seed, or other words")


def _filler(plan: _Plan) -> list[_Line]:
    """Everything but the facts, as many words as the facts leave."""
    stamp = _stamp_words(plan)
    room = plan.words - sum(len(text.split()) + stamp for _, text in plan.facts)
    slack = min(max(1, int(plan.words * TOLERANCE)), MOST_WORDS_OFF)
    draws = Draws(plan.seed)
    source = _lines(plan, draws)
    lengths = sorted(len(text.split()) + stamp for text in itertools.islice(_lines(plan, Draws("lengths")), 200))
    shortest, longest = lengths[20], lengths[-20]  # not the rarest: a line of the length wanted should come soon
    lines: list[_Line] = []
    left = 0
    while room > slack:
        # What is too short for a paragraph of its own goes below the last heading.
        if plan.filler.group and not left and (room > _LAST or not lines):
            left = draws.whole(*plan.filler.group)
            lines.append(_Line(fill(draws.pick(plan.filler.headings), draws, plan.extra), heading=True))
            room -= len(lines[-1].text.split()) + lines[-1].text.count("DATE") * 2  # "3 March 2031" for "DATE"
        text = next(source)
        for _ in range(_REDRAWS):
            if _fillable(room - len(text.split()) - stamp, shortest, longest, slack):
                break
            text = next(source)
        lines.append(_Line(text))
        room -= len(text.split()) + stamp
        left = max(left - 1, 0)
    return lines


def _fillable(room: int, shortest: int, longest: int, slack: int) -> bool:
    """Whether some number of lines can take up this many words."""
    return room > 9 * longest or any(n * shortest - slack <= room <= n * longest + slack for n in range(10))


def _stamp_words(plan: _Plan) -> int:
    return len(Stamps(Draws(""), (1, 1)).line(plan.filler.stamp).split())


def _lines(plan: _Plan, draws: Draws) -> Iterator[str]:
    """Filler lines without end; one that was there already is drawn again."""
    seen: set[str] = set()
    while True:
        text = fill(draws.pick(plan.filler.templates), draws, plan.extra)
        for _ in range(_REDRAWS):
            if text not in seen:
                break
            text = fill(draws.pick(plan.filler.templates), draws, plan.extra)
        seen.add(text)
        yield text


def _planted(lines: list[_Line], facts: tuple[tuple[float, str], ...]) -> list[_Line]:
    """The filler with every fact before the line at its depth, counted in words."""
    total = sum(len(line.text.split()) for line in lines)
    merged: list[_Line] = []
    waiting = list(facts)
    before = 0
    for i, line in enumerate(lines):
        # Nothing stands above the first heading.
        while waiting and waiting[0][0] * total <= before and not (i == 0 and line.heading):
            merged.append(_Line(waiting.pop(0)[1], planted=True))
        merged.append(line)
        before += len(line.text.split())
    return merged + [_Line(text, planted=True) for _, text in waiting]


def _rendered(plan: _Plan, lines: list[_Line]) -> str:
    stamps = Stamps(Draws(f"{plan.seed} stamps"), (7, 7) if not plan.filler.flowing else (1, 3))
    parts: list[str] = []
    joint = ""
    for line in lines:
        if line.heading:
            parts.append(("\n\n" if parts else "") + stamps.heading(line.text))
            joint = "\n"
        else:
            parts.append(joint + stamps.line(plan.filler.stamp) + line.text)
            joint = " " if plan.filler.flowing else "\n"
    return "".join(parts) + "\n"
