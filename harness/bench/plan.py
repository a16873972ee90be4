"""How much is measured."""

from __future__ import annotations

from pydantic import Field

from harness.types import Frozen


class BenchPlan(Frozen):
    """What a bench does. The defaults take less than a minute; `FULL` takes some ten."""

    concurrency: tuple[int, ...] = Field(default=(1, 4), min_length=1)
    """Units at once."""
    floors: tuple[int, ...] = Field(default=(1, 4), min_length=1)
    """The same for what the verdicts stand beside."""
    rounds: int = Field(default=3, ge=1)
    """Every measurement is made once in each round."""
    seconds: float = Field(default=0.4, gt=0)
    """Of one measurement, at least."""
    arrivals_per_s: tuple[float, ...] = (2, 5, 10)
    """Rates of the open loop."""
    open_loop_s: float = Field(default=1.2, gt=0)
    """Of one rate in one round."""
    boxes: int = Field(default=8, ge=1)
    """Kept ready for the open loop."""
    burst: int = Field(default=16, ge=1)
    """Verdicts that come at once, to as many boxes."""
    counted: int = Field(default=8, ge=1)
    """Units over which counters are read, at least."""
    counter_rounds: int = Field(default=2, ge=1)
    lengths: tuple[int, ...] = ()
    """Verdicts through one pool, to see whether anything grows."""


FULL = BenchPlan(
    concurrency=(1, 2, 4, 8, 16),
    floors=(1, 2, 4, 8, 16),
    rounds=5,
    seconds=2.0,
    open_loop_s=6.0,
    counted=20,
    counter_rounds=3,
    lengths=(10, 100, 1000),
)
