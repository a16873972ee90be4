"""Bytes of a response body -> lines -> events, one at a time and without trusting the sender."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

DONE = "[DONE]"
"""The event that ends an OpenAI stream."""


def split_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines without their ends. Split as bytes: a character may be cut in two by the network, never by a line."""
    # Pieces and not one growing string: a line of many megabytes would be copied once a chunk.
    pieces: list[bytes] = []
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            pieces.append(part)
            yield _text(pieces)
            pieces.clear()
        if rest:
            pieces.append(rest)
    if pieces:
        yield _text(pieces)


def _text(pieces: list[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", errors="replace").removesuffix("\r")


def sse_data(lines: Iterable[str]) -> Iterator[str]:
    """The `data` of each server-sent event; comments (keep-alives) are skipped.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    Older llama.cpp servers send a failure as a field `error:`; it is passed on as the object it stands for.
    """
    data: list[str] = []
    for line in lines:
        if not line and data:
            yield "\n".join(data)
            data = []
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "error":
            data.append(f'{{"error": {value}}}')
    if data:
        yield "\n".join(data)


def parse_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises ValueError for anything else, also for what only Python calls JSON (NaN)."""
    try:
        parsed = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(parsed, dict):
        raise ValueError(f"a {type(parsed).__name__}, not an object")  # noqa: TRY004  callers catch one type
    return parsed


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
