"""JSON lines, read as strictly as they can be: what is wrong is named with its file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

from harness.errors import UsageError
from harness.models.storable import clean

LONGEST = 64 * 2**20
"""Bytes of one line."""
BOM = b"\xef\xbb\xbf"


class Digest(Protocol):
    """What lines are counted into, e.g. `hashlib.sha256()`."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""


class Place(NamedTuple):
    """Where something stands."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Refused(UsageError):
    """A line that cannot be taken: file, line and key."""

    def __init__(self, place: Place, message: str, *, key: str = "", remedy: str = "") -> None:
        super().__init__(f"{place}: {key + ': ' if key else ''}{message}", remedy=remedy)


def read(path: Path, digest: Digest) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The objects of a file, one line in memory at a time; every byte goes into `digest`. Blank lines are passed over.

    Raises UsageError for a file that cannot be read twice, Refused for a line that is no JSON object.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file", remedy="files are read twice: write what comes from a pipe to one first")
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST + 1):
                number += 1
                place = Place(path, number)
                if len(line) > LONGEST:
                    raise Refused(place, f"a line has at most {LONGEST // 2**20} MiB")
                digest.update(line)
                if number == 1:
                    line = line.removeprefix(BOM)
                if line.strip():
                    yield place, _object(line, place)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None


def _object(line: bytes, place: Place) -> dict[str, Any]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(place, f"not UTF-8 text: byte {error.start + 1} is 0x{line[error.start]:02x}") from None
    try:
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except _Twice as error:
        raise Refused(place, "stands there twice", key=str(error)) from None
    except RecursionError:
        raise Refused(place, "nested too deeply") from None
    except ValueError as error:
        raise Refused(place, f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused(place, f"expected a JSON object, found {type(found).__name__}")
    # Half a character, which JSON can write and no file can hold.
    return _whole(found) if "\\ud" in text.lower() else found


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {clean(key): _whole(item) for key, item in value.items()} if isinstance(value, dict) else value


class _Twice(Exception):
    """A key that an object has twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Twice(key)
            seen.add(key)
    return made


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
