"""YAML files whose errors name file, line and key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.errors import TaskError

_MISSING = object()


def read_text(path: Path) -> str:
    """A UTF-8 text file. Raises TaskError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TaskError("this file is missing", path=path) from None
    except UnicodeDecodeError as error:
        raise TaskError(f"not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}", path=path) from None
    except OSError as error:
        raise TaskError(f"cannot be read: {error.strerror}", path=path) from None


def compose(path: Path) -> tuple[str, yaml.Node | None]:
    """(text, root node) of a YAML file; None for an empty one. Raises TaskError."""
    text = read_text(path)
    try:
        return text, yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        detail = error.problem or error.context or "cannot be parsed"
        raise TaskError(
            f"broken YAML: {detail}",
            path=path,
            line=mark.line + 1 if mark else None,
            remedy="text with a colon, a quote or a bracket usually wants quotes around the whole of it, or a | block",
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise TaskError(f"broken YAML: {error}", path=path) from None


class Section:
    """A mapping of a YAML file: every key is asked for once, and what was not asked for is an error."""

    def __init__(self, path: Path, text: str, node: yaml.Node | None, what: str) -> None:
        self.path, self.text, self.what = path, text, what
        self.line = node.start_mark.line + 1 if node is not None else 1
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            pairs = []
        elif isinstance(node, yaml.MappingNode):
            pairs = node.value
        else:
            raise TaskError(f"{what} must be a mapping of keys to values", path=path, line=self.line)
        self._nodes: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in pairs:
            name = str(key.value)
            if name in self._nodes:
                raise TaskError("this key stands twice", path=path, line=key.start_mark.line + 1, key=name)
            self._nodes[name] = (key, value)
        self._asked: set[str] = set()

    @classmethod
    def of_file(cls, path: Path, what: str) -> Section:
        """The mapping at the root of a file. Raises TaskError."""
        text, node = compose(path)
        return cls(path, text, node, what)

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def node(self, key: str) -> yaml.Node | None:
        """The node of a key, marked as asked for."""
        self._asked.add(key)
        return self._nodes[key][1] if key in self._nodes else None

    def line_of(self, key: str) -> int:
        return self._nodes[key][0].start_mark.line + 1 if key in self._nodes else self.line

    def error(self, message: str, key: str = "", remedy: str = "") -> TaskError:
        """A TaskError at this key's line."""
        return TaskError(message, path=self.path, line=self.line_of(key), key=key, remedy=remedy)

    def value(self, key: str, default: Any = _MISSING) -> Any:
        """The plain YAML value of a key. Raises TaskError for a missing key without default."""
        node = self.node(key)
        if node is None:
            if default is _MISSING:
                raise self.error(f"{self.what} needs the key {key!r}")
            return default
        try:
            return _construct(node)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            raise self.error(f"cannot be read: {getattr(error, 'problem', None) or error}", key) from None

    def text_value(self, key: str, default: Any = _MISSING) -> str:
        found = self.value(key, default)
        if not isinstance(found, str):
            raise self.error(f"expected text, found {found!r}", key, as_text(found))
        return found

    def flag(self, key: str, default: bool = False) -> bool:
        found = self.value(key, default)
        if not isinstance(found, bool):
            raise self.error(f"expected true or false, found {found!r}", key)
        return found

    def number(self, key: str, default: float | None = None) -> float | None:
        """A number; `1e-9`, which YAML 1.1 takes for text, is one too."""
        found = self.value(key, default)
        if isinstance(found, str):
            with contextlib.suppress(ValueError):
                found = float(found)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
            raise self.error(f"expected a number, found {found!r}", key)
        return found

    def words(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        found = self.value(key, list(default))
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.error(f"expected a list of texts, found {found!r}", key, "put quotes around each item")
        return tuple(found)

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of names to texts."""
        below = self.section(key)
        return {name: below.text_value(name) for name in below}

    def section(self, key: str) -> Section:
        """The mapping below a key; empty when there is none."""
        return Section(self.path, self.text, self.node(key), key)

    def finish(self, known: str = "") -> None:
        """Raise TaskError for a key nobody asked for."""
        for name in self._nodes:
            if name not in self._asked:
                keys = known or ", ".join(sorted(self._asked))
                raise self.error(f"{self.what} has no such key", name, f"known keys: {keys}")


def as_text(found: Any) -> str:
    """What to write where a text is wanted and this was found: quotes around a list would become a part of the text."""
    if not isinstance(found, list):
        return "put quotes around it"
    single = len(found) == 1 and isinstance(found[0], str)
    return f"write the text itself, without brackets or a dash: {found[0]}" if single else "write one text, not a list"


def items(path: Path, what: str) -> Iterator[Section]:
    """The mappings of a file that is a list of mappings. Raises TaskError."""
    text, node = compose(path)
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise TaskError(f"expected a list of {what}s, each starting with a dash", path=path, line=1)
    for item in node.value:
        yield Section(path, text, item, what)


def _construct(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()
