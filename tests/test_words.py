"""Numbers and words for people."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.words import percentages


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.62, 0.41, 0.8), ["62", "41", "80"]),
        ((1, 0.88, 1), ["100", "88", "100"]),
        # Neither a bound that is beyond its value, nor one that nothing is between.
        ((0.998, 0.996, 0.999), ["99.8", "99.6", "99.9"]),
        ((0.9999, 0.9996, 0.9998), ["99.99", "99.96", "99.98"]),
        ((1, 0.9988, 1), ["100", "99.9", "100"]),
        ((0.002, 0.001, 0.003), ["0.2", "0.1", "0.3"]),
        ((-0.004, 0.05), ["-0.4", "5.0"]),
        ((0.5,), ["50"]),
        ((0.0, 0.0), ["0", "0"]),
        ((1e-12, 0.3), ["0", "30"]),
    ],
)
def test_percentages(shares: tuple[float, ...], told: list[str]) -> None:
    assert percentages(*shares) == told


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
@example([0.0, 0.0, 2**-14])  # `0` and `0.0` are the same
def test_an_interval_keeps_its_value_and_its_width(shares: list[float]) -> None:
    low, value, high = sorted(shares)
    told = [float(text) for text in percentages(value, low, high)]
    assert told[1] <= told[0] <= told[2]
    if high - low > 1e-5:
        assert told[1] < told[2]
