"""Routing tables as files: YAML, written by `harness route`, read and checked before anything is routed by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import ConfigError
from harness.types.routes import RoutingTable

HEAD = """\
# Which model gets which kind of work, as far as these runs can tell. Made by `harness route`.
# basis: category (its own tasks separate models), overall (only all tasks together do), none (nothing does).
"""


def dump_table(table: RoutingTable) -> str:
    """The table as YAML that `read_table` reads back as the same table."""
    import yaml

    text: str = yaml.safe_dump(table.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)
    return HEAD + text


def read_table(path: Path) -> RoutingTable:
    """Read and check a table. Raises ConfigError that names file and key."""
    import yaml

    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no YAML: {error}", remedy="write it again with `harness route`") from None
    try:
        return RoutingTable.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path}: {where or 'the table'}: {first['msg']}", remedy="docs/formats.md has the keys of a routing table"
        ) from None
