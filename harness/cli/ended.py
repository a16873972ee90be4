"""What is said when a run has ended: its table or its document, why work is left over, the exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click


def ended(done: Any, *, as_json: bool) -> int:
    """Say what a run found, and the exit code of its command."""
    if as_json:
        click.echo(json.dumps(document(done), indent=2))
    else:
        from harness.cli.tables import show_judges, show_summary

        show_judges(done)
        show_summary(done)
    return completed(done.incomplete)


def completed(incomplete: Sequence[str]) -> int:
    """Say why work is left over: 0 when none is, 1 otherwise."""
    for reason in incomplete:
        click.echo(f"not complete: {reason}", err=True)
    return 1 if incomplete else 0


def _judged(judged: Any, model: str, score: Any) -> dict[str, Any] | None:
    """What all judges together said of a model; None where none was asked."""
    if judged is None:
        return None
    found = judged.standing(model)
    return {
        "mode": judged.panel.mode if judged.panel else None,
        "mean": score(judged.lead(model)),
        "wins": found.wins if found and found.comparisons else None,
        "comparisons": found.comparisons if found else 0,
        "unscored": judged.unscored.get(model, 0),
    }


def document(done: Any) -> dict[str, Any]:
    """The JSON of `harness run --json`; its keys are documented in docs/formats.md."""

    def score(found: Any) -> dict[str, Any] | None:
        return None if found is None else {"value": found.value, "low": found.low, "high": found.high, "n": found.n}

    models = {}
    for item in done.summary.models:
        models[item.model] = {
            name: score(getattr(item, name)) for name in ("pass_at_1", "mean_score", "selected", "oracle")
        }
        models[item.model]["first_try"] = score(item.agents.first_try if item.agents else None)
        models[item.model]["judged"] = _judged(done.judged, item.model, score)
    return {
        "run": done.plan.name,
        "directory": str(done.plan.paths.root),
        "report": str(done.plan.paths.report),
        "complete": not done.incomplete,
        "models": models,
        "judges": judges_document(done),
    }


def judges_document(done: Any) -> dict[str, Any]:
    """Judge -> what became of its questions."""
    return {
        name: {
            "questions": counts.accepted + counts.rejected + counts.failed,
            "accepted": counts.accepted,
            "repaired": counts.repaired,
            "rejected": counts.rejected,
            "failed": counts.failed,
            "not_asked": counts.not_asked,
            "reasons": dict(sorted(counts.reasons.items())),
            "cost_usd": counts.cost_usd,
            "conflicts": done.conflicts.get(name, {}),
        }
        for name, counts in done.judges.items()
    }
