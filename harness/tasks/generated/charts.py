"""Pictures of figures and words: bar charts, line charts, tables, lines of text.

Each function reads its keys of a specification, refuses what is left over, and draws. Raises SpecError.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from harness.tasks.generated.canvas import COLOURS, INK, PALE, Canvas, drawable, text_width
from harness.tasks.generated.spec import Spec

NAMES = tuple(COLOURS)
_LABEL = 14
_MOST_VALUE = 1e6
_SERIES = ("blue", "red", "green", "orange", "purple", "black")


@dataclass(frozen=True)
class _Axes:
    """The area of a chart and its scale from 0 to `top`."""

    canvas: Canvas
    left: float
    right: float
    upper: float
    lower: float
    top: float

    def height(self, value: float) -> float:
        """Pixels from the picture's upper edge."""
        return self.lower - (self.lower - self.upper) * value / self.top


def bars(spec: Spec, canvas: Canvas) -> None:
    """`bars`: [{label, value, colour: blue}], up to 14; `title`, `y_label`, `values` (false): figures above bars."""
    found: list[tuple[str, float, str]] = []
    for item in spec.below("bars", most=14):
        found.append((_text(item, "label"), item.real("value", 0, _MOST_VALUE), item.choice("colour", NAMES, "blue")))
        item.finish()
    if not found:
        raise spec.error("bars", "expected at least one bar")
    figures = spec.flag("values", False)
    axes = _axes(spec, canvas, [value for _, value, _ in found], 0)
    spec.finish()
    step = (axes.right - axes.left) / len(found)
    _check_labels(spec, "bars", [label for label, _, _ in found], step)
    for i, (label, value, colour) in enumerate(found):
        x = axes.left + step * (i + 0.5)
        canvas.box((x - step * 0.32, axes.height(value)), (x + step * 0.32, axes.lower), COLOURS[colour])
        canvas.text((x, axes.lower + 6), label, _LABEL, "ma")
        if figures:
            canvas.text((x, axes.height(value) - 3), f"{value:g}", _LABEL, "mb")
    canvas.line([(axes.left, axes.lower), (axes.right, axes.lower)], INK, 2)


def line(spec: Spec, canvas: Canvas) -> None:
    """`labels`: texts below; `series`: [{label, values, colour}], up to 4; `title`, `y_label`."""
    labels = [_drawable(spec, "labels", text) for text in spec.texts("labels", most=24)]
    if len(labels) < 2:
        raise spec.error("labels", "expected at least two")
    series: list[tuple[str, list[float], str]] = []
    for i, item in enumerate(spec.below("series", most=4)):
        values = item.reals("values", 0, _MOST_VALUE, count=len(labels))
        series.append((_text(item, "label", ""), values, item.choice("colour", NAMES, _SERIES[i])))
        item.finish()
    if not series:
        raise spec.error("series", "expected at least one")
    named = any(label for label, _, _ in series)
    axes = _axes(spec, canvas, [value for _, values, _ in series for value in values], 22 if named else 0)
    spec.finish()
    step = (axes.right - axes.left) / len(labels)
    _check_labels(spec, "labels", labels, step)
    places = [axes.left + step * (i + 0.5) for i in range(len(labels))]
    for x, text in zip(places, labels, strict=True):
        canvas.line([(x, axes.lower), (x, axes.lower + 4)], INK, 1.5)
        canvas.text((x, axes.lower + 6), text, _LABEL, "ma")
    canvas.line([(axes.left, axes.lower), (axes.right, axes.lower)], INK, 2)
    for _, values, colour in series:
        points = [(x, axes.height(value)) for x, value in zip(places, values, strict=True)]
        canvas.line(points, COLOURS[colour], 3)
        for point in points:
            canvas.disc(point, 4.5, COLOURS[colour])
    if named:
        _legend(spec, axes, [(label, colour) for label, _, colour in series])


def _legend(spec: Spec, axes: _Axes, entries: list[tuple[str, str]]) -> None:
    x = axes.left
    for label, colour in entries:
        axes.canvas.line([(x, axes.upper - 18), (x + 22, axes.upper - 18)], COLOURS[colour], 3)
        axes.canvas.text((x + 28, axes.upper - 18), label, _LABEL, "lm")
        x += 46 + text_width(label, _LABEL)
    if x > axes.canvas.width:
        raise spec.error("series", "their labels do not fit side by side")


def _axes(spec: Spec, canvas: Canvas, values: list[float], legend: float) -> _Axes:
    """Title, scale and the lines across. A figure of the scale is a multiple of 1, 2, 2.5 or 5 times a power of ten."""
    title, unit = _text(spec, "title", "", empty=True), _text(spec, "y_label", "", empty=True)
    for key, text in (("title", title), ("y_label", unit)):
        if text_width(text, 18) > canvas.width - 20:
            raise spec.error(key, "the text does not fit")
    step = _step(max([*values, 1e-3]))
    ticks = math.ceil(max([*values, 1e-3]) / step - 1e-9) + (max(values) > step * 0.97 * math.ceil(max(values) / step))
    figures = [f"{step * i:.10g}" for i in range(ticks + 1)]
    upper = 14.0 + (26 if title else 0) + (20 if unit else 0) + legend
    left = 16 + max(text_width(figure, _LABEL) for figure in figures)
    axes = _Axes(canvas, left, canvas.width - 12.0, upper, canvas.height - 32.0, step * ticks)
    if axes.lower - upper < 16 * ticks:
        raise spec.error("height", f"the chart does not fit into {canvas.width} x {canvas.height} pixels")
    canvas.text((canvas.width / 2, 10), title, 18, "ma")
    canvas.text((8, 10 + (26 if title else 0)), unit, _LABEL, "la")
    for i, figure in enumerate(figures):
        y = axes.height(step * i)
        canvas.line([(left, y), (axes.right, y)], PALE, 1)
        canvas.text((left - 7, y), figure, _LABEL, "rm")
    canvas.line([(left, upper), (left, axes.lower)], INK, 2)
    return axes


def _step(highest: float) -> float:
    """Of a scale with five to ten lines."""
    power = 10.0 ** math.floor(math.log10(highest / 5))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if highest / (power * factor) <= 8)


def _check_labels(spec: Spec, key: str, labels: list[str], step: float) -> None:
    for label in labels:
        if text_width(label, _LABEL) > step - 4:
            raise spec.error(
                key, f"{len(labels)} do not fit side by side: {label!r} is wider than its {step:.0f} pixels"
            )


def table(spec: Spec, canvas: Canvas) -> None:
    """`columns`: headings; `rows`: lists of cells, texts or numbers; `size` of letters in pixels (16)."""
    columns = [_drawable(spec, "columns", text) for text in spec.texts("columns", most=10)]
    if not columns:
        raise spec.error("columns", "expected at least one")
    rows = spec.rows("rows", len(columns), 30)
    size = spec.real("size", 10, 32, 16)
    spec.finish()
    for cell in itertools.chain.from_iterable(rows):
        _drawable(spec, "rows", cell)
    widths = [max(text_width(row[i], size) for row in [columns, *rows]) + 18 for i in range(len(columns))]
    high = size * 1.75
    left, top = (canvas.width - sum(widths)) / 2, (canvas.height - high * (len(rows) + 1)) / 2
    if left < 2 or top < 2:
        raise spec.error("rows", f"the table does not fit into {canvas.width} x {canvas.height} pixels")
    edges = [left, *(left + total for total in itertools.accumulate(widths))]
    canvas.box((left, top), (edges[-1], top + high), PALE)
    for i, row in enumerate([columns, *rows]):
        for edge, cell in zip(edges[:-1], row, strict=True):
            canvas.text((edge + 9, top + high * (i + 0.5)), cell, size, "lm")
    for i in range(len(rows) + 2):
        canvas.line([(left, top + high * i), (edges[-1], top + high * i)], INK, 1.5 if i < 2 else 1)
    for edge in edges:
        canvas.line([(edge, top), (edge, top + high * (len(rows) + 1))], INK, 1)


def text(spec: Spec, canvas: Canvas) -> None:
    """`lines`: texts one below the other; `size` of letters in pixels (24); `colour` (black)."""
    lines = [_drawable(spec, "lines", line) for line in spec.texts("lines", most=40, empty=True)]
    size = spec.real("size", 10, 96, 24)
    colour = spec.choice("colour", NAMES, "black")
    spec.finish()
    if not any(lines):
        raise spec.error("lines", "there is no text")
    high = size * 1.45
    wide = max(text_width(line, size) for line in lines)
    if wide > canvas.width - 24 or high * len(lines) > canvas.height - 16:
        raise spec.error("lines", f"they do not fit into {canvas.width} x {canvas.height} pixels at size {size:g}")
    left, top = (canvas.width - wide) / 2, (canvas.height - high * len(lines)) / 2
    for i, line in enumerate(lines):
        canvas.text((left, top + high * (i + 0.5)), line, size, "lm", COLOURS[colour])


def _text(spec: Spec, key: str, default: str | None = None, *, empty: bool = False) -> str:
    found = spec.text(key) if default is None else spec.text(key, default, empty=empty or not default)
    return _drawable(spec, key, found)


def _drawable(spec: Spec, key: str, text: str) -> str:
    if not drawable(text):
        raise spec.error(key, f"the font has no such character: {text!r:.80}")
    return text
