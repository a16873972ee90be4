"""`harness run --judge`: judging follows the trials, judges can be added later, judges pick the best of N."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import ConfigError, UsageError
from harness.runner import run
from harness.store import Store
from tests.servers import judges
from tests.servers.scripted import Exchange, scripted
from tests.test_runner import Seen, World, refuses, says

GOOD = (
    "def clamp(value, low, high):\n    if low > high:\n        raise ValueError('empty range')\n"
    "    return min(max(value, low), high)\n"
)
LIKED = GOOD + "# liked\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def taste(text: str) -> float:
    return 9 if "liked" in text else 3


def with_judge(world: World, model: str, judge: str, **keys: object) -> None:
    """A catalogue with the contestant `m` and the judge `j`."""
    world.models(model)
    text = world.catalogue.read_text()
    entry = {
        "provider": "openai_compatible", "model": "j-1", "base_url": f"{judge}/v1", "stream": False, "retries": 0,
        "concurrency": 1, **keys,
    }  # fmt: skip
    world.catalogue.write_text(text + "".join(f"  j{n}: {json.dumps(entry)}\n" for n in ("", "2")))


@pytest.mark.engine
def test_judging_follows_the_trials_and_a_judge_can_come_later(world: World) -> None:
    with scripted(says(GOOD)) as model, scripted(judges.judging(taste)) as court:
        with_judge(world, model.url, court.url)
        first = run(world.plan(judges=("j",)), Seen())
        assert first.incomplete == []
        assert first.judges["j"].accepted == 2, "one question a task: a single candidate is scored alone"
        seen = Seen()
        second = run(world.plan(judges=("j", "j2"), judge_mode="rubric"), seen)
        assert (second.judges["j"].accepted, second.judges["j2"].accepted) == (4, 2)
        assert len(seen.judgments) == 4
        assert len(model.requests) == 2, "no attempt is made again"
        assert run(world.plan(judges=("j", "j2")), Seen()).judges["j2"].accepted == 4
        assert len(court.requests) == 8


@pytest.mark.engine
def test_judges_wait_until_all_attempts_are_there(world: World) -> None:
    with scripted(says(GOOD), refuses, says(GOOD)) as model, scripted(judges.judging(taste)) as court:
        with_judge(world, model.url, court.url)
        first = run(world.plan(judges=("j",)), Seen())
        assert any("judges are asked when all attempts are there" in reason for reason in first.incomplete)
        assert court.requests == []
        assert run(world.plan(judges=("j",)), Seen()).incomplete == []
        assert len(court.requests) == 2


@pytest.mark.engine
def test_judges_pick_the_best_of_n_and_see_no_verdict(world: World) -> None:
    wrong = "def clamp(value, low, high):\n    return 0\n"
    script = (says(GOOD), says(LIKED), says(wrong))
    with scripted(*script) as model, scripted(judges.judging(taste)) as court:
        with_judge(world, model.url, court.url)
        done = run(world.plan(paths=(world.suite / "a",), best_of=3, select="judge", judges=("j",)), Seen())
        assert done.incomplete == []
        with Store(done.plan.paths.root, write=False) as store:
            (picked,) = store.selections()
            texts = {item.attempt: item.reply.text for item in store.attempts() if item.reply}
            status = sorted(one.purpose for one in store.judgment_status().values())
        assert "liked" in texts[picked.attempt]
        assert picked.method == "judge"
        assert status == ["compare", "select"]
        asked = judges.prompt_of(court.requests[0].body)
        assert len(judges.shown(court.requests[0].body)) == 3, "attempts that fail are shown as well"
        assert "passed" not in asked
        run(world.plan(paths=(world.suite / "a",), best_of=3, select="judge", judges=("j",)), Seen())
        assert len(court.requests) == 2


@pytest.mark.engine
def test_a_judge_that_cannot_be_read_leaves_the_choice_to_the_visible_cases(world: World) -> None:
    answers = iter([GOOD, LIKED])

    def other(exchange: Exchange) -> None:
        says(next(answers, GOOD))(exchange)

    with scripted(other) as model, scripted(judges.says("hm")) as court:
        with_judge(world, model.url, court.url)
        done = run(world.plan(paths=(world.suite / "a",), best_of=2, select="judge", judges=("j",)), Seen())
        assert done.incomplete == []
        with Store(done.plan.paths.root, write=False) as store:
            (picked,) = store.selections()
    assert picked.method == "verifier"
    assert picked.reason.startswith("no judge's verdict could be read: ")
    assert done.judges["j"].reasons == {"no_json": 2}


@pytest.mark.engine
def test_the_budget_of_a_run_counts_its_judges(world: World) -> None:
    with scripted(says(GOOD)) as model, scripted(judges.judging(taste)) as court:
        with_judge(world, model.url, court.url, price={"input": 0.0, "output": 1e6 / 34})
        first = run(world.plan(judges=("j",), budget_usd=0.5), Seen())
        assert any("the budget is spent; 1 question to a judge" in reason for reason in first.incomplete)
        assert len(court.requests) == 1
        assert run(world.plan(judges=("j",), budget_usd=5.0), Seen()).incomplete == []
        with Store(first.plan.paths.root, write=False) as store:
            assert store.spent() == pytest.approx(2.0)


def test_refusals(world: World) -> None:
    with pytest.raises(UsageError, match="needs a judge"):
        world.plan(select="judge")
    world.models("http://127.0.0.1:9")
    with pytest.raises(UsageError, match="reference cannot judge"):
        world.plan(judges=("reference",))
    with pytest.raises(ConfigError, match="no model 'nobody'"):
        world.plan(judges=("nobody",))
    rubric = world.root / "rubric.md"
    rubric.write_text("{{task}}")
    with pytest.raises(ConfigError, match="a rubric needs"):
        world.plan(judges=("smollm2",), rubric=rubric)
    world.catalogue.write_text(world.catalogue.read_text().replace("\n  m:", "\n  human:ann:"))
    with pytest.raises(UsageError, match="made elsewhere"):
        world.plan(models=("smollm2",), judges=("human:ann",))
    assert world.plan(models=("smollm2",), judges=("smollm2",)).name == world.plan(models=("smollm2",)).name
