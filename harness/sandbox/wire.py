"""The host's half of the protocol: the runner's own frames and values, and a comparison that trusts no type."""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import re
from collections.abc import Callable
from typing import Any

from harness.content import content_package

_runner = f"{content_package('sandboxes')}.runner"
_wire = importlib.import_module(f"{_runner}.wire")
_values = importlib.import_module(f"{_runner}.values")

STRETCH: int = importlib.import_module(f"{_runner}.process").STRETCH
HEAD: int = _wire.HEAD
MAX_FRAME: int = _wire.MAX_FRAME
Broken: type[Exception] = _wire.Broken
SHOWN = 2000
"""Characters of a value that people get to see."""
REMEMBERED, MEMORIES = 500, 4096
"""Characters of a form, and forms, of which what was made is kept."""


def pack(header: dict[str, Any], blobs: dict[str, bytes]) -> bytes:
    """One frame for the stream."""
    frame: bytes = _wire.pack(header, blobs)
    return frame


def unpack(frame: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Header and blobs of a frame without its length. Raises Broken."""
    header, blobs = _wire.unpack(frame)
    return header, blobs


def encode(value: Any) -> Any:
    """Tagged form of a plain Python value. Raises ValueError naming the part that is not plain."""
    try:
        return _values.encode(value)
    except _values.Unsupported as error:
        raise ValueError(str(error)) from None


def _remembered(work: Callable[[Any], str]) -> Callable[[Any], str]:
    """The same function, which knows its last answers for short forms: candidates of one task give the same values."""
    answers: dict[str, str] = {}

    def remembering(wire: Any) -> str:
        try:
            text = repr(wire)
        except RecursionError:
            return work(wire)
        if len(text) > REMEMBERED:
            return work(wire)
        answer = answers.get(text)
        if answer is None:
            if len(answers) >= MEMORIES:
                answers.clear()
            answer = answers[text] = work(wire)
        return answer

    return remembering


@_remembered
def show(wire: Any) -> str:
    """`repr` of the value behind a tagged form, clipped; for people, never compared.

    Written from the form itself: building the value would hash what a candidate chose, and keys that collide cost the
    square of their number.
    """
    try:
        text = _shown(wire, 0)
    except (*_FORGED, MemoryError):
        text = f"<{_text(wire)[:200]}>"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


@_remembered
def fingerprint(wire: Any) -> str:
    """A short text that is equal for equal forms; never raises, however odd the form."""
    try:
        return _digest(wire, 0).hex()
    except _FORGED:
        return hashlib.blake2b(_text(wire).encode(), digest_size=16).hexdigest()


class Expected:
    """A value to compare answers with, in the forms that takes. Raises ValueError for a value that is not plain."""

    def __init__(self, value: Any) -> None:
        self.form = encode(value)
        self.shown = show(self.form)
        self._text = repr(self.form)

    def is_exactly(self, got: Any) -> bool:
        """Whether a tagged form is this one, part by part: the usual case, and a quick one to tell.

        By `repr`, which tells all types of JSON apart, as comparing lists does not.
        """
        try:
            return repr(got) == self._text
        except RecursionError:
            return False


def same(got: Any, expected: Any, tolerance: float | None = None) -> bool:
    """Whether two tagged forms are the same value: types exactly, NaN equal to NaN, 0.0 equal to -0.0.

    With `tolerance`, floats also match when their relative or absolute difference is at most that. Sets and
    dictionaries match in any order. A form no encoder can have made matches nothing. Takes time linear in the form
    (with `tolerance`, quadratic in the size of expected sets).
    """
    try:
        if _digest(got, 0) == _digest(expected, 0):
            return True
        return tolerance is not None and _close(got, expected, tolerance)
    except _FORGED:
        return False


def well_formed(wire: Any, objects: re.Pattern[str]) -> bool:
    """Whether an encoder can have made this form, in which `["o", name]` stands for objects of names like these."""
    try:
        _digest(wire, 0, objects)
    except _FORGED:
        return False
    return True


def _shown(wire: Any, depth: int) -> str:
    """Raises one of _FORGED for what no encoder can have made, and for integers too long to be written in decimal."""
    if type(wire) is not list or not wire or len(wire) > 2 or depth > _values.MAX_DEPTH:
        raise ValueError("not a tagged value")
    tag = wire[0]
    if wire == ["n"]:
        return "None"
    payload = wire[1]
    if type(payload) is str or type(payload) is bool:
        return repr(_values.decode(wire))
    if tag == "c":
        return repr(_values.decode(wire))
    if tag == "d":
        pairs = [f"{_shown(key, depth + 1)}: {_shown(value, depth + 1)}" for key, value in payload]
        return "{" + ", ".join(pairs) + "}"
    items = [_shown(item, depth + 1) for item in payload]
    if tag in ("S", "F"):
        # In no order of their own: so that equal sets look equal.
        items.sort()
    left, right, empty = _BRACKETS[tag]
    if tag == "u" and len(items) == 1:
        items[0] += ","
    return left + ", ".join(items) + right if items else empty


_BRACKETS = {
    "l": ("[", "]", "[]"),
    "u": ("(", ")", "()"),
    "S": ("{", "}", "set()"),
    "F": ("frozenset({", "})", "frozenset()"),
}
_FORGED = (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError, AttributeError)


def _text(wire: Any) -> str:
    try:
        return json.dumps(wire)
    except (RecursionError, ValueError, TypeError):
        return "nested too deep to be shown"


def _float(payload: Any) -> float:
    value = float.fromhex(payload)
    if value.hex() != payload:
        raise ValueError("not as an encoder writes it")
    return value


def _digest(wire: Any, depth: int, objects: re.Pattern[str] | None = None) -> bytes:
    """Equal for equal values only, at most 66 bytes: the value where it is short, else a hash of it.

    Checked on the way: raises one of _FORGED for what no encoder can have made.
    """
    if type(wire) is not list or not wire or len(wire) > 2 or depth > _values.MAX_DEPTH:
        raise ValueError("not a tagged value")
    tag, payload = wire[0], wire[1] if len(wire) == 2 else None
    if type(payload) is str and tag in _TEXTS:
        content = payload.encode("utf-8", "surrogatepass")
    elif type(payload) is list and tag in _CONTAINERS:
        if tag == "d":
            parts = [_digest(key, depth + 1, objects) + _digest(value, depth + 1, objects) for key, value in payload]
        else:
            parts = [_digest(item, depth + 1, objects) for item in payload]
        content = b"".join(parts if tag in ("l", "u") else sorted(parts))
    elif tag == "f" and type(payload) is str:
        content = (_float(payload) + 0.0).hex().encode()  # -0.0 + 0.0 is 0.0
    elif tag == "c" and type(payload) is list:
        real, imaginary = payload
        content = f"{(_float(real) + 0.0).hex()} {(_float(imaginary) + 0.0).hex()}".encode()
    elif tag == "b" and type(payload) is bool:
        content = b"1" if payload else b"0"
    elif wire == ["n"]:
        content = b""
    elif tag == "o" and objects is not None and type(payload) is str and objects.fullmatch(payload):
        content = payload.encode()
    else:
        raise ValueError("not a tagged value")
    # The length in front keeps neighbours apart; 255 stands for a hash.
    head: bytes = tag.encode()
    if len(content) > SHORT:
        return head + b"\xff" + hashlib.blake2b(content, digest_size=16).digest()
    return head + bytes((len(content),)) + content


_TEXTS = frozenset({"i", "s", "y", "Y"})
_CONTAINERS = frozenset({"l", "u", "S", "F", "d"})
SHORT = 64
"""Bytes of a value that are compared as they are."""


def _close(got: Any, expected: Any, tolerance: float) -> bool:
    """`same` within the tolerance, for two forms that have a digest."""
    tag = expected[0]
    if got[0] != tag or tag == "n":
        return bool(got == expected)
    mine, other = got[1], expected[1]
    if tag == "f":
        return _near(_float(mine), _float(other), tolerance)
    if tag == "c":
        return all(_near(_float(a), _float(b), tolerance) for a, b in zip(mine, other, strict=True))
    if tag not in ("l", "u", "S", "F", "d"):
        return bool(mine == other)
    if len(mine) != len(other):
        return False
    if tag in ("l", "u"):
        return all(_close(a, b, tolerance) for a, b in zip(mine, other, strict=True))
    if tag == "d":
        mine, other = ([["u", pair] for pair in pairs] for pairs in (mine, other))
    left = list(mine)
    for item in other:
        place = next((place for place, mate in enumerate(left) if _close(mate, item, tolerance)), None)
        if place is None:
            return False
        del left[place]
    return True


def _near(got: float, expected: float, tolerance: float) -> bool:
    both_nan = math.isnan(got) and math.isnan(expected)
    return both_nan or math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)


def load_answer(blob: bytes) -> dict[str, Any] | None:
    """The JSON a candidate's process sent, or None when it is no JSON object."""
    try:
        found = json.loads(blob.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
