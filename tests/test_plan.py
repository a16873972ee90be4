"""Tasks with pictures: given to models that see, left out of every number for those that do not, and said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli.progress import Lines
from harness.conclusion import Run
from harness.config import RunConfig
from harness.errors import UsageError
from harness.plan import Plan, plan
from harness.readback import load_report_input
from harness.runner import run
from harness.store import Store
from tests.servers.scripted import Exchange, Scripted, scripted
from tests.servers.wires import Chat
from tests.test_runner import Seen

WIRE = Chat(stream=False)
TALK = """\
tests:
  - {id: plain, prompt: Say yes., criteria: {equals: "yes"}}
  - {id: face, prompt: "What time is it?", picture: {kind: clock, hour: 3, minute: 10}, criteria: {must_include: ["3"]}}
  - id: later
    turns:
      - user: Hello
      - {user: "And this?", pictures: [{kind: dice, values: [6]}, {kind: dice, values: [1]}]}
    criteria: {must_include: [seven]}
"""
NOTE = "blind: 2 tasks need a model that sees pictures: not asked"


class World:
    """Three conversations, two of them with pictures, and models at one server."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self.url = root, url
        (root / "talks").mkdir()
        (root / "talks" / "all.yaml").write_text(TALK, encoding="utf-8")

    def plan(self, models: dict[str, dict[str, Any]], **more: Any) -> Plan:
        base = {"provider": "openai_compatible", "model": "m", "retries": 0, "stream": False, "base_url": self.url}
        entries = {name: {**base, **keys} for name, keys in models.items()}
        (self.root / "models.yaml").write_text(json.dumps({"models": entries}), encoding="utf-8")
        given = {"paths": (self.root / "talks",), "models": tuple(models), "out": self.root / "runs", "name": "r"}
        return plan(RunConfig(**{**given, "catalogue": self.root / "models.yaml", **more}))

    def run(self, models: dict[str, dict[str, Any]], **more: Any) -> tuple[Run, Seen]:
        seen = Seen()
        return run(self.plan(models, **more), seen), seen


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(WIRE.says("Yes.")) as found:
        yield found


@pytest.fixture
def world(tmp_path: Path, server: Scripted) -> World:
    return World(tmp_path, server.url + "/v1")


def shown(server: Scripted) -> int:
    """Pictures that the server was sent."""
    return sum(json.dumps(request.body).count("data:image/png;base64,") for request in server.requests)


def test_totals_count_what_is_asked(world: World) -> None:
    models: dict[str, dict[str, Any]] = {"sees": {"vision": True}, "perhaps": {}, "blind": {"vision": False}}
    planned = world.plan({**models, "base": {"style": "completion"}}, repeats=2, best_of=3)
    trials = list(planned.trials())
    assert planned.not_asked == {"blind": 2, "base": 2}
    assert planned.total == len(trials) == (3 + 3 + 1 + 1) * 6
    assert {trial.model for trial in trials if trial.task.pictures} == {"sees", "perhaps"}
    assert list(planned.notes()) == [NOTE, NOTE.replace("blind", "base")]
    assert world.plan({"sees": {"vision": True}}).not_asked == {}


def test_one_task_is_one(world: World) -> None:
    assert list(world.plan({"blind": {"vision": False}}, tasks=("plain", "face")).notes()) == [
        "blind: 1 task needs a model that sees pictures: not asked"
    ]
    assert list(world.plan({"blind": {"vision": False}}, tasks=("plain",)).notes()) == []


def test_nothing_left_to_ask_is_an_error(world: World) -> None:
    with pytest.raises(UsageError, match="every task shows pictures, and none of a, b sees any"):
        world.plan({"a": {"vision": False}, "b": {"vision": False}}, tasks=("face", "later"))
    assert world.plan({"a": {"vision": False}, "b": {}}, tasks=("face",)).total == 1


def test_what_is_not_asked_is_said_and_no_failure(world: World, server: Scripted) -> None:
    done, seen = world.run({"sees": {"vision": True}, "blind": {"vision": False}})
    assert seen.notes == [NOTE]
    assert seen.begun == [(4, 0, 0.0)]
    assert done.incomplete == []
    assert shown(server) == 3
    report = load_report_input(done.plan.paths.root)
    assert report.not_asked == {"blind": 2}
    assert (report.planned_for("sees"), report.planned_for("blind")) == (3, 1)
    page = done.plan.paths.root.joinpath("report.md").read_text()
    assert "| Tasks not asked | 2 | 0 |" in page
    assert "| Missing | 0 | 0 |" in page
    assert json.loads(done.plan.paths.root.joinpath("scores.json").read_text())["not_asked"] == {"blind": 2}
    again, seen = world.run({"sees": {"vision": True}, "blind": {"vision": False}})
    assert seen.begun == [(4, 4, 0.0)]
    assert again.incomplete == []


def test_a_model_without_any_task_is_named_in_the_report(world: World) -> None:
    done, _ = world.run({"sees": {}, "blind": {"vision": False}}, tasks=("face",))
    said = "blind was not asked: 1 task with pictures, which it does not see."
    for name in ("report.md", "report.html"):
        assert said in done.plan.paths.root.joinpath(name).read_text()


def test_a_model_that_turns_out_not_to_see_is_resumed_without_its_failures(world: World, server: Scripted) -> None:
    def sees_nothing(exchange: Exchange) -> None:
        if "data:image" in json.dumps(exchange.request.body):
            exchange.json({"error": {"message": "no pictures here"}}, 400)
        else:
            WIRE.says("Yes.")(exchange)

    server.steps = [sees_nothing]
    first, _ = world.run({"m": {}})
    assert any("2 attempts ended as provider failure" in reason for reason in first.incomplete)
    again, seen = world.run({"m": {"vision": False}})
    assert again.incomplete == []
    assert seen.begun == [(1, 1, 0.0)]
    with Store(again.plan.paths.root, write=False) as store:
        assert [item.task for item in store.attempts()] == ["talks/plain"]
    assert len(again.plan.paths.raw.read_text().splitlines()) == 1
    # And back: what was left out is made up for.
    server.steps = [WIRE.says("Yes.")]
    back, seen = world.run({"m": {"vision": True}})
    assert seen.begun == [(3, 1, 0.0)]
    assert back.incomplete == []
    assert load_report_input(back.plan.paths.root).not_asked == {}


def test_every_number_of_the_progress_is_of_what_counts(world: World, server: Scripted) -> None:
    shown = Lines(quiet=True)
    run(world.plan({"m": {"vision": True}}), shown)
    assert (shown.total, shown.ended, shown.graded, shown.passed) == (3, 3, 3, 1)
    (world.root / "talks" / "all.yaml").write_text("{id: open, prompt: Tell me a story.}")
    shown = Lines(quiet=True)
    run(world.plan({"m": {}}, name="open"), shown)
    assert (shown.ended, shown.graded, shown.failed) == (1, 0, 0)
    assert "pass rate" not in shown.words()
