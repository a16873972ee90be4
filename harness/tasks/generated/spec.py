"""What an author writes about a generated document or picture, read strictly."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from harness.tasks.yamlfile import as_text

Item = TypeVar("Item")
_MISSING: Any = object()


class SpecError(ValueError):
    """A broken specification: `args` are the key (`facts[2].at`) and what is wrong with it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(key, message)
        self.key, self.message = key, message

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class Draws:
    """Seeded draws made of `random()` alone, the one method whose sequence Python promises to keep."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def real(self) -> float:
        """In [0, 1)."""
        return self._random()

    def whole(self, low: int, high: int) -> int:
        """Both ends may come."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        return items[int(self._random() * len(items))]


class Spec:
    """A mapping of a specification: every key is asked for, and what nobody asked for is an error."""

    def __init__(self, values: Any, prefix: str = "") -> None:
        if not isinstance(values, Mapping):
            raise SpecError(prefix.rstrip(".") or "kind", f"expected a mapping of keys to values, found {values!r:.80}")
        self._values = values
        self._prefix = prefix
        self._asked: set[str] = set()

    def error(self, key: str, message: str) -> SpecError:
        return SpecError(self._prefix + key, message)

    def has(self, key: str) -> bool:
        return key in self._values

    def value(self, key: str, default: Any = _MISSING) -> Any:
        self._asked.add(key)
        if key in self._values:
            return self._values[key]
        if default is _MISSING:
            raise self.error(key, "this key is missing")
        return default

    def whole(self, key: str, low: int, high: int, default: Any = _MISSING) -> int:
        """A whole number of [low, high]."""
        found = self.value(key, default)
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.error(key, f"expected a whole number, found {found!r:.80}")
        if not low <= found <= high:
            raise self.error(key, f"expected {low} to {high}, found {found!r:.80}")
        return found

    def real(self, key: str, low: float, high: float, default: Any = _MISSING) -> float:
        """A number of [low, high]."""
        return self._real(key, self.value(key, default), low, high)

    def _real(self, key: str, found: Any, low: float, high: float) -> float:
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.error(key, f"expected a number, found {found!r:.80}")
        if not low <= found <= high:  # neither is nan
            raise self.error(key, f"expected {low:g} to {high:g}, found {found!r:.80}")
        return float(found)

    def reals(self, key: str, low: float, high: float, count: int | None = None) -> list[float]:
        """A list of numbers of [low, high], `count` of them where that is given."""
        found = self._list(key, self.value(key))
        if count is not None and len(found) != count:
            raise self.error(key, f"expected {count} numbers, found {len(found)}")
        return [self._real(f"{key}[{i}]", item, low, high) for i, item in enumerate(found)]

    def flag(self, key: str, default: bool) -> bool:
        found = self.value(key, default)
        if not isinstance(found, bool):
            raise self.error(key, f"expected true or false, found {found!r:.80}")
        return found

    def choice(self, key: str, options: Sequence[str], default: Any = _MISSING) -> str:
        found = self.value(key, default)
        if not isinstance(found, str) or found not in options:
            raise self.error(key, f"expected one of {', '.join(options)}; found {found!r:.80}")
        return found

    def text(self, key: str, default: Any = _MISSING, *, empty: bool = False) -> str:
        """One line of text."""
        return self._text(key, self.value(key, default), empty)

    def _text(self, key: str, found: Any, empty: bool = False) -> str:
        if not isinstance(found, str):
            raise self.error(key, f"expected text, found {found!r:.80}: {as_text(found):.120}")
        if not found.strip() and not empty:
            raise self.error(key, "there is no text")
        if not found.isprintable():
            raise self.error(key, "expected one line of printable text")
        return found

    def texts(self, key: str, default: Any = _MISSING, *, most: int = 1000, empty: bool = False) -> list[str]:
        """A list of lines of text."""
        found = self._list(key, self.value(key, default), most)
        return [self._text(f"{key}[{i}]", item, empty) for i, item in enumerate(found)]

    def rows(self, key: str, width: int, most: int) -> list[list[str]]:
        """A list of lists of `width` texts; numbers are written as they stand."""
        rows = []
        for i, row in enumerate(self._list(key, self.value(key), most)):
            cells = self._list(f"{key}[{i}]", row)
            if len(cells) != width:
                raise self.error(f"{key}[{i}]", f"expected {width} cells, found {len(cells)}")
            plain = [str(c) if isinstance(c, int | float) and not isinstance(c, bool) else c for c in cells]
            rows.append([self._text(f"{key}[{i}][{j}]", cell, empty=True) for j, cell in enumerate(plain)])
        return rows

    def below(self, key: str, default: Any = _MISSING, *, most: int = 1000) -> Iterator[Spec]:
        """The mappings of a list of mappings."""
        for i, item in enumerate(self._list(key, self.value(key, default), most)):
            yield Spec(item, f"{self._prefix}{key}[{i}].")

    def _list(self, key: str, found: Any, most: int = 1000) -> list[Any]:
        if not isinstance(found, list | tuple):
            raise self.error(key, f"expected a list, found {found!r:.80}")
        if len(found) > most:
            raise self.error(key, f"{len(found)} do not fit: at most {most}")
        return list(found)

    def finish(self) -> None:
        """Raise SpecError for a key nobody asked for."""
        for name in self._values:
            if name not in self._asked:
                raise self.error(str(name), f"there is no such key here; known keys: {', '.join(sorted(self._asked))}")
