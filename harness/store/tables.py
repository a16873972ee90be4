"""The tables of a run's database."""

from __future__ import annotations

SCHEMA = 1

FACT = {"name": str, "value": str}
KEY = ("task", "model", "repeat", "attempt")
ATTEMPT = {
    "task": str,
    "model": str,
    "repeat": int,
    "attempt": int,
    "suite": str,
    "category": str,
    "kind": str,
    "outcome": str,
    "score": float,
    "visible_score": float,
    "candidate": str,
    "signature": str,
    "prompt_tokens": int,
    "completion_tokens": int,
    "cost_usd": float,
    "seconds": float,
    "started": str,
    "failed": int,
    "data": str,
}
SELECTION = {"task": str, "model": str, "repeat": int, "attempt": int, "method": str, "reason": str}
CALL = {
    "session": str,
    "number": int,
    "task": str,
    "model": str,
    "repeat": int,
    "attempt": int,
    "status": int,
    "prompt_tokens": int,
    "completion_tokens": int,
    "cost_usd": float,
    "seconds": float,
    "started": str,
    "data": str,
}
"""Task, repeat and attempt are null for calls that no attempt made; model is the one that was asked."""
JUDGMENT = {
    "id": str,
    "purpose": str,
    "mode": str,
    "judge": str,
    "task": str,
    "repeat": int,
    "part": str,
    "status": str,
    "reason": str,
    "repaired": int,
    "cost_usd": float,
    "seconds": float,
    "started": str,
    "data": str,
}
"""One row a question; status is `accepted`, `rejected` or `failed`, reason the code of what was rejected."""
JUDGMENTS_BY = ("task", "repeat", "judge", "mode", "part")
LABEL = {"judgment": str, "label": str, "model": str, "attempt": int, "candidate": str, "characters": int}
"""Who stood behind a label. A table of its own: what a judge is sent is never made from it."""
REPLACED = {"id": str, "started": str, "cost_usd": float, "data": str}
"""Judgments as they were before the same question was asked again: every raw reply is kept."""

TABLES = (
    ("facts", FACT, "name"),
    ("attempts", ATTEMPT, KEY),
    ("selections", SELECTION, KEY[:3]),
    ("calls", CALL, ("session", "number")),
    ("judgments", JUDGMENT, "id"),
    ("labels", LABEL, ("judgment", "label")),
    ("replaced_judgments", REPLACED, ("id", "started")),
)
"""Name, columns, primary key."""


def storable(count: int | None) -> int | None:
    """A count as a column takes it; what servers report can be any number, and stands in `data` as it came."""
    return count if count is not None and abs(count) < 2**63 else None
