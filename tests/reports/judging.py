"""Judgments of a run that never was: three judges, one a contestant, one that favours what comes first."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from harness.stats.inputs import ReportInput
from harness.types import DIMENSIONS
from tests.judging.making import Bench

FAMILIES = {"smollm2": "smol", "smol-judge": "smol", "reference": "ours"}

REFERENCE = "reference-answer-91c2"
"""What a rubric judge knows and may repeat."""

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} | `x` \x1b[31m\u202e"


def judged(
    run: ReportInput, *, judges: tuple[str, ...] = ("fair", "smol-judge", "first"), text: str = HOSTILE
) -> ReportInput:
    """`run` with listwise, rubric and pairwise judgments of its selected attempts; some replies cannot be read."""
    rng = random.Random(3)
    bench = Bench()
    rows = list(run.attempts)
    models = sorted({row.model for row in rows})
    tasks = sorted({row.task for row in rows})
    for task in tasks:
        for judge in judges:
            shown = rng.sample(models, len(models))
            said: dict[str, dict[str, Any]] = {
                model: {"score": 0, "characters": rng.randint(50, 900), "attempt": 0} for model in shown
            }
            for slot, model in enumerate(shown):
                good = 2.0 * (model == "reference") + 3.0 * (judge == "first" and slot == 0)
                good += 1.5 * (judge == "smol-judge" and model == "smollm2")
                scores = {name: min(10, max(1, round(5 + good + rng.gauss(0, 1.2)))) for name in DIMENSIONS}
                said[model] |= {"scores": scores, "passes": sum(scores.values()) > 28, "note": f"because {text[:60]}"}
                del said[model]["score"]
            order = sorted(shown, key=lambda model: -sum(said[model]["scores"].values()))
            for model in shown:
                said[model]["rank"] = order.index(model) + 1
            bad = rng.random() < 0.15
            bench.ask(
                judge, task, said, reason="truncated" if bad else "", detail="ends in the middle" if bad else "",
                text=text if bad else "{}", flags=() if bad else ("normalised",) * (rng.random() < 0.3),
            )  # fmt: skip
            if judge == judges[0]:
                for model in models:
                    down = "503 overloaded" if rng.random() < 0.1 else ""
                    kept = {model: {"rubric": rng.randint(0, 3), "note": REFERENCE}}
                    cut = "" if rng.random() < 0.8 else "truncated"
                    bench.ask(judge, task, kept, mode="rubric", part=model, text=REFERENCE, error=down, reason=cut)
            if len(models) > 1:
                one, two = models[:2]
                winners = [rng.choice([one, two, "tie"]), rng.choice([one, two])]
                bench.pair(judge, task, one, two, winners)
    return replace(run, judgments=bench.judgments, marked=bench.marked, labels=bench.labels, families=FAMILIES)
