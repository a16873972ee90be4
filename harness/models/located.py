"""YAML whose values know their lines, so that an error can say where it stands. Duplicate keys are errors."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigError


@dataclass(frozen=True)
class Located:
    """A document and the line of each of its keys."""

    path: Path
    value: Any
    lines: dict[tuple[Hashable, ...], int]
    """Keys and indexes from the top -> line, from 1."""

    def at(self, place: tuple[object, ...]) -> str:
        """`file:line` of a key, or of the innermost part of its place that stands in the file."""
        for end in range(len(place), 0, -1):
            line = self.lines.get(place[:end])
            if line is not None:
                return f"{self.path}:{line}"
        return f"{self.path}:1"


def load_located(path: Path) -> Located:
    """Read one YAML document. Raises ConfigError for a file that cannot be read, broken YAML, a duplicate key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    loader = yaml.SafeLoader(text)
    lines: dict[tuple[Hashable, ...], int] = {}
    try:
        node = loader.get_single_node()
        if node is not None:
            _locate(path, loader, node, (), lines)
        value = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: not YAML: {error.problem or error.context}") from None
    except RecursionError:
        raise ConfigError(f"{path}:1: not YAML that can be read: an alias refers to itself") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    finally:
        loader.dispose()
    return Located(path=path, value=value, lines=lines)


def _locate(
    path: Path, loader: yaml.SafeLoader, node: yaml.Node, place: tuple[Hashable, ...], lines: dict[Any, int]
) -> None:
    """Note the line of everything below `node`. Merge keys (`<<`) may repeat what they bring, a mapping may not."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*place, index)] = item.start_mark.line + 1
            _locate(path, loader, item, (*place, index), lines)
    if not isinstance(node, yaml.MappingNode):
        return
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise ConfigError(f"{path}:{line}: a key must be a word")
        if (*place, key) in lines:
            raise ConfigError(f"{path}:{line}: {key}: this key stands twice, first in line {lines[(*place, key)]}")
        lines[(*place, key)] = line
        _locate(path, loader, value_node, (*place, key), lines)
