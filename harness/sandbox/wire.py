"""The host's half of the protocol: the runner's own frames and values, and a comparison that trusts no type."""

from __future__ import annotations

import importlib
import json
import math
from typing import Any

from harness.content import content_package

_runner = f"{content_package('sandboxes')}.runner"
_wire = importlib.import_module(f"{_runner}.wire")
_values = importlib.import_module(f"{_runner}.values")

HEAD: int = _wire.HEAD
MAX_FRAME: int = _wire.MAX_FRAME
Broken: type[Exception] = _wire.Broken


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


def show(wire: Any, limit: int = 2000) -> str:
    """`repr` of the value behind a tagged form, clipped; for people, never compared."""
    try:
        text = repr(_values.decode(wire))
    except (ValueError, RecursionError, MemoryError, TypeError):
        text = f"<not a value: {json.dumps(wire)[:200]}>"
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def same(got: Any, expected: Any, tolerance: float | None = None) -> bool:
    """Whether two tagged forms are the same value: types exactly, NaN equal to NaN, 0.0 equal to -0.0.

    With `tolerance`, floats also match when their relative or absolute difference is at most that. Sets and dictionaries
    match in any order. A form no encoder can have made matches nothing.
    """
    try:
        return _same(_canonical(got, 0), _canonical(expected, 0), tolerance)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        return False


def _canonical(wire: Any, depth: int) -> Any:
    """Checked copy: floats as floats, sets and dictionaries sorted by their JSON."""
    if type(wire) is not list or not wire or len(wire) > 2 or depth > _values.MAX_DEPTH:
        raise ValueError("not a tagged value")
    tag = wire[0]
    if tag == "n" and len(wire) == 1:
        return ("n",)
    payload = wire[1]
    if tag in ("l", "u"):
        return (tag, [_canonical(item, depth + 1) for item in payload])
    if tag in ("S", "F"):
        return (tag, sorted((_canonical(item, depth + 1) for item in payload), key=_order))
    if tag == "d":
        pairs = [[_canonical(key, depth + 1), _canonical(value, depth + 1)] for key, value in payload]
        return (tag, sorted(pairs, key=lambda pair: _order(pair[0])))
    if tag == "f" and type(payload) is str:
        return (tag, float.fromhex(payload) + 0.0)
    if tag == "c":
        return (tag, [float.fromhex(part) + 0.0 for part in payload])
    if tag == "b" and type(payload) is bool:
        return (tag, payload)
    if tag in ("i", "s", "y", "Y") and type(payload) is str:
        return (tag, payload)
    raise ValueError("not a tagged value")


def _order(item: Any) -> str:
    return json.dumps(item)


def _same(got: Any, expected: Any, tolerance: float | None) -> bool:
    if type(got) is not type(expected):
        return False
    if isinstance(got, list | tuple):
        return len(got) == len(expected) and all(_same(a, b, tolerance) for a, b in zip(got, expected, strict=True))
    if isinstance(got, float):
        if got == expected or (math.isnan(got) and math.isnan(expected)):
            return True
        return tolerance is not None and math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)
    return bool(got == expected)


def load_answer(blob: bytes) -> dict[str, Any] | None:
    """The JSON a candidate's process sent, or None when it is no JSON object."""
    try:
        found = json.loads(blob)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
