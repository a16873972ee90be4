"""A white sheet to draw on: drawn twice as large and made smaller, so that edges are smooth."""

from __future__ import annotations

import base64
import functools
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.types import Picture

if TYPE_CHECKING:
    from PIL import ImageFont

COLOURS = {
    "black": "#111111",
    "blue": "#1f5fd0",
    "brown": "#7a4a21",
    "green": "#1e8e3e",
    "grey": "#8a8a8a",
    "orange": "#f28c1c",
    "pink": "#f58fc0",
    "purple": "#7d2ea8",
    "red": "#d3212c",
    "yellow": "#f5d90a",
}
"""Colours by name, each far from the others and from white."""
SHAPES = ("circle", "square", "triangle", "diamond", "pentagon", "hexagon", "star", "cross")
INK = COLOURS["black"]
PALE = "#dddddd"
_SCALE = 2
_CORNERS = {"triangle": (3, 0.0), "square": (4, 45.0), "diamond": (4, 0.0), "pentagon": (5, 0.0), "hexagon": (6, 30.0)}
"""Shape -> corners, and degrees that the first one stands right of the top."""

Point = tuple[float, float]


class Canvas:
    """Coordinates and sizes are pixels of the finished picture, from its upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * _SCALE, height * _SCALE), "white")
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Sequence[Point], colour: str = INK, width: float = 1) -> None:
        self._draw.line(_scaled(points), fill=colour, width=round(width * _SCALE), joint="curve")

    def box(
        self, corner: Point, opposite: Point, fill: str | None, outline: str | None = None, width: float = 1
    ) -> None:
        (left, top), (right, bottom) = _scaled([corner, opposite])
        if right - 1 < left or bottom - 1 < top:
            return  # a bar of nothing
        self._draw.rectangle((left, top, right - 1, bottom - 1), fill, outline, round(width * _SCALE))

    def disc(
        self, centre: Point, radius: float, fill: str | None, outline: str | None = None, width: float = 1
    ) -> None:
        x, y, r = centre[0] * _SCALE, centre[1] * _SCALE, radius * _SCALE
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill, outline, round(width * _SCALE))

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        self._draw.polygon(_scaled(points), fill=fill)

    def shape(self, name: str, centre: Point, size: float, fill: str) -> None:
        """One of SHAPES, inside a circle of diameter `size`."""
        x, y, radius = *centre, size / 2
        if name == "circle":
            self.disc(centre, radius, fill)
        elif name == "cross":
            arm, half = radius * 0.96, radius * 0.28
            self.box((x - arm, y - half), (x + arm, y + half), fill)
            self.box((x - half, y - arm), (x + half, y + arm), fill)
        elif name == "star":
            self.polygon([_around(centre, radius * (0.4 if i % 2 else 1), i * 36) for i in range(10)], fill)
        else:
            corners, first = _CORNERS[name]
            self.polygon([_around(centre, radius, first + i * 360 / corners) for i in range(corners)], fill)

    def text(self, at: Point, text: str, size: float, anchor: str = "mm", colour: str = INK) -> None:
        """Text with the given point of it at `at`: two letters, Pillow's anchors (`la` left top, `mm` middle)."""
        self._draw.text(_scaled([at])[0], text, fill=colour, font=_font(size), anchor=anchor)

    def picture(self) -> Picture:
        """What was drawn, as PNG."""
        data = io.BytesIO()
        self._image.reduce(_SCALE).save(data, "PNG", optimize=True)
        return Picture(data=base64.b64encode(data.getvalue()).decode("ascii"))


def text_width(text: str, size: float) -> float:
    """Pixels a text is wide."""
    return _font(size).getlength(text) / _SCALE


def drawable(text: str) -> bool:
    """Whether the embedded font has every character: it knows ASCII only."""
    return all(" " <= c <= "~" for c in text)


@functools.cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    """The font that comes inside Pillow, laid out without libraries that may or may not be there."""
    from PIL import ImageFont

    found: Any = ImageFont.load_default(size * _SCALE)
    variant: ImageFont.FreeTypeFont = found.font_variant(layout_engine=ImageFont.Layout.BASIC)
    return variant


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * _SCALE, y * _SCALE) for x, y in points]


def _around(centre: Point, radius: float, degrees: float) -> Point:
    """A point on a circle, clockwise from its top."""
    angle = math.radians(degrees)
    return centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)
