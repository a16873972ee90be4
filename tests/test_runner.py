"""Runs in this process, with a real engine and a real HTTP server that plays the model: nothing twice, nothing lost."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli.new import TEMPLATES
from harness.conclusion import Run
from harness.config import RunConfig
from harness.errors import ConfigError, TaskError, UsageError
from harness.plan import Plan, plan
from harness.runner import run
from harness.store import Store
from harness.types import Attempt, Judgment
from tests.servers.scripted import Exchange, Scripted, Step, scripted
from tests.servers.wires import Chat
from tests.test_executor import GOOD, NoSandbox

WIRE = Chat(stream=False)
WRONG = "def clamp(value, low, high):\n    return value\n"


def says(code: str) -> Step:
    return WIRE.says(f"```python\n{code}```")


def refuses(exchange: Exchange) -> None:
    exchange.json({"error": {"message": "out of order"}}, 400)


class Seen:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.begun: list[tuple[int, int, float]] = []
        self.attempts: list[Attempt] = []
        self.judgments: list[Judgment] = []

    def note(self, line: str) -> None:
        self.notes.append(line)

    def begin(self, total: int, done: int, spent: float, what: str = "attempts") -> None:
        self.begun.append((total, done, spent))

    def attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def judgment(self, judgment: Judgment) -> None:
        self.judgments.append(judgment)


class World:
    """A directory with a suite `s` of function tasks `a` and `b`, a catalogue, and a server to answer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.suite = root / "s"
        self.catalogue = root / "models.yaml"
        for name in ("a", "b"):
            shutil.copytree(TEMPLATES / "function", self.suite / name)

    def models(self, url: str, **keys: Any) -> None:
        entry = {
            "provider": "openai_compatible",
            "model": "m-1",
            "base_url": f"{url}/v1",
            "stream": False,
            "retries": 0,
        }
        self.catalogue.write_text(yaml.safe_dump({"models": {"m": {**entry, **keys}}}))

    def plan(self, **keys: Any) -> Plan:
        given = {"paths": (self.suite,), "models": ("m",), "out": self.root / "runs", "name": "r", **keys}
        if self.catalogue.exists():
            given["catalogue"] = self.catalogue
        return plan(RunConfig(**given))

    def run(self, **keys: Any) -> tuple[Run, Seen]:
        seen = Seen()
        return run(self.plan(**keys), seen), seen

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.root / "runs" / "r" / "raw.jsonl").read_text().splitlines()]

    def fact(self, name: str) -> Any:
        with Store(self.root / "runs" / "r", write=False) as store:
            return store.fact(name)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def server(world: World) -> Iterator[Scripted]:
    """A model that always gives the right answer, until a test says otherwise."""
    with scripted(says(GOOD)) as made:
        world.models(made.url)
        yield made


def keys(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    return Counter((row["task"], row["model"], row["repeat"], row["attempt"]) for row in rows)


# plan ----------------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_would_be_done(world: World) -> None:
    planned = world.plan(models=("reference", "smollm2"), best_of=3, repeats=2)
    trials = list(planned.trials())
    assert planned.total == len(trials) == 24
    assert [(item.task.name, item.model) for item in trials[:4]] == [
        ("a", "reference"),
        ("a", "smollm2"),
        ("b", "reference"),
        ("b", "smollm2"),
    ], "models take turns, the first attempt at every task comes first"
    assert len({item.seed for item in trials}) == 24
    assert not (world.root / "runs").exists(), "nothing is done"


def test_a_huge_plan_costs_nothing(world: World) -> None:
    planned = world.plan(models=("reference",), best_of=1000, repeats=1000)
    assert planned.total == 2_000_000
    assert next(planned.trials()).attempt == 0


def test_what_is_given_twice_is_done_once(world: World) -> None:
    once = world.plan(models=("reference",), name="", tasks=("a",))
    twice = world.plan(models=("reference",) * 2, paths=(world.suite,) * 2, name="", tasks=("a", "a"))
    assert twice.total == once.total == 1
    assert twice.name == once.name


@pytest.mark.parametrize(
    "name",
    ["../x", "../../x", "/tmp/x", "a/b", ".", "..", ".hidden", "-x", " ", "x ", "a\nb", "a\0b", "x" * 201, "\udcff"],
)
def test_names_that_lead_elsewhere(world: World, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a run"):
        world.plan(models=("reference",), name=name)


@pytest.mark.parametrize("name", ["a b", "größe-日本", "v1.2_x", "x" * 200, "a:b*?"])
def test_names_that_are_fine(world: World, name: str) -> None:
    assert world.plan(models=("reference",), name=name).paths.root == world.root / "runs" / name


@pytest.mark.parametrize("suite", ["日本", "...x", "-a", "a b", "x" * 100])
def test_a_derived_name_is_a_plain_one(world: World, suite: str) -> None:
    named = world.suite.rename(world.root / suite)
    first = world.plan(models=("reference",), paths=(named,), name="")
    assert first.name == world.plan(models=("reference",), paths=(named,), name="", best_of=5).name
    assert first.name != world.plan(models=("reference",), paths=(named,), name="", seed=1).name
    assert first.name[0].isalnum()
    assert len(first.name) < 80


@pytest.mark.parametrize(
    ("keys", "error", "told"),
    [
        ({"models": ("nobody",)}, ConfigError, "no model 'nobody' in the catalogue"),
        ({"models": ("replay:none",)}, ConfigError, "there is no recording"),
        ({"solver": "magic"}, UsageError, "unknown solver 'magic'"),
        ({"select": "judge"}, UsageError, "needs a judge"),
        ({"tasks": ("c*",)}, UsageError, "no task matches"),
        ({"paths": (Path("none"),)}, TaskError, "no such file or directory"),
    ],
)
def test_what_cannot_be_planned(world: World, keys: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        world.plan(**{"models": ("reference",), **keys})
    assert not (world.root / "runs").exists()


def test_a_missing_key_is_known_before_anything_starts(world: World) -> None:
    world.models("http://127.0.0.1:9", api_key_env="NO_SUCH_KEY")
    with pytest.raises(ConfigError, match="the environment variable NO_SUCH_KEY is not set"):
        world.plan()


# run and resume ------------------------------------------------------------------------------------------------------


@pytest.mark.engine
def test_nothing_is_done_twice(world: World, server: Scripted) -> None:
    done, seen = world.run(best_of=2)
    assert not done.incomplete
    assert seen.begun == [(4, 0, 0.0)]
    assert len(seen.attempts) == len(server.requests) == 4
    first = world.rows()

    done, seen = world.run(best_of=2)
    assert seen.begun == [(4, 4, 0.0)]
    assert len(server.requests) == 4

    done, seen = world.run(best_of=3, repeats=2)
    assert seen.begun == [(12, 4, 0.0)]
    assert len(server.requests) == 12
    assert keys(world.rows()) == keys(first) + keys([row for row in world.rows() if row not in first])
    assert [row for row in world.rows() if row in first] == first, "what was there is as it was"
    assert len({row["seed"] for row in world.rows()}) == 12
    (model,) = done.summary.models
    assert (model.pass_at_1.value, model.selected.value, model.best_of) == (1.0, 1.0, 3)
    assert world.fact("planned") == 12
    assert (world.root / "runs" / "r" / "report.html").is_file()


@pytest.mark.engine
def test_a_run_with_another_configuration_is_refused_and_left_as_it_is(world: World, server: Scripted) -> None:
    world.run(best_of=2)
    before = {name: world.fact(name) for name in ("identity", "config", "models", "tasks", "planned")}
    other = world.root / "other" / "s"
    shutil.copytree(world.suite, other)
    changes: dict[str, dict[str, Any]] = {
        "seed was 0, now 1": {"seed": 1},
        "select was 'verifier', now 'first'": {"select": "first"},
        "isolation was 'candidate', now 'task'": {"isolation": "task"},
        "tasks was [], now ['a']": {"tasks": ("a",)},
        "models was ['m'], now ['m', 'reference']": {"models": ("m", "reference")},
        "paths was": {"paths": (other,)},
        "best_of was 2, now 1: a run can grow, not shrink": {"best_of": 1},
    }
    for told, change in changes.items():
        with pytest.raises(UsageError) as caught:
            world.run(**{"best_of": 2, **change})
        assert told in str(caught.value)
        assert "--name" in caught.value.remedy
    world.models(server.url, sampling={"temperature": 0.9})
    with pytest.raises(UsageError, match="of model m, sampling was"):
        world.run(best_of=2)
    assert {name: world.fact(name) for name in before} == before
    world.models(server.url, concurrency=1, timeout_s=7, note="slow")
    world.run(best_of=2)
    assert len(server.requests) == 4


@pytest.mark.engine
def test_tasks_that_change_under_a_run(world: World, server: Scripted) -> None:
    world.run()
    shutil.copytree(TEMPLATES / "function", world.suite / "c")
    world.run()
    assert len(server.requests) == 3, "a new task is more to do"

    cases = world.suite / "a" / "cases.yaml"
    old = cases.read_text()
    cases.write_text(old + "- call: clamp(2, 0, 10)\n  returns: 2\n")
    infos = world.fact("tasks")
    with pytest.raises(UsageError, match=r"changed since this run began: s/a") as caught:
        world.run()
    assert "regrade" in caught.value.remedy
    assert world.fact("tasks") == infos
    cases.write_text(old)

    (world.suite / "b").rename(world.root / "b")
    with pytest.raises(UsageError, match="no longer there since this run began: s/b"):
        world.run()
    assert len(server.requests) == 3


@pytest.mark.engine
def test_a_budget_stops_and_a_larger_one_goes_on(world: World, server: Scripted) -> None:
    world.models(server.url, concurrency=1, price={"input": 1_000_000, "output": 0})  # 12 dollars a reply
    done, _ = world.run(best_of=4, budget_usd=20.0)
    assert len(done.incomplete) == 1
    assert done.incomplete[0].startswith("the budget of 20.0 US dollars is spent; ")
    made = len(world.rows())
    assert made == 2, "one request at a time: the second one spends it"
    assert "a larger --budget resumes" in done.incomplete[0]
    assert f"; {8 - made} attempts were not made" in done.incomplete[0]

    again, seen = world.run(best_of=4, budget_usd=20.0)
    assert again.incomplete == done.incomplete
    assert seen.attempts == []
    assert (world.root / "runs" / "r" / "report.html").is_file()

    whole, seen = world.run(best_of=4, budget_usd=1000.0)
    assert not whole.incomplete
    assert seen.begun == [(8, made, 12.0 * made)]
    assert len(server.requests) == len(world.rows()) == 8


@pytest.mark.engine
def test_a_price_nobody_knows_is_said(world: World, server: Scripted) -> None:
    _, seen = world.run(budget_usd=1.0)
    assert "m: no price in the catalogue, so --budget does not count it" in seen.notes


def test_no_money_at_all(world: World, server: Scripted) -> None:
    done, seen = world.run(budget_usd=0.0)
    assert "2 attempts were not made" in done.incomplete[0]
    assert server.requests == []
    assert seen.attempts == []


@pytest.mark.engine
def test_failures_are_rows_outside_every_rate_and_are_tried_again(world: World, server: Scripted) -> None:
    world.models(server.url, concurrency=1)
    server.steps[:] = [says(GOOD), refuses, says(WRONG), refuses, says(GOOD)]
    done, seen = world.run(best_of=2)
    (told,) = done.incomplete
    assert told.startswith("m: 2 attempts ended as provider failure, the same `harness run` tries again: ")
    assert "answered 400: out of order" in told
    failed = [row for row in world.rows() if row["verdict"] is None]
    assert len(failed) == 2
    assert all("out of order" in row["error"] and row["reply"] is None for row in failed)
    (model,) = done.summary.models
    assert (model.coverage.attempts, model.coverage.graded, model.coverage.provider_failures) == (4, 2, 2)
    assert sum(count for name, count in model.outcomes.items() if name in ("passed", "wrong_answer")) == 2

    done, seen = world.run(best_of=2)
    assert not done.incomplete
    assert seen.begun == [(4, 2, 0.0)]
    assert len(server.requests) == 6
    assert len(world.rows()) == 4
    assert not any(row["error"] for row in world.rows())


@pytest.mark.engine
def test_a_model_that_cannot_be_reached(world: World) -> None:
    world.models("http://127.0.0.1:9")
    done, seen = world.run(models=("m", "reference"), best_of=6)
    assert len(done.incomplete) == 2
    assert done.incomplete[0].startswith("m: given up after 5 failures in a row: ")
    assert "127.0.0.1:9" in done.incomplete[0]
    assert "were not made" in done.incomplete[1]
    rows = world.rows()
    assert sum(row["model"] == "reference" for row in rows) == 12
    assert 5 <= sum(row["model"] == "m" for row in rows) < 12
    by_name = {model.model: model for model in done.summary.models}
    assert by_name["reference"].pass_at_1.value == 1.0
    assert by_name["m"].pass_at_1.value is None
    assert seen.notes.count("m: given up after 5 failures in a row") == 1


def test_a_sandbox_that_fails_is_counted_and_tried_again(
    world: World, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is replaced: breaking the real one would break it for every other test."""
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", ())
    with monkeypatch.context() as without:
        without.setattr("harness.sandbox.nothing.open_sandbox", lambda *_: NoSandbox())
        done, _ = world.run()
    told = "m: 2 attempts ended as infra error, the same `harness run` tries again: the engine is gone"
    assert done.incomplete == [told]
    assert [row["verdict"]["outcome"] for row in world.rows()] == ["infra_error"] * 2
    assert "the engine is gone" in world.rows()[0]["verdict"]["detail"]
    assert done.summary.models[0].coverage.infra_errors == 2
    assert done.summary.models[0].pass_at_1.value is None
