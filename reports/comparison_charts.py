"""Inline SVG of comparisons: places, runs. Colours are classes, so that themes apply."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from markupsafe import Markup

_PAD = 4.0
"""Percent of the width kept free on either side, so that marks at the ends are whole."""


def ranks(best: int, worst: int, models: int, label: str) -> Markup:
    """The places a model can have, as a line over all places; no dot on it: none of them is more its own."""
    parts = [
        Markup('<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="28"/>').format(_place(k, models))
        for k in _ticks(models)
    ]
    low, high = _place(best, models), _place(worst, models)
    if best == worst:
        parts.append(Markup('<circle class="mark" cx="{:.2f}%" cy="14" r="5.5"/>').format(low))
    else:
        parts.append(Markup('<line class="range" x1="{:.2f}%" x2="{:.2f}%" y1="14" y2="14"/>').format(low, high))
    spoken = f"{label}: place {best}" if best == worst else f"{label}: places {best} to {worst}"
    return Markup('<svg class="ranks" width="100%" height="28" role="img" aria-label="{}">{}</svg>').format(
        spoken, Markup("").join(parts)
    )


def rank_axis(models: int) -> Markup:
    """The scale over the places."""
    labels = [
        Markup('<text x="{:.2f}%" y="12" text-anchor="middle">{}</text>').format(_place(k, models), k)
        for k in _ticks(models)
    ]
    return Markup('<svg class="axis" width="100%" height="16" aria-hidden="true">{}</svg>').format(
        Markup("").join(labels)
    )


def strip(
    values: Sequence[float], mean: float | None, rerun: float | None, prompts: float | None, reach: float, label: str
) -> Markup:
    """A dot a run on the bands of noise around the mean: `prompts` (wide, pale) and `rerun`, one SD to either side."""
    parts = [
        Markup('<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="28"/>').format(_x(tick, reach))
        for tick in _steps(reach)
    ]
    for noise, css in ((prompts, "floor"), (rerun, "again")):
        if noise and mean is not None:
            low, high = max(0.0, mean - noise), min(reach, mean + noise)
            parts.append(
                Markup('<rect class="{}" x="{:.2f}%" width="{:.2f}%" y="{}" height="{}"/>').format(
                    css, _x(low, reach), _x(high, reach) - _x(low, reach), *((3, 22) if css == "floor" else (8, 12))
                )
            )
    seen: dict[float, int] = {}
    for value in values:
        # Equal runs are drawn side by side, not on top of each other.
        beside = seen.get(round(value, 6), 0)
        seen[round(value, 6)] = beside + 1
        parts.append(
            Markup('<circle class="dot" cx="{:.2f}%" cy="14" r="4" transform="translate({} 0)"/>').format(
                _x(value, reach), 6 * beside
            )
        )
    return Markup('<svg class="strip" width="100%" height="28" role="img" aria-label="{}">{}</svg>').format(
        label, Markup("").join(parts)
    )


def strip_axis(reach: float, share: bool) -> Markup:
    """The scale over a strip plot."""
    labels = [
        Markup('<text x="{:.2f}%" y="12" text-anchor="middle">{}</text>').format(
            _x(tick, reach), f"{100 * tick:.0f}%" if share else f"{tick:g}"
        )
        for tick in _steps(reach)
    ]
    return Markup('<svg class="axis" width="100%" height="16" aria-hidden="true">{}</svg>').format(
        Markup("").join(labels)
    )


def nice(value: float) -> float:
    """The next of 1, 1.2, 1.6, 2, 3, 4, 5, 6, 8 times a power of ten: a scale whose quarters can be read."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10) if step * power >= value - 1e-9)


def _steps(reach: float) -> list[float]:
    return [reach * part / 4 for part in range(5)]


def _x(value: float, reach: float) -> float:
    return _PAD + (100 - 2 * _PAD) * value / reach


def _place(rank: int, models: int) -> float:
    return _PAD + (100 - 2 * _PAD) * (rank - 1) / max(1, models - 1)


def _ticks(models: int) -> list[int]:
    """Every place up to twelve, then about ten of them."""
    if models <= 12:
        return list(range(1, models + 1))
    step = -(-models // 10)
    return sorted({1, *range(step, models - step // 2, step), models})
