"""What a reply cost: tokens are stored, dollars are computed from them, so that a run can be priced again."""

from __future__ import annotations

from harness.config import Price
from harness.types import Usage

_MILLION = 1_000_000


def cost_usd(usage: Usage, price: Price | None) -> float | None:
    """US dollars of one reply; None where the price, or a token count the price needs, is unknown.

    Cached tokens are part of `prompt_tokens`, reasoning tokens part of `completion_tokens` (as OpenAI counts them).
    """
    if price is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.prompt_tokens or 0)
    cached_price = price.input if price.cached is None else price.cached
    parts = (
        (None if usage.prompt_tokens is None else usage.prompt_tokens - cached, price.input),
        (cached, cached_price),
        (usage.completion_tokens, price.output),
    )
    total = 0.0
    for tokens, dollars in parts:
        if dollars == 0:
            continue
        if tokens is None:
            return None
        total += tokens * dollars / _MILLION
    return total
