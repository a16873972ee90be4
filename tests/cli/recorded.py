"""Lines that other systems recorded, as tests of `harness import` write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.store import Store
from harness.types import Attempt

Write = Callable[[Sequence[dict[str, Any]]], Path]


def attempts(directory: Path) -> dict[tuple[str, str, int, int], Attempt]:
    with Store(directory, write=False) as store:
        return {(a.task, a.model, a.repeat, a.attempt): a for a in store.attempts()}


def row(task: str = "s/t", model: str = "m", **keys: Any) -> dict[str, Any]:
    return {"task": task, "model": model, **keys}
