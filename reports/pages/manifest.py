"""What the run depended on: configuration and environment."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .. import text
from ..page import Page, Report, table

_SECRET = re.compile(r"(?i)(^|[_-])(api[_-]?key|key|secret|password|authorization|access[_-]?token|auth[_-]?token)$")
_LOGIN = re.compile(r"(\w+://)[^/@\s]+@")
_MOST = 2000


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """`a.b.0 -> text` of nested plain values; what looks like a secret is named, not shown."""
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping):
        for key in value:
            yield from flatten(value[key], f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value):
        for place, item in enumerate(value):
            yield from flatten(item, f"{path}.{place}" if path else str(place))
    elif value in (None, "", [], (), {}):
        return
    elif _SECRET.search(name):
        yield path, "(not shown)"
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        yield path, text.one_line(_LOGIN.sub(r"\1", shown), 400)


def _rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [(text.one_line(name), shown) for name, shown in flatten(values)]
    return [*rows[:_MOST], ("…", f"{len(rows) - _MOST:,} more")] if len(rows) > _MOST else rows


def context(report: Report) -> Mapping[str, object]:
    """Two flat lists."""
    return {"parts": [("Environment", _rows(report.run.manifest)), ("Configuration", _rows(report.run.config))]}


def markdown(report: Report) -> str:
    """Two tables."""
    parts = []
    for title, values in (("Environment", report.run.manifest), ("Configuration", report.run.config)):
        rows = [[text.markdown(name), text.markdown(shown)] for name, shown in _rows(values)]
        if rows:
            parts.append(f"### {title}\n\n" + table(["Key", "Value"], rows))
    return "\n".join(parts)


page = Page("manifest", "Manifest", context, markdown)
