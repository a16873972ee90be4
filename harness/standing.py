"""Whether a run should go on asking: models and sandboxes that keep failing, dollars that are left."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from harness.types import Attempt, Outcome

GIVE_UP_AFTER = 5
"""Failures in a row of a model that never replied, or of the sandbox, after which it is left alone."""
GIVE_UP_LATER = 20
"""The same for a model that did reply before."""
SANDBOX = "sandbox"


class Standing:
    """Counts what goes wrong and what is spent; thread-safe."""

    def __init__(self, allowance_usd: float | None, log: Callable[[str], None]) -> None:
        self._left = allowance_usd
        self._log = log
        self._lock = threading.Lock()
        self._failures: Counter[str] = Counter()
        self._served: set[str] = set()
        self.given_up: dict[str, str] = {}
        """Models left alone, and `sandbox` when nothing could be graded, with what kept failing."""

    def stopped(self) -> str:
        """Why no model at all may be asked any more; empty while one may."""
        if self._left is not None and self._left <= 0:
            return "the budget of the run is spent"
        # Asking may cost money, and nothing that comes back could be graded.
        return self.given_up.get(SANDBOX, "")

    def may_ask(self, model: str) -> bool:
        """Whether this model may be asked."""
        return not self.stopped() and model not in self.given_up

    def spent(self, cost_usd: float | None) -> None:
        """A reply has cost that much."""
        with self._lock:
            if self._left is not None:
                self._left -= cost_usd or 0.0

    def replied(self, model: str) -> None:
        """A model has answered."""
        with self._lock:
            self._failures[model] = 0
            self._served.add(model)

    def failed(self, model: str, error: str) -> None:
        """A model's server has failed."""
        with self._lock:
            self._failures[model] += 1
            limit = GIVE_UP_LATER if model in self._served else GIVE_UP_AFTER
            if self._failures[model] >= limit and model not in self.given_up:
                self.given_up[model] = f"given up after {limit} failures in a row: {error}"
                self._log(f"{model}: given up after {limit} failures in a row")

    def graded(self, attempt: Attempt) -> None:
        """An attempt has been graded, or could not be."""
        with self._lock:
            failed = attempt.outcome is Outcome.infra_error
            self._failures[SANDBOX] = self._failures[SANDBOX] + 1 if failed else 0
            if self._failures[SANDBOX] >= GIVE_UP_AFTER and SANDBOX not in self.given_up:
                detail = attempt.verdict.detail if attempt.verdict else ""
                self.given_up[SANDBOX] = f"{GIVE_UP_AFTER} attempts in a row could not be graded: {detail}"
