"""A bench that takes seconds."""

from __future__ import annotations

from harness.bench.plan import BenchPlan

SHORT = BenchPlan(
    concurrency=(2,),
    floors=(1,),
    rounds=1,
    seconds=0.01,
    arrivals_per_s=(20,),
    open_loop_s=0.2,
    boxes=2,
    burst=3,
    counted=2,
    counter_rounds=1,
    lengths=(3,),
)
