"""Model calls that came through the gateway."""

from __future__ import annotations

from collections.abc import Iterator

from harness.store.database import Database
from harness.store.tables import storable
from harness.types import ModelCall


class Calls(Database):
    """The model calls of a run's agents, or of people's own tools."""

    def save_call(self, call: ModelCall) -> None:
        """Keep a request that came through the gateway, replacing one of the same session and number. Raises
        StoreError."""
        usage = call.reply.usage if call.reply else None
        attempt = call.attempt
        row = {
            "session": call.session,
            "number": call.number,
            "task": attempt.task if attempt else None,
            "model": call.model,
            "repeat": attempt.repeat if attempt else None,
            "attempt": attempt.attempt if attempt else None,
            "status": call.status,
            "prompt_tokens": storable(usage.prompt_tokens) if usage else None,
            "completion_tokens": storable(usage.completion_tokens) if usage else None,
            "cost_usd": call.cost_usd,
            "seconds": call.seconds,
            "started": call.started,
            "data": call.model_dump_json(),
        }
        with self._transaction():
            self._put("calls", row)

    def calls(self, session: str | None = None) -> Iterator[ModelCall]:
        """All calls, or those of one session, by session and number; one in memory at a time."""
        if not self._has("calls"):
            return
        query = "select data from calls where ? is null or session = ? order by session, number"
        yield from self._read(ModelCall, (row["data"] for row in self._rows(query, session, session)))

    def _spent_on_calls(self) -> float:
        if not self._has("calls"):
            return 0.0
        query = (
            "select coalesce(sum(cost_usd), 0) as usd from calls where session not in"
            # An attempt's cost is unknown as soon as that of one of its calls is: the others count all the same.
            " (select coalesce(json_extract(data, '$.agent.session'), '') from attempts where cost_usd is not null)"
        )
        return float(next(self._rows(query))["usd"])
