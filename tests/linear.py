"""Whether something takes time in proportion to its text: by ratios, so that a busy machine changes little."""

from __future__ import annotations

import time
from collections.abc import Callable

FASTER_THAN_ANYBODY_MINDS_S = 0.3


def is_linear(run: Callable[[str], object], text: str) -> bool:
    """Four times the text takes less than nine times as long: what is quadratic takes sixteen."""
    whole = _seconds(run, text)
    if whole < FASTER_THAN_ANYBODY_MINDS_S:
        return True
    part = text[: len(text) // 4]
    return whole < 9 * min(_seconds(run, part), _seconds(run, part))


def _seconds(run: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    run(text)
    return time.process_time() - began
