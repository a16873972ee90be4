"""One item for every trial, whatever server, reply, candidate, sandbox or harness itself do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from harness import executor as module
from harness.cli.new import TEMPLATES
from harness.config import ModelProfile, Price
from harness.errors import ProviderError, SandboxError, UsageError
from harness.executor import LocalExecutor, Trial
from harness.grading.attempts import in_threads
from harness.grading.extract import extract
from harness.models.storable import storable
from harness.sandbox import Box
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.image import Image
from harness.sandbox.pool import Pool
from harness.standing import GIVE_UP_AFTER, GIVE_UP_LATER
from harness.tasks import load
from harness.types import Attempt, Limits, ModelCall, Outcome, Reply, Request, Task
from tests.servers.scripted import Exchange, Step, scripted
from tests.servers.wires import USAGE, Chat

WIRE = Chat(stream=False)
GOOD = (TEMPLATES / "function" / "reference.py").read_text()
ENDLESS = "def clamp(*args):\n    while True:\n        pass\n"


@pytest.fixture
def task() -> Task:
    return load(TEMPLATES / "function").tasks[0]


@pytest.fixture
def own_sandbox(image: Image) -> Iterator[DockerSandbox]:
    """A backend of the test's own: an executor that is closed takes its backend with it."""
    backend = DockerSandbox(log=print)
    yield backend
    backend.close()


class NoSandbox:
    """A backend whose engine fails. Not the real one, which other tests need in good health."""

    name = "none"

    def __init__(self) -> None:
        self.starts = 0

    def start(self, memory_mb: int) -> Box:
        self.starts += 1
        raise SandboxError("the engine is gone")

    def layers(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing was made."""


def fenced(code: str) -> Step:
    return WIRE.says(f"```python\n{code}```")


def refuses(exchange: Exchange) -> None:
    exchange.json({"error": {"message": "no such model"}}, 404)


def profile(url: str, **keys: Any) -> ModelProfile:
    return WIRE.profile(url, name="m", retries=0, **keys)


def trial(task: Task, attempt: int = 0, model: str = "m") -> Trial:
    return Trial(
        task=task, model=model, repeat=0, attempt=attempt, seed=7 + attempt, solver="single_shot", isolation="candidate"
    )


def run(executor: LocalExecutor, trials: list[Trial]) -> list[Attempt | None]:
    for item in trials:
        executor.submit(item)
    found = [item for item in executor.results() if not isinstance(item, ModelCall)]
    assert len(found) == len(trials), "one item a trial"
    return found


def made(found: list[Attempt | None]) -> list[Attempt]:
    return [item for item in found if item is not None]


@pytest.mark.engine
def test_an_attempt_holds_everything(task: Task, own_sandbox: DockerSandbox) -> None:
    with scripted(fenced(GOOD)) as server:
        found = profile(server.url, price=Price(input=1_000_000, output=500_000))
        with closing(LocalExecutor({"m": found}, own_sandbox, log=print)) as executor:
            (attempt,) = made(run(executor, [trial(task)]))
        assert server.requests[0].body["seed"] == 7
    assert (attempt.task, attempt.suite, attempt.category, attempt.kind) == (task.id, task.suite, "general", "function")
    assert (attempt.outcome, attempt.seed, attempt.error) == (Outcome.passed, 7, "")
    assert attempt.task_hash == task.content_hash
    assert attempt.verdict is not None
    assert (attempt.verdict.score, attempt.verdict.isolation, attempt.verdict.assurance) == (1.0, "candidate", "proof")
    assert attempt.extraction is not None
    assert attempt.extraction.fenced
    assert attempt.reply is not None
    assert attempt.cost_usd == USAGE[0] + USAGE[1] / 2
    assert attempt.request["messages"][-1]["content"] == task.instruction
    assert "task" not in attempt.request
    assert attempt.signature
    assert attempt.started.endswith("+00:00")
    assert Attempt.model_validate_json(attempt.model_dump_json()) == attempt


def test_a_model_that_never_replies_is_given_up(task: Task) -> None:
    said: list[str] = []
    with scripted(refuses) as server:
        profiles = {"m": profile(server.url, concurrency=1)}
        with closing(LocalExecutor(profiles, NoSandbox(), log=said.append)) as executor:
            found = run(executor, [trial(task, number) for number in range(9)])
            why = executor.given_up
        assert len(server.requests) == GIVE_UP_AFTER
    assert [item is None for item in found] == [False] * GIVE_UP_AFTER + [True] * (9 - GIVE_UP_AFTER)
    assert all(item.verdict is None and "no such model" in item.error for item in made(found))
    assert why["m"].startswith(f"given up after {GIVE_UP_AFTER} failures in a row: ")
    assert said == [f"m: given up after {GIVE_UP_AFTER} failures in a row"]


@pytest.mark.engine
def test_a_model_that_did_reply_is_given_more_time(task: Task, own_sandbox: DockerSandbox) -> None:
    steps = [*[refuses] * 4, fenced(GOOD), refuses]
    with scripted(*steps) as server:
        profiles = {"m": profile(server.url, concurrency=1)}
        with closing(LocalExecutor(profiles, own_sandbox, log=print)) as executor:
            found = run(executor, [trial(task, number) for number in range(GIVE_UP_LATER + 7)])
        assert len(server.requests) == 5 + GIVE_UP_LATER
    assert sum(item is None for item in found) == 2
    assert sum(item.verdict is not None for item in made(found)) == 1


def test_other_models_go_on(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", ())
    with scripted(refuses) as server:
        profiles = {"m": profile(server.url), "reference": ModelProfile(name="reference", provider="reference")}
        with closing(LocalExecutor(profiles, NoSandbox(), log=print)) as executor:
            found = run(executor, [trial(task, number, name) for number in range(3) for name in profiles])
    assert [item.error == "" for item in made(found) if item.model == "reference"] == [True] * 3


def test_nothing_more_is_asked_when_nothing_can_be_graded(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", ())
    with scripted(fenced(GOOD)) as server:
        profiles = {"m": profile(server.url, concurrency=1)}
        with closing(LocalExecutor(profiles, NoSandbox(), concurrency=1, log=print)) as executor:
            found = run(executor, [trial(task, number) for number in range(40)])
            assert "the engine is gone" in executor.given_up["sandbox"]
        assert len(server.requests) < 40
    assert {item.outcome for item in made(found)} == {Outcome.infra_error}
    assert len(made(found)) >= GIVE_UP_AFTER
    assert all(item.reply is not None for item in made(found)), "what was paid for is kept"


def alone(task: Task, url: str) -> Attempt:
    """The attempt of one trial that needs no sandbox."""
    with closing(LocalExecutor({"m": profile(url)}, NoSandbox(), log=print)) as executor:
        (attempt,) = made(run(executor, [trial(task)]))
    return attempt


SURROGATES = '{"choices": [{"index": 0, "message": {"content": "\\ud800 no code", "extra": "\\udfff"}}], "x\\ud800": 1}'
DEEP = '{"choices": [{"index": 0, "message": {"content": "no code"}}], "deep": ' + "[" * 300 + "]" * 300 + "}"


@pytest.mark.parametrize("body", [SURROGATES, DEEP])
def test_bodies_that_cannot_be_stored_as_they_are(task: Task, body: str) -> None:
    with scripted(lambda exchange: exchange.send(200, body.encode())) as server:
        attempt = alone(task, server.url)
    assert attempt.outcome is Outcome.no_candidate
    assert Attempt.model_validate_json(attempt.model_dump_json()) == attempt


def test_a_failure_that_cannot_be_stored_as_it_is(task: Task) -> None:
    error = b'{"error": {"message": "no \\ud800"}}'
    with scripted(lambda exchange: exchange.send(400, error)) as server:
        attempt = alone(task, server.url)
    assert "no ?" in attempt.error
    assert Attempt.model_validate_json(attempt.model_dump_json()) == attempt


def test_what_is_storable_stays_as_it_is() -> None:
    reply = Reply(text="a\x00ü😀", raw={"a": [1, None, 2.5, "ü"]}, thinking="\r\n")
    assert storable(reply) == reply


class Buggy:
    """A provider of a plugin with a bug: it raises what no provider should."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def complete(self, request: Request) -> Reply:
        raise self._error

    def identity(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing to give back."""


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), ProviderError("gone")])
def test_a_broken_provider_is_a_failure_not_a_crash(
    task: Task, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "open_provider", lambda _: Buggy(error))
    with closing(LocalExecutor({"m": profile("http://x")}, NoSandbox(), log=print)) as executor:
        (attempt,) = made(run(executor, [trial(task)]))
    assert attempt.verdict is None
    assert str(error) in attempt.error


def test_an_error_of_ours_ends_the_run_with_its_message(task: Task) -> None:
    profiles = {"m": profile("http://127.0.0.1:9")}
    with closing(LocalExecutor(profiles, NoSandbox(), log=print)) as executor:
        executor.submit(trial(task).model_copy(update={"solver": "none"}))
        with pytest.raises(UsageError, match="unknown solver 'none'"):
            list(executor.results())


@pytest.mark.engine
def test_a_bug_in_grading_costs_one_attempt(
    task: Task, own_sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`extract` is made to fail: no reply is known that makes it."""

    def fails(task: Task, reply: Reply, prefix: str = "") -> Any:
        if "boom" in reply.text:
            raise RecursionError("too deep")
        return extract(task, reply, prefix=prefix)

    monkeypatch.setattr("harness.grading.attempts.extract", fails)
    with scripted(WIRE.says("boom"), fenced(GOOD)) as server:
        profiles = {"m": profile(server.url, concurrency=1)}
        with closing(LocalExecutor(profiles, own_sandbox, concurrency=1, log=print)) as executor:
            first, second = made(run(executor, [trial(task, 0), trial(task, 1)]))
    assert first.outcome is Outcome.infra_error
    assert first.verdict is not None
    assert "RecursionError: too deep" in first.verdict.detail
    assert first.reply is not None
    assert first.reply.text == "boom"
    assert second.outcome is Outcome.passed


@pytest.mark.engine
def test_closing_does_not_wait_for_a_candidate(task: Task, own_sandbox: DockerSandbox) -> None:
    slow = task.model_copy(update={"limits": Limits(timeout_s=300)})
    with scripted(fenced(ENDLESS)) as server:
        with closing(LocalExecutor({"m": profile(server.url)}, own_sandbox, log=print)) as executor:
            for number in range(3):
                executor.submit(trial(slow, number))
            _until(lambda: len(own_sandbox._live) > 0 and len(server.requests) == 3)
            began = time.monotonic()
        assert time.monotonic() - began < 30
    assert not own_sandbox._live
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("ask-", "grade"))]


@pytest.mark.engine
def test_threads_that_are_cut_short_leave_nothing(own_sandbox: DockerSandbox, make_hang: Callable[[], Any]) -> None:
    with Pool(own_sandbox, size=2) as pool:
        began = time.monotonic()
        results = in_threads(lambda job: pool.run(job) if job else None, [None, make_hang(), make_hang()], pool, 2)
        assert next(results) is None
        results.close()  # type: ignore[attr-defined]  # a generator, as every caller's `for` treats it
    assert time.monotonic() - began < 30
    assert not own_sandbox._live


@pytest.fixture
def make_hang() -> Callable[[], Any]:
    from harness.types import CallInput, Job

    call = CallInput(id="a", args=(), kwargs={})
    return lambda: Job(source=ENDLESS, entry="clamp", limits=Limits(timeout_s=300), inputs=(call,))


def _until(holds: Callable[[], bool]) -> None:
    """Look again and again, for as long as a slow machine may need."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
