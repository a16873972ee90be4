"""Solvers: the factory, what every solver must do, and the seeds of attempts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from harness.config import AgentSettings, ModelProfile
from harness.errors import ProviderError, UsageError
from harness.grading.extract import extract
from harness.solvers import SOLVERS, Solved, Solver, Workplace, available, open_solver
from harness.solvers.agents.means import AgentMeans
from harness.solvers.seeds import attempt_seed
from harness.types import Candidate, Extraction, Message, Reply, Request, Task, Verdict

TASK = Task(
    id="s/add", suite="s", name="add", kind="function", instruction="Add.", entry="add", signature="def add(a, b):"
)
TALK = Task(
    id="s/talk", suite="s", name="talk", kind="conversation", instruction="Add.",
    turns=(Message(role="user", content="Add."),),
)  # fmt: skip
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


ASK_AND_WRITE = """\
import json, os, urllib.request
body = {"model": os.environ["HARNESS_MODEL"], "messages": [{"role": "user", "content": os.environ["HARNESS_TASK"]}]}
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json.dumps(body).encode())
request.add_header("Authorization", "Bearer " + os.environ["OPENAI_API_KEY"])
with urllib.request.urlopen(request) as answer:
    open("solution.py", "w").write(json.load(answer)["choices"][0]["message"]["content"])
"""


@pytest.fixture(scope="module")
def means() -> Iterator[AgentMeans]:
    made = AgentMeans(print)
    yield made
    made.close()


def place(provider: Scripted, means: AgentMeans, style: str = "chat") -> Workplace:
    def grade(task: Task, extraction: Extraction) -> tuple[Verdict, str]:
        raise AssertionError("this task gives no second try")

    settings = AgentSettings(command='exec python3 "$HOME/agent.py"', files={"agent.py": ASK_AND_WRITE}, timeout_s=60)
    return Workplace(
        profile=profile(style),
        provider=provider,
        settings=settings,
        means=means,
        spoken=extract,
        grade=grade,
        record=lambda call: None,
        stopped=lambda: "",
    )


def opened(name: str, text: str, means: AgentMeans, style: str = "chat") -> tuple[Solver, Scripted]:
    provider = Scripted(text)
    return open_solver(name, place(provider, means, style)), provider


CODE = f"def add(a, b):\n{BODY}"
ANSWERS = [
    ("single_shot", "chat", f"```python\n{CODE}```"),
    ("single_shot", "completion", f"\n{BODY}"),
    ("aider", "chat", f"solution.py\n```\n{CODE}```"),
    ("command", "chat", CODE),
]
"""One right answer in the form that each solver asks for."""


def test_every_solver_is_held_to_the_same() -> None:
    # Conversations have a solver of their own, which holds nothing else: test_conversation.py.
    assert {name for name, _, _ in ANSWERS} == set(SOLVERS) - {"conversation"}


@pytest.mark.engine
@pytest.mark.parametrize(("name", "style", "text"), ANSWERS)
def test_a_solver_hands_over_what_a_candidate_can_be_found_in(
    name: str, style: str, text: str, means: AgentMeans
) -> None:
    solver, provider = opened(name, text, means, style)
    solved = solver.solve(TASK, seed=5, repeat=1, attempt=2)
    assert provider.asked
    assert all(request.sampling.seed == 5 for request in provider.asked)
    assert (solved.request.repeat, solved.request.attempt) == (1, 2)
    found = solved.extraction or extract(TASK, solved.reply, prefix=solved.prefix)
    assert found.candidate == Candidate(files={"solution.py": CODE})


@pytest.mark.engine
@pytest.mark.parametrize("name", [name for name, _, _ in ANSWERS])
def test_a_failure_of_the_provider_is_not_swallowed(name: str, means: AgentMeans) -> None:
    solver, _ = opened(name, "", means)
    with pytest.raises(ProviderError, match="the server is gone"):
        solver.solve(TALK if name == "conversation" else TASK, seed=5, repeat=0, attempt=0)


def test_single_shot_asks_once_with_the_seed_of_the_attempt(means: AgentMeans) -> None:
    solver, provider = opened("single_shot", BODY, means)
    assert provider.asked == []
    solved = solver.solve(TASK, seed=5, repeat=0, attempt=0)
    assert [request.sampling.seed for request in provider.asked] == [5]
    assert solved == Solved(request=provider.asked[0], reply=Reply(text=BODY))


def test_an_unknown_solver_is_an_error_that_lists_the_known(means: AgentMeans) -> None:
    with pytest.raises(UsageError, match="unknown solver 'double_shot'") as raised:
        open_solver("double_shot", place(Scripted(""), means))
    assert "single_shot" in raised.value.remedy
    assert "single_shot" in available()


def test_an_installed_solver_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch, means: AgentMeans) -> None:
    point = EntryPoint("double_shot", "harness.solvers.single_shot:SingleShot", "harness.solvers")

    def installed(*, group: str, name: str = "double_shot") -> list[EntryPoint]:
        return [point] if (group, name) == ("harness.solvers", "double_shot") else []

    monkeypatch.setattr("harness.solvers.entry_points", installed)
    assert available() == sorted(["double_shot", *SOLVERS])
    assert type(open_solver("double_shot", place(Scripted(""), means))).__name__ == "SingleShot"


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
