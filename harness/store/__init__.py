"""The database of a run: the only SQL of the project.

tables       names, columns, keys           database    connection, transactions, facts
attempts  selections  calls  judgments      what is kept, a module a noun
"""

from __future__ import annotations

from harness.store.attempts import SUPERSEDED, Attempts, Failures
from harness.store.calls import Calls
from harness.store.judgments import Judgments, JudgmentStatus
from harness.store.selections import Selections

__all__ = ["Failures", "JudgmentStatus", "Store"]


class Store(Attempts, Selections, Calls, Judgments):
    """The attempts, selections, model calls and judgments of one run. Written by one thread of one process, one
    transaction each."""

    def spent(self) -> float:
        """Dollars of every attempt with a known cost, those included that failed and were replaced.

        And of every model call that no attempt accounts for: of a person's tools, of attempts that did not end. And of
        every question to a judge.
        """
        total = next(self._rows("select coalesce(sum(cost_usd), 0) as usd from attempts"))["usd"]
        return float(total) + float(self.fact(SUPERSEDED) or 0.0) + self._spent_on_calls() + self.spent_on_judges()
