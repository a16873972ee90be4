"""Words for people that depend on a number."""

from __future__ import annotations


def plural(value: int, noun: str, several: str = "") -> str:
    """`1 task`, `12 tasks`, `1,200 tasks`; `several` where it is not the noun with an s: `1 reply`, `2 replies`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {several or noun + 's'}"
