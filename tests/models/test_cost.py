"""Cost: known only where price and counts are."""

from __future__ import annotations

import pytest

from harness.config import Price
from harness.models.cost import cost_usd
from harness.types import Usage

PRICE = Price(input=2.0, output=8.0, cached=0.5)


@pytest.mark.parametrize(
    ("usage", "price", "dollars"),
    [
        (Usage(prompt_tokens=1_000_000, completion_tokens=500_000), PRICE, 6.0),
        (Usage(prompt_tokens=1_000_000, completion_tokens=0, cached_tokens=400_000), PRICE, 1.4),
        (Usage(prompt_tokens=1_000_000, completion_tokens=0, cached_tokens=400_000), Price(input=2.0), 2.0),
        # More cached than sent is a server's mistake, not a negative bill.
        (Usage(prompt_tokens=100, completion_tokens=0, cached_tokens=400), PRICE, 0.00005),
        (Usage(), None, None),
        (Usage(prompt_tokens=1, completion_tokens=1), None, None),
        (Usage(), PRICE, None),
        (Usage(prompt_tokens=1), PRICE, None),
        (Usage(completion_tokens=1), PRICE, None),
        (Usage(completion_tokens=1_000_000), Price(output=1.0), 1.0),
        (Usage(), Price(), 0.0),
    ],
)
def test_cost(usage: Usage, price: Price | None, dollars: float | None) -> None:
    assert cost_usd(usage, price) == (None if dollars is None else pytest.approx(dollars))
