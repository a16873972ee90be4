"""Pictures of things: shapes, dots, dice, a board, a clock.

Each function reads its keys of a specification, refuses what is left over, and draws. Raises SpecError.
"""

from __future__ import annotations

import math

from harness.tasks.generated.canvas import COLOURS, INK, SHAPES, Canvas, Point, drawable
from harness.tasks.generated.spec import Draws, Spec

NAMES = tuple(COLOURS)
_GAP = 4.0
"""Pixels between things that are to be told apart."""
_PIPS = {
    1: ((0, 0),),
    2: ((-1, -1), (1, 1)),
    3: ((-1, -1), (0, 0), (1, 1)),
    4: ((-1, -1), (1, -1), (-1, 1), (1, 1)),
    5: ((-1, -1), (1, -1), (0, 0), (-1, 1), (1, 1)),
    6: ((-1, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (1, 1)),
}


def shapes(spec: Spec, canvas: Canvas) -> None:
    """`shapes`: [{shape, colour, at: [x, y], size}]: place 0..1 from upper left, size 0.04..1 of the shorter side."""
    placed: list[tuple[Point, float]] = []
    for item in spec.below("shapes", most=60):
        name = item.choice("shape", SHAPES)
        colour = item.choice("colour", NAMES)
        x, y = item.reals("at", 0, 1, count=2)
        size = item.real("size", 0.04, 1, 0.15) * min(canvas.width, canvas.height)
        item.finish()
        centre = (x * canvas.width, y * canvas.height)
        if any(not size / 2 <= place <= side - size / 2 for place, side in zip(centre, _sides(canvas), strict=True)):
            raise item.error("at", "the shape does not fit: part of it would lie outside of the picture")
        for i, (other, across) in enumerate(placed):
            if math.dist(centre, other) < (size + across) / 2 + _GAP:
                raise item.error("at", f"the shape would touch shapes[{i}]")
        placed.append((centre, size))
        canvas.shape(name, centre, size, COLOURS[colour])
    if not placed:
        raise spec.error("shapes", "expected at least one shape")
    spec.finish()


def dots(spec: Spec, canvas: Canvas) -> None:
    """`dots`: [{colour, count, shape: circle}], `size` in pixels, `seed`: scattered, none touching another."""
    draws = Draws(f"dots {spec.whole('seed', 0, 2**63 - 1, 0)}")
    size = spec.real("size", 8, 80, 26)
    wanted: list[tuple[str, str]] = []
    for item in spec.below("dots", most=20):
        kind = (item.choice("shape", SHAPES, "circle"), item.choice("colour", NAMES))
        wanted += [kind] * item.whole("count", 1, 200)
        item.finish()
    if not wanted:
        raise spec.error("dots", "expected at least one colour with its count")
    spec.finish()
    placed: list[Point] = []
    for name, colour in wanted:
        at = _free_place(draws, canvas, placed, size)
        if at is None:
            raise spec.error("dots", f"{len(wanted)} of {size:g} pixels do not fit without touching")
        placed.append(at)
        canvas.shape(name, at, size, COLOURS[colour])


def _free_place(draws: Draws, canvas: Canvas, placed: list[Point], size: float) -> Point | None:
    edge = size / 2 + _GAP
    for _ in range(400):
        at = edge + draws.real() * (canvas.width - 2 * edge), edge + draws.real() * (canvas.height - 2 * edge)
        if all(math.dist(at, other) >= size + 2 * _GAP for other in placed):
            return at
    return None


def dice(spec: Spec, canvas: Canvas) -> None:
    """`values`: 1..6 for each die, in rows from the upper left; `colours`: a name a die, black unless given."""
    values = [int(value) for value in spec.reals("values", 1, 6)]
    if not 1 <= len(values) <= 20 or values != spec.value("values"):
        raise spec.error("values", "expected 1 to 20 whole numbers from 1 to 6")
    colours = spec.texts("colours", ["black"] * len(values))
    if len(colours) != len(values) or not set(colours) <= set(NAMES):
        raise spec.error("colours", f"expected a colour a die, of {', '.join(NAMES)}")
    spec.finish()
    columns = min(len(values), max(1, math.ceil(math.sqrt(len(values) * canvas.width / canvas.height))))
    rows = math.ceil(len(values) / columns)
    side = min(canvas.width / columns, canvas.height / rows, 150)
    if side < 36:
        raise spec.error("values", f"{len(values)} dice do not fit into {canvas.width} x {canvas.height} pixels")
    left, top = (canvas.width - side * columns) / 2, (canvas.height - side * rows) / 2
    for i, (value, colour) in enumerate(zip(values, colours, strict=True)):
        x, y = left + side * (i % columns + 0.5), top + side * (i // columns + 0.5)
        half = side * 0.4
        canvas.box((x - half, y - half), (x + half, y + half), "#ffffff", COLOURS[colour], 3)
        for across, down in _PIPS[value]:
            canvas.disc((x + across * half * 0.55, y + down * half * 0.55), half * 0.18, COLOURS[colour])


def grid(spec: Spec, canvas: Canvas) -> None:
    """`rows`: lines of equal length, a character a cell: `.` empty, `X` cross, `O` ring, `#` filled, else itself.

    `coordinates` (true): columns A, B, ... above and rows 1, 2, ... from the top at the left.
    """
    rows = spec.texts("rows", most=16)
    coordinates = spec.flag("coordinates", True)
    spec.finish()
    if not rows or len({len(row) for row in rows}) != 1 or len(rows[0]) > 16:
        raise spec.error("rows", "expected 1 to 16 lines of the same length, up to 16 characters")
    if not all(drawable(row) for row in rows):
        raise spec.error("rows", "the font has no such character")
    edge = 34 if coordinates else 8
    cell = min((canvas.width - edge - 8) / len(rows[0]), (canvas.height - edge - 8) / len(rows))
    if cell < 14:
        raise spec.error("rows", f"they do not fit into {canvas.width} x {canvas.height} pixels")
    left = (canvas.width - edge - 8 - cell * len(rows[0])) / 2 + edge
    top = (canvas.height - edge - 8 - cell * len(rows)) / 2 + edge
    for i, row in enumerate(rows):
        for j, mark in enumerate(row):
            _mark(canvas, mark, (left + cell * j, top + cell * i), cell)
    for i in range(len(rows) + 1):
        canvas.line([(left, top + cell * i), (left + cell * len(rows[0]), top + cell * i)], INK, 1.5)
    for j in range(len(rows[0]) + 1):
        canvas.line([(left + cell * j, top), (left + cell * j, top + cell * len(rows))], INK, 1.5)
    if coordinates:
        for i in range(len(rows)):
            canvas.text((left - 14, top + cell * (i + 0.5)), str(i + 1), 17)
        for j in range(len(rows[0])):
            canvas.text((left + cell * (j + 0.5), top - 14), chr(ord("A") + j), 17)


def _mark(canvas: Canvas, mark: str, corner: Point, cell: float) -> None:
    x, y = corner[0] + cell / 2, corner[1] + cell / 2
    reach, stroke = cell * 0.3, max(2.0, cell * 0.09)
    if mark == "X":
        canvas.line([(x - reach, y - reach), (x + reach, y + reach)], COLOURS["red"], stroke)
        canvas.line([(x - reach, y + reach), (x + reach, y - reach)], COLOURS["red"], stroke)
    elif mark == "O":
        canvas.disc((x, y), reach + stroke / 2, None, COLOURS["blue"], stroke)
    elif mark == "#":
        canvas.box(corner, (corner[0] + cell, corner[1] + cell), COLOURS["black"])
    elif mark not in ". ":
        canvas.text((x, y), mark, cell * 0.6)


def clock(spec: Spec, canvas: Canvas) -> None:
    """`hour` 0..23, `minute` 0..59, `second` 0..59 (a thin red hand, left out unless given), `numerals` (true)."""
    hour, minute = spec.whole("hour", 0, 23), spec.whole("minute", 0, 59)
    second = spec.whole("second", 0, 59, 0) if spec.has("second") else None
    numerals = spec.flag("numerals", True)
    spec.finish()
    centre = (canvas.width / 2, canvas.height / 2)
    radius = min(_sides(canvas)) / 2 - 8
    canvas.disc(centre, radius, "#ffffff", INK, 4)
    for tick in range(60):
        long = tick % 5 == 0
        inner = radius * (0.9 if long else 0.95)
        canvas.line([_at(centre, inner, tick), _at(centre, radius - 4, tick)], INK, 3 if long else 1)
        if numerals and long:
            canvas.text(_at(centre, radius * 0.77, tick), str(tick // 5 or 12), radius * 0.14)
    _hand(canvas, centre, radius * 0.46, (hour % 12) * 5 + minute / 12, 9)
    _hand(canvas, centre, radius * 0.84 if not numerals else radius * 0.68, minute + (second or 0) / 60, 5)
    if second is not None:
        canvas.line([_at(centre, -radius * 0.12, second), _at(centre, radius * 0.86, second)], COLOURS["red"], 2)
    canvas.disc(centre, radius * 0.05, INK)


def _hand(canvas: Canvas, centre: Point, length: float, minutes: float, width: float) -> None:
    canvas.line([centre, _at(centre, length, minutes)], INK, width)
    canvas.disc(_at(centre, length, minutes), width / 2, INK)


def _at(centre: Point, radius: float, minutes: float) -> Point:
    """A point on a clock's face."""
    angle = minutes * math.pi / 30
    return centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)


def _sides(canvas: Canvas) -> tuple[int, int]:
    return canvas.width, canvas.height
