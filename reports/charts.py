"""Inline SVG, made by hand: no script, no font, nothing from outside. Colours are classes, so that themes apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from harness.stats.score import Score

from .text import percent, spoken

_GRID = (0, 25, 50, 75, 100)


def whisker(score: Score, kind: str, label: str) -> Markup:
    """A score and its interval on a scale of 0 to 100%, as wide as its place; `kind` is mean, selected or oracle."""
    parts = [Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="24"/>').format(x) for x in _GRID]
    if score.low is not None and score.high is not None:
        parts.append(
            Markup('<line class="span" x1="{:.2f}%" x2="{:.2f}%" y1="12" y2="12"/>').format(
                100 * score.low, 100 * score.high
            )
        )
    if score.value is not None:
        parts.append(_mark(kind, 100 * score.value))
    return Markup('<svg class="whisker {}" width="100%" height="24" role="img" aria-label="{}">{}</svg>').format(
        kind, f"{label}: {spoken(score)}", Markup("").join(parts)
    )


def span(score: Score, low: float, high: float, label: str) -> Markup:
    """A score in its own unit and its interval on a scale of `low` to `high`; `label` says the numbers."""

    def place(value: float) -> float:
        return 100 * min(1.0, max(0.0, (value - low) / (high - low)))

    parts = [Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="24"/>').format(x) for x in _GRID]
    if score.low is not None and score.high is not None:
        parts.append(
            Markup('<line class="span" x1="{:.2f}%" x2="{:.2f}%" y1="12" y2="12"/>').format(
                place(score.low), place(score.high)
            )
        )
    if score.value is not None:
        parts.append(_mark("mean", place(score.value)))
    return Markup('<svg class="whisker mean" width="100%" height="24" role="img" aria-label="{}">{}</svg>').format(
        label, Markup("").join(parts)
    )


def scale(low: float, high: float) -> Markup:
    """The scale over a column of `span`: its ends and its middle."""
    labels = [
        Markup('<text x="{}%" y="12" text-anchor="{}">{}</text>').format(x, anchor, f"{low + (high - low) * x / 100:g}")
        for x, anchor in ((0, "start"), (50, "middle"), (100, "end"))
    ]
    return Markup('<svg class="axis" width="100%" height="16" aria-hidden="true">{}</svg>').format(
        Markup("").join(labels)
    )


def axis() -> Markup:
    """The scale over a column of whiskers."""
    anchors = ("start", "middle", "middle", "middle", "end")
    labels = [
        Markup('<text x="{}%" y="12" text-anchor="{}">{}</text>').format(x, anchor, f"{x}%" if x in (0, 100) else x)
        for x, anchor in zip(_GRID, anchors, strict=True)
    ]
    return Markup('<svg class="axis" width="100%" height="16" aria-hidden="true">{}</svg>').format(
        Markup("").join(labels)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a curve: values at x, None where there is none, and how it is drawn."""

    kind: str
    label: str
    points: Sequence[tuple[int, Score]]
    band: bool = False
    """Draw the interval as a band."""


def curve(lines: Sequence[Line], title: str) -> Markup:
    """Shares against the number of attempts. 360 x 230 units, text 12: made for a column at least 280 px wide."""
    steps = [x for x, _ in max((line.points for line in lines), key=len, default=())]
    if not steps:
        return Markup("")
    plot = _Plot(steps[0], steps[-1])
    body = [plot.frame(steps)]
    body += [plot.band(line) for line in lines if line.band]
    body += [plot.line(line) for line in lines]
    body += plot.labels(lines)
    spoken_lines = "; ".join(
        f"{line.label} {percent(line.points[0][1].value)} at {line.points[0][0]}, "
        f"{percent(line.points[-1][1].value)} at {line.points[-1][0]}"
        for line in lines
        if line.points
    )
    return Markup('<svg class="curve" viewBox="0 0 360 230" role="img" aria-label="{}">{}</svg>').format(
        f"{title}: {spoken_lines}", Markup("").join(body)
    )


def bar(share: float) -> Markup:
    """A quiet bar, 0..1, behind a count; the number stands beside it, so it is hidden from readers aloud."""
    return Markup('<svg class="bar" width="100%" height="6" aria-hidden="true"><rect width="{:.2f}%"/></svg>').format(
        100 * min(1.0, max(0.0, share)) if share == 0 else max(1.0, 100 * min(1.0, share))
    )


def heat(share: float | None) -> str:
    """The class of a heatmap cell: eleven steps, 0 and 1 have steps of their own."""
    if share is None:
        return "none"
    if share in (0, 1):
        return f"h{int(10 * share)}"
    return f"h{min(9, max(1, round(10 * share)))}"


@dataclass(frozen=True, slots=True)
class _Plot:
    """Places of a curve plot, in its own units."""

    first: int
    last: int
    left: float = 40
    right: float = 268
    top: float = 12
    bottom: float = 188

    def x(self, k: int) -> float:
        return self.left + (self.right - self.left) * ((k - self.first) / max(1, self.last - self.first))

    def y(self, share: float) -> float:
        return self.bottom - (self.bottom - self.top) * share

    def frame(self, steps: Sequence[int]) -> Markup:
        parts = []
        for share in _GRID:
            y = self.y(share / 100)
            parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(
                self.left, self.right, y=f"{y:.1f}"))  # fmt: skip
            parts.append(Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                self.left - 6, y + 4, f"{share}%" if share in (0, 100) else share))  # fmt: skip
        tick = Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
        parts += [tick.format(self.x(k), self.bottom + 18, k) for k in _ticks(steps)]
        caption = Markup('<text class="what" x="{:.1f}" y="{}" text-anchor="middle">attempts drawn, k</text>')
        return Markup("").join([*parts, caption.format((self.left + self.right) / 2, self.bottom + 36)])

    def band(self, line: Line) -> Markup:
        known = [(k, s.low, s.high) for k, s in line.points if s.low is not None and s.high is not None]
        if len(known) < 2:
            return Markup("")
        upper = [f"{self.x(k):.1f},{self.y(high):.1f}" for k, _, high in known]
        lower = [f"{self.x(k):.1f},{self.y(low):.1f}" for k, low, _ in reversed(known)]
        return Markup('<polygon class="band {}" points="{}"/>').format(line.kind, " ".join(upper + lower))

    def line(self, line: Line) -> Markup:
        known = [(self.x(k), self.y(s.value)) for k, s in line.points if s.value is not None]
        if not known:
            return Markup("")
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in known)
        dots = Markup("").join(
            Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(line.kind, x, y)
            for x, y in known
            if len(known) <= 16
        )
        return Markup('<polyline class="line {}" points="{}"/>{}').format(line.kind, path, dots)

    def labels(self, lines: Sequence[Line]) -> list[Markup]:
        """Names at the right end of their lines, pushed apart where they would overlap."""
        ends = [(self.y(found[-1]), line) for line in lines if (found := _values(line))]
        placed: list[Markup] = []
        last = -100.0
        for y, line in sorted(ends, key=lambda end: (end[0], -lines.index(end[1]))):
            last = max(y, last + 14)
            placed.append(Markup('<text class="name {}" x="{}" y="{:.1f}">{}</text>').format(
                line.kind, self.right + 9, last + 4, escape(line.label)))  # fmt: skip
        return placed


def _mark(kind: str, x: float) -> Markup:
    """A disc for the mean, a square for selected, a hollow diamond for the oracle: shape tells what colour tells."""
    if kind == "selected":
        return Markup(
            '<rect class="mark" x="{:.2f}%" y="7" width="10" height="10" transform="translate(-5 0)"/>'
        ).format(x)
    if kind == "oracle":
        return Markup(
            '<svg x="{:.2f}%" y="12" overflow="visible"><path class="mark" d="M0-6 6 0 0 6-6 0z"/></svg>'
        ).format(x)
    return Markup('<circle class="mark" cx="{:.2f}%" cy="12" r="5.5"/>').format(x)


def _values(line: Line) -> list[float]:
    return [score.value for _, score in line.points if score.value is not None]


def _ticks(steps: Sequence[int]) -> list[int]:
    """Labels that fit: all up to eight, otherwise first, last and a few between."""
    if len(steps) <= 8:
        return list(steps)
    span = steps[-1] - steps[0]
    between = [min(steps, key=lambda k: abs(k - (steps[0] + span * part / 4))) for part in (1, 2, 3)]
    return sorted({steps[0], *between, steps[-1]})
