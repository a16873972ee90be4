"""Attempts: one row each, and raw.jsonl beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from harness.jsonl import disk_errors
from harness.store.database import Database
from harness.store.tables import KEY, storable
from harness.types import Attempt, AttemptKey

SUPERSEDED = "superseded_usd"
"""Fact: dollars of the attempts that were replaced because they had failed."""


class Failures(NamedTuple):
    """Attempts of one model that count as not done."""

    model: str
    name: str
    """`provider_failure` or `infra_error`."""
    number: int
    why: str
    """What one of them says."""


class Attempts(Database):
    """The attempts of a run."""

    def save(self, attempt: Attempt) -> None:
        """Keep an attempt, replacing an earlier one of the same key. Raises StoreError."""
        line = attempt.model_dump_json()
        query = (
            "select cost_usd, started from attempts where task = ? and model = ? and repeat = ? and attempt = ?"
            # Calls of an agent stay in the table, and are counted there once no attempt names their session.
            " and coalesce(json_extract(data, '$.agent.session'), '') not in (select session from calls)"
        )
        before = self._rows(query, *(getattr(attempt, name) for name in KEY))
        # An attempt that is graded again was paid for once.
        lost = sum(row["cost_usd"] or 0.0 for row in before if row["started"] != attempt.started)
        if lost:
            lost += self.fact(SUPERSEDED) or 0.0
        with self._transaction():
            self._put("attempts", self._row(attempt, line))
            if lost:
                self._put("facts", {"name": SUPERSEDED, "value": json.dumps(lost)})
        if self._raw is not None:
            with disk_errors(self.paths.root):
                self._raw.append(line)

    def _row(self, attempt: Attempt, line: str) -> dict[str, Any]:
        usage = attempt.reply.usage if attempt.reply else None
        return {
            **attempt.key.model_dump(),
            "suite": attempt.suite,
            "category": attempt.category,
            "kind": attempt.kind,
            "outcome": attempt.outcome.value if attempt.verdict else None,
            "score": attempt.verdict.score if attempt.verdict else None,
            "visible_score": attempt.verdict.visible_score if attempt.verdict else None,
            "candidate": attempt.candidate_hash,
            "signature": attempt.signature,
            "prompt_tokens": storable(usage.prompt_tokens) if usage else None,
            "completion_tokens": storable(usage.completion_tokens) if usage else None,
            "cost_usd": attempt.cost_usd,
            "seconds": attempt.seconds,
            "started": attempt.started,
            "failed": int(attempt.verdict is None or attempt.outcome == "infra_error"),
            "data": line,
        }

    def done(self) -> dict[AttemptKey, str]:
        """Keys of the attempts that need not be made again, with the hash of the task they were made on."""
        query = (
            "select task, model, repeat, attempt, json_extract(data, '$.task_hash') as hash from attempts"
            " where not failed"
        )
        return {AttemptKey(**{name: row[name] for name in KEY}): row["hash"] for row in self._rows(query)}

    def attempts(self) -> Iterator[Attempt]:
        """All attempts, by task, model, repeat, attempt; one in memory at a time."""
        return self._read(Attempt, self._lines())

    def ungraded(self) -> dict[AttemptKey, Attempt]:
        """Attempts that hold an answer which the sandbox failed to grade."""
        failed = self._read(Attempt, self._lines(failed_only=True))
        return {item.key: item for item in failed if item.reply is not None}

    def forget_failures(self, model: str, tasks: Iterable[str]) -> None:
        """Drop the failed attempts of a model at tasks that it is no longer given. Raises StoreError."""
        with self._transaction():
            for task in tasks:
                self._execute("delete from attempts where failed and model = ? and task = ?", model, task)

    def failures(self) -> list[Failures]:
        """Attempts that have no verdict a rate can use, by model and `provider_failure` or `infra_error`."""
        query = (
            "select model, coalesce(outcome, 'provider_failure') as name, count(*) as number,"
            " max(coalesce(nullif(json_extract(data, '$.error'), ''), json_extract(data, '$.verdict.detail'))) as why"
            " from attempts where failed group by 1, 2 order by 1, 2"
        )
        return [Failures(**row) for row in self._rows(query)]

    def finish(self) -> None:
        """Make raw.jsonl exactly the attempts of the store, in order: resumed failures had left two lines."""
        assert self._raw is not None
        with disk_errors(self.paths.root):
            self._raw.rewrite()
