"""Single values of a verdict: labels, numbers, yes and no. Read as they stand or refused; nothing is guessed."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from harness.grading.extract.text import encodable
from harness.judging.parse.codes import Problem, shown
from harness.types import DIMENSIONS

MAX_NOTE = 500

_DECORATION = " \t\n*_`\"'#“”‘’"
_PREFIX = re.compile(r"(?:the )?(?:model|candidate|response|answer|option|solution|assistant|reply)[ _\-:#]*", re.I)
_LABEL_LIKE = re.compile(
    r"(?:model|candidate|response|answer|option|solution|assistant|reply)(?:[ _\-]|(?!s\Z))\w{1,3}|[a-z]{1,2}"
)
_NUMBER = r"[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?"
_FRACTION = re.compile(rf"({_NUMBER})(?: ?(?:/|out of|of) ?({_NUMBER}))?(?: ?points?)?", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"[<\[(].*|.*(?:\.\.\.|…).*|[01] ?(?:-|–|—|to|\.\.) ?(?:3|10)|int|integer|number|float|score|[nx]|\?+|_+", re.I
)
_YES = frozenset({"true", "yes", "pass", "passes", "passed"})
_NO = frozenset({"false", "no", "fail", "fails", "failed"})


_SCALES = frozenset({
    "max", "maximum", "max_score", "maximum_score", "score_max", "max_rating", "max_grade", "max_value", "max_points",
    "max_possible", "max_possible_score", "possible", "total_possible", "points_possible", "scale_max", "out_of",
    "of", "scale", "rating_scale", "score_scale", "grading_scale",
})  # fmt: skip
"""Keys that say which number is the best there is."""
_TOTALS = frozenset({"total", "sum", "total_score", "score_total", "total_points", "overall_total", "points"})


def folded(key: str) -> str:
    """A key as it is compared: in lower case, without decoration, words joined by `_`."""
    text = unicodedata.normalize("NFKC", key[:200]).strip(_DECORATION + ".:").casefold()
    return re.sub(r"[\s_\-]+", "_", text)


class Labels:
    """The candidates' labels and the ways to write them.

    `Model A`, `model_a`, `a`, `A.`, `**A**`, `(A)` are `A`. `Model 1`, `first`, `A (best)` and `A or B` are no label.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.all = tuple(labels)
        self._known = {label.casefold(): label for label in labels}
        self.normalised = False
        """One was not written as it was shown."""
        if not labels or len(self._known) != len(labels):
            raise ValueError(f"labels must be one or more, all different: {tuple(labels)!r}")

    def find(self, text: Any) -> str | None:
        """The label that a text is, None if it is none of them."""
        if not isinstance(text, str) or len(text) > 60:
            return None
        plain = unicodedata.normalize("NFKC", text).strip(_DECORATION).rstrip(".:)" + _DECORATION)
        plain = re.sub(r"^[(\[{<]\s*(.*?)\s*[)\]}>]?$", r"\1", plain).strip(_DECORATION)
        label = self._known.get(plain.casefold())
        if label is None:
            prefix = _PREFIX.match(plain)
            label = self._known.get(plain[prefix.end() if prefix else 0 :].strip(_DECORATION).casefold())
        if label is not None and text not in (label, f"Model {label}"):
            self.normalised = True
        return label

    def like(self, text: str) -> bool:
        """It looks like a label, though it may be none that was shown."""
        return self.find(text) is not None or bool(_LABEL_LIKE.fullmatch(folded(text).replace("_", " ")))

    def need(self, text: Any, where: str) -> str:
        """The label. Raises Problem (extra_model, wrong_type)."""
        label = self.find(text)
        if label is not None:
            return label
        if isinstance(text, str):
            raise Problem("extra_model", f"{where}: {shown(text)} is none of {', '.join(self.all[:12])}")
        raise Problem("wrong_type", f"{where}: {shown(text)} where a label should be")


def number(value: Any, where: str, low: int, high: int) -> tuple[float, bool]:
    """The number that stands there, and whether it was written otherwise than as a number.

    `8`, `8.5`, `"8"`, `"8/10"`, `"8 out of 10"` and `{"score": 8}` are numbers on the scale `low`..`high`; `true`,
    `"eight"`, `"7-8"`, `"4/5"` on a scale to 10 and 0 on one from 1 are not. Raises Problem.
    """
    if isinstance(value, dict):
        on_scale(value, where, high)
        inside = [item for key, item in value.items() if folded(key) in ("score", "value", "rating")]
        if len(inside) != 1 or isinstance(inside[0], dict):
            raise Problem("wrong_type", f"{where}: {shown(value)} where a number should be")
        return number(inside[0], where, low, high)[0], True
    if value is None:
        raise Problem("missing_dimension", f"{where}: null")
    written = isinstance(value, str)
    if isinstance(value, str):
        value = _of_text(value, where, high)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Problem("wrong_type", f"{where}: {shown(value)} where a number should be")
    if not math.isfinite(value) or not low <= value <= high:
        raise Problem("out_of_range", f"{where}: {shown(value)} is not within {low} to {high}")
    return float(value), written


def off_scale(value: dict[str, Any], where: str, high: int) -> Problem | None:
    """The problem of an object that says that its numbers are on another scale: {"score": 3, "max_score": 10}."""
    for key, said in value.items():
        best = _best(said) if folded(key) in _SCALES else None
        if best is not None and best != high and not (best == high * len(DIMENSIONS) and _totalled(value)):
            return Problem("out_of_range", f"{where}: {shown(key)} {shown(said)}, on another scale than to {high}")
    return None


def _totalled(value: dict[str, Any]) -> bool:
    """All dimensions, perhaps a level down, and their total stand there: the best number may be that of the total."""
    levels = (value, *(inner for inner in value.values() if isinstance(inner, dict)))
    names = {folded(key).removesuffix("_score") for level in levels for key in level}
    return names.issuperset(DIMENSIONS) and any(folded(key) in _TOTALS and stated(said) for key, said in value.items())


def on_scale(value: dict[str, Any], where: str, high: int) -> None:
    """Raises the problem of `off_scale`."""
    problem = off_scale(value, where, high)
    if problem is not None:
        raise problem


def _best(said: Any) -> float | None:
    """The highest number of `10`, `"0-10"`, `[0, 10]`, `{"min": 0, "max": 10}`; None without any."""
    parts = said if isinstance(said, list) else list(said.values()) if isinstance(said, dict) else [said]
    best: list[float] = []
    for part in parts[:20]:
        if isinstance(part, str) and len(part) < 100:
            best += map(float, re.findall(r"[0-9]+(?:\.[0-9]+)?", part))
        elif isinstance(part, int | float) and not isinstance(part, bool):
            best.append(part)
    return max(best, default=None)


def stated(value: Any) -> bool:
    """A number stands there, on whatever scale: `0`, `"0/3"`. Not `true`, `"A-"`."""
    if isinstance(value, str) and len(value) < 900:
        return _FRACTION.fullmatch(re.sub(r"\s+", " ", value.strip(_DECORATION))) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_text(text: str, where: str, high: int) -> float:
    plain = re.sub(r"\s+", " ", text[:900].strip(_DECORATION))
    found = _FRACTION.fullmatch(plain) if len(text) < 900 else None
    if found is None:
        if plain.casefold() in ("nan", "inf", "-inf", "infinity", "-infinity"):
            raise Problem("not_finite", f"{where}: {shown(text)}")
        code = "echoed" if _PLACEHOLDER.fullmatch(plain) else "wrong_type"
        raise Problem(code, f"{where}: {shown(text)} where a number should be")
    if found[2] is not None and float(found[2]) != high:
        raise Problem("out_of_range", f"{where}: {shown(text)} is on another scale than to {high}")
    return float(found[1])


def whole(value: Any, where: str, low: int, high: int) -> tuple[int, bool]:
    """As `number`, for whole numbers: 2.0 is one, 2.5 is not."""
    found, written = number(value, where, low, high)
    if found != int(found):
        raise Problem("wrong_type", f"{where}: {shown(value)} is no whole number")
    return int(found), written


def yes_or_no(value: Any) -> tuple[bool | None, bool]:
    """What a pass flag says, None if nothing; and whether something stood there that says neither."""
    if isinstance(value, bool) or value is None:
        return value, False
    word = value.strip(_DECORATION + ".").casefold() if isinstance(value, str) and len(value) < 40 else ""
    if word in _YES or word in _NO:
        return word in _YES, False
    return None, True


def note(value: Any) -> str:
    """The reason a judge gives, clipped; empty if it is no text."""
    if not isinstance(value, str):
        return ""
    text = encodable(value).strip()
    return text if len(text) <= MAX_NOTE else text[: MAX_NOTE - 1] + "…"


def one_of(found: dict[str, Any], *names: str) -> Any:
    """The value of the first of these keys that is there (folded), None without any.

    Raises Problem (duplicate_key) if two spellings of one key are there.
    """
    keys: dict[str, list[str]] = {}
    for key in found:
        keys.setdefault(folded(key), []).append(key)
    for name in names:
        here = keys.get(name, [])
        if len(here) > 1:
            raise Problem("duplicate_key", f"{' and '.join(map(shown, here[:3]))} are the same key")
        if here:
            return found[here[0]]
    return None
