"""Attempts and lines for tests of the store."""

from __future__ import annotations

import json
from pathlib import Path

from harness.types import (
    Attempt,
    Candidate,
    CaseResult,
    Extraction,
    Outcome,
    Reply,
    Usage,
    Verdict,
)


def attempt(number: int = 0, outcome: Outcome | None = Outcome.passed, *, model: str = "m", size: int = 10) -> Attempt:
    """An attempt; `outcome` None is a provider failure."""
    text = "x" * size
    case = CaseResult(id="a", outcome=outcome or Outcome.passed, visible=True, points=float(outcome == "passed"))
    verdict = None if outcome is None else Verdict(outcome=outcome, points=case.points, max_points=1.0, cases=(case,))
    return Attempt(
        task=f"s/t{number // 5:05d}", suite="s", category="general", kind="function", model=model, repeat=0,
        attempt=number % 5, seed=number, solver="single_shot", verdict=verdict, task_hash="h",
        error="" if outcome else "503", started="2025-01-01T00:00:00.000+00:00", cost_usd=0.25,
        reply=Reply(text=text, usage=Usage(prompt_tokens=7)) if outcome else None,
        extraction=Extraction(candidate=Candidate(files={"solution.py": text}), choice="all") if outcome else None,
    )  # fmt: skip


def lines(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / "raw.jsonl").read_text().splitlines()]
