"""Solvers: the factory, what every solver must do, and the seeds of attempts."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from harness.config import ModelProfile
from harness.errors import ProviderError, UsageError
from harness.grading.extract import extract
from harness.solvers import SOLVERS, Solved, Solver, available, open_solver
from harness.solvers.seeds import attempt_seed
from harness.types import Candidate, Reply, Request, Task

TASK = Task(
    id="s/add", suite="s", name="add", kind="function", instruction="Add.", entry="add", signature="def add(a, b):"
)
SEED = 511312829
BODY = "    return a + b\n"


class Scripted:
    """A provider that answers with a given text and remembers what it was asked: the model is not what is tested."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[Request] = []

    def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        if not self.text:
            raise ProviderError("the server is gone")
        return Reply(text=self.text)

    def identity(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass


def profile(style: str = "chat") -> ModelProfile:
    return ModelProfile.model_validate({"name": "m", "provider": "scripted", "style": style})


def opened(name: str, text: str, style: str = "chat") -> tuple[Solver, Scripted]:
    provider = Scripted(text)
    return open_solver(name, provider, profile(style)), provider


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize(
    ("style", "text"), [("chat", f"```python\ndef add(a, b):\n{BODY}```"), ("completion", f"\n{BODY}")]
)
def test_a_solver_hands_over_what_a_candidate_can_be_found_in(name: str, style: str, text: str) -> None:
    solver, provider = opened(name, text, style)
    solved = solver.solve(TASK, seed=5, repeat=1, attempt=2)
    assert solved.request == provider.asked[-1]
    assert all(request.sampling.seed is not None for request in provider.asked)
    assert (solved.request.repeat, solved.request.attempt) == (1, 2)
    candidate = solved.candidate or extract(TASK, solved.reply, prefix=solved.prefix).candidate
    assert candidate == Candidate(files={"solution.py": f"def add(a, b):\n{BODY}"})


@pytest.mark.parametrize("name", SOLVERS)
def test_a_failure_of_the_provider_is_not_swallowed(name: str) -> None:
    solver, _ = opened(name, "")
    with pytest.raises(ProviderError, match="the server is gone"):
        solver.solve(TASK, seed=5, repeat=0, attempt=0)


def test_single_shot_asks_once_with_the_seed_of_the_attempt() -> None:
    solver, provider = opened("single_shot", BODY)
    solved = solver.solve(TASK, seed=5, repeat=0, attempt=0)
    assert [request.sampling.seed for request in provider.asked] == [5]
    assert solved == Solved(request=provider.asked[0], reply=Reply(text=BODY))


def test_an_unknown_solver_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UsageError, match="unknown solver 'double_shot'") as raised:
        open_solver("double_shot", Scripted(""), profile())
    assert "single_shot" in raised.value.remedy
    assert "single_shot" in available()


def test_an_installed_solver_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("double_shot", "harness.solvers.single_shot:SingleShot", "harness.solvers")

    def installed(*, group: str, name: str = "double_shot") -> list[EntryPoint]:
        return [point] if (group, name) == ("harness.solvers", "double_shot") else []

    monkeypatch.setattr("harness.solvers.entry_points", installed)
    assert available() == ["double_shot", "single_shot"]
    assert type(open_solver("double_shot", Scripted(""), profile())).__name__ == "SingleShot"


def test_nothing_is_imported_before_a_solver_is_opened() -> None:
    late = "('harness.solvers.single_shot', 'harness.models', 'httpx')"
    code = f"import sys, harness.solvers; sys.exit(any(name in sys.modules for name in {late}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_seeds_stay_the_same_from_release_to_release() -> None:
    # A run that is resumed with a newer version must go on with the seeds it began with.
    assert attempt_seed(0, "warmup/add", "smollm2", 0, 0) == SEED
    assert attempt_seed(1, "warmup/add", "smollm2", 0, 0) != SEED


def test_every_attempt_has_a_seed_of_its_own_that_a_server_takes() -> None:
    seeds = {
        attempt_seed(base, task, model, repeat, attempt)
        for base in (0, 1)
        for task in ("s/a", "s/b")
        for model in ("m", "n")
        for repeat in range(5)
        for attempt in range(20)
    }
    assert len(seeds) == 2 * 2 * 2 * 5 * 20
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_parts_of_a_seed_do_not_run_into_each_other() -> None:
    assert attempt_seed(0, "s/a", "m", 1, 11) != attempt_seed(0, "s/a", "m", 11, 1)
    assert attempt_seed(0, "s/a1", "m", 0, 0) != attempt_seed(0, "s/a", "1m", 0, 0)
