"""Words for people that depend on a number."""

from __future__ import annotations

_MOST_DIGITS = 3
_ROUNDING = 1e-9


def plural(value: int, noun: str, several: str = "") -> str:
    """`1 task`, `12 tasks`, `1,200 tasks`; `several` where it is not the noun with an s: `1 reply`, `2 replies`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {several or noun + 's'}"


def percentages(*shares: float) -> list[str]:
    """Shares as percentages that belong together, without the sign: `62`, `41`, `80`, or `99.8`, `99.6`, `99.9`.

    With one digit more where else more than 0 were told as `0`, or less than 1 as `100`, and with up to three where
    the least and the greatest were told as the same: an interval never looks as if it had no width.
    """
    exact = [round(share) if abs(share - round(share)) < _ROUNDING and abs(share) < 1.5 else share for share in shares]
    told: list[str] = []
    for digits in range(_MOST_DIGITS + 1):
        told = [_percentage(share, digits) for share in exact]
        hidden = any(float(text) in (0, 100, -100) for text, share in zip(told, exact, strict=True) if share % 1)
        ends = float(told[exact.index(min(exact))]), float(told[exact.index(max(exact))])
        if not (hidden and digits == 0) and (ends[0] != ends[1] or min(exact) == max(exact)):
            break
    return told


def _percentage(share: float, digits: int) -> str:
    return f"{100 * share:.{digits if share % 1 else 0}f}"
