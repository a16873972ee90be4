"""Pictures drawn from a specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.tasks.generated import boards, charts
from harness.tasks.generated.canvas import Canvas
from harness.tasks.generated.spec import Spec
from harness.types import Picture

LEAST, MOST = 96, 512
"""Pixels of a side."""

KINDS: dict[str, tuple[Callable[[Spec, Canvas], None], tuple[int, int]]] = {
    "shapes": (boards.shapes, (448, 448)),
    "dots": (boards.dots, (448, 448)),
    "dice": (boards.dice, (448, 320)),
    "grid": (boards.grid, (448, 448)),
    "clock": (boards.clock, (400, 400)),
    "bars": (charts.bars, (512, 384)),
    "line": (charts.line, (512, 384)),
    "table": (charts.table, (512, 384)),
    "text": (charts.text, (512, 320)),
}
"""Kind -> what draws it, and width and height unless its specification says otherwise."""


def picture(spec: Mapping[str, Any]) -> Picture:
    """The picture of a specification: a PNG, the same bytes wherever the same Pillow is.

    Keys: `kind`, `width` and `height` (pixels), and those of the kind (docs/tasks.md).
    Raises SpecError, a ValueError with the arguments (key, message).
    """
    read = Spec(spec)
    draw, (width, height) = KINDS[read.choice("kind", tuple(KINDS))]
    canvas = Canvas(read.whole("width", LEAST, MOST, width), read.whole("height", LEAST, MOST, height))
    draw(read, canvas)
    return canvas.picture()
