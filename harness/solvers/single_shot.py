"""One question, one reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.solvers import Solved
from harness.solvers.prompts import build_request

if TYPE_CHECKING:
    from harness.solvers import Workplace
    from harness.types import Task


class SingleShot:
    """Asks the model once and hands its reply over as it came."""

    def __init__(self, place: Workplace) -> None:
        self._provider = place.provider
        self._profile = place.profile

    def prepare(self) -> None:
        """A question needs nothing."""

    def solve(self, task: Task, *, seed: int, repeat: int, attempt: int) -> Solved:
        """One request, one reply. Raises ProviderError when the model's server fails."""
        request, prefix = build_request(task, self._profile, seed=seed, repeat=repeat, attempt=attempt)
        return Solved(request=request, reply=self._provider.complete(request), prefix=prefix)
