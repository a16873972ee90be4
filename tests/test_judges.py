"""Judges and a store of conversations: open questions, answers kept as they come, verdicts as they are read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.config import ModelProfile
from harness.judges import Docket, Order, ask, counted, reparse, write_down
from harness.readback import load_report_input
from harness.store import Store
from harness.types import JudgeMode, Outcome, Task
from tests.judging.courtroom import attempt, chat_task
from tests.servers import judges
from tests.servers.judges import Taste
from tests.servers.scripted import Scripted, Step, scripted

TASKS = [chat_task("a"), chat_task("b")]


def served(name: str, url: str, **keys: Any) -> ModelProfile:
    given: dict[str, Any] = {
        "name": name, "provider": "openai_compatible", "model": "m", "base_url": f"{url}/v1", "stream": False,
        "retries": 0, "concurrency": 1, **keys,
    }  # fmt: skip
    return ModelProfile(**given)


@contextmanager
def panel(**steps: Step) -> Iterator[tuple[dict[str, ModelProfile], dict[str, Scripted]]]:
    """A server a judge."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(scripted(step)) for name, step in steps.items()}
        yield {name: served(name, server.url) for name, server in servers.items()}, servers


def hold(root: Path, *, tasks: list[Task] = TASKS, number: int = 1) -> None:
    """Attempts of a good and a bad model, both by the criteria, and of one that says nothing."""
    with Store(root) as store:
        for task in tasks:
            for index in range(number):
                store.save(attempt(task, "good", "well said", number=index))
                store.save(attempt(task, "bad", "hm", number=index, outcome=Outcome.unscored))
                store.save(attempt(task, "mute", None, number=index, outcome=Outcome.no_candidate))


def hear(root: Path, profiles: dict[str, ModelProfile], **keys: Any) -> list[str]:
    order = Order(judges=profiles, **keys)
    with Store(root) as store:
        docket = Docket(store, TASKS, order, "compare")
        write_down(docket, store, order, {}, lambda line: None)
        return ask(docket, store, order, lambda line: None, lambda judgment: None)


def outcomes(root: Path) -> dict[str, set[Outcome]]:
    found: dict[str, set[Outcome]] = {}
    for item in load_report_input(root).attempts:
        found.setdefault(item.model, set()).add(item.outcome)
    return found


def likes(good: float, bad: float) -> Taste:
    return lambda text: good if "well" in text else bad


@pytest.mark.parametrize("mode", ["listwise", "rubric"])
def test_conversations_get_their_verdict_from_judges(tmp_path: Path, mode: JudgeMode) -> None:
    hold(tmp_path)
    with panel(j=judges.judging(likes(10, 2)), k=judges.judging(likes(10, 5))) as (profiles, servers):
        assert hear(tmp_path, profiles, mode=mode) == []
        assert len(servers["j"].requests) == (2 if mode == "listwise" else 4)
    assert outcomes(tmp_path) == {
        "good": {Outcome.passed}, "bad": {Outcome.wrong_answer}, "mute": {Outcome.no_candidate},
    }  # fmt: skip
    scores = {item.model: item.verdict.score for item in load_report_input(tmp_path).attempts if item.verdict}
    assert scores["good"] == 1.0
    assert 0 < scores["bad"] < 0.5


def test_a_tie_of_judges_and_silence_are_unscored(tmp_path: Path) -> None:
    hold(tmp_path)
    with panel(j=judges.judging(likes(10, 10)), k=judges.judging(likes(2, 10))) as (profiles, _):
        hear(tmp_path, profiles)
    assert outcomes(tmp_path)["good"] == {Outcome.unscored}
    assert outcomes(tmp_path)["bad"] == {Outcome.passed}
    silent = tmp_path / "silent"
    hold(silent)
    with panel(j=judges.says("no idea"), k=judges.fails(500)) as (profiles, _):
        reasons = hear(silent, profiles)
    assert any("judge k: 2 questions ended as provider failure" in reason for reason in reasons)
    assert outcomes(silent) == {
        "good": {Outcome.unscored}, "bad": {Outcome.unscored}, "mute": {Outcome.no_candidate},
    }  # fmt: skip
    with Store(silent, write=False) as store:
        found = counted(store)
    assert (found["j"].rejected, found["j"].reasons) == (2, {"no_json": 2})
    assert (found["k"].failed, found["k"].accepted) == (2, 0)


def test_pairs_decide_nothing(tmp_path: Path) -> None:
    hold(tmp_path)
    before = outcomes(tmp_path)
    with panel(j=judges.judging(likes(10, 2))) as (profiles, _):
        hear(tmp_path, profiles, mode="pairwise")
    assert outcomes(tmp_path) == before
    assert len(load_report_input(tmp_path).marked) == 8


def test_of_several_attempts_rubric_shows_all_and_listwise_one(tmp_path: Path) -> None:
    for mode, seen in (("listwise", {Outcome.passed, Outcome.unscored}), ("rubric", {Outcome.passed})):
        root = tmp_path / mode
        hold(root, number=3)
        with panel(j=judges.judging(likes(10, 2))) as (profiles, _):
            hear(root, profiles, mode=mode)
        assert outcomes(root)["good"] == seen


def test_only_what_the_globs_mean_is_asked(tmp_path: Path) -> None:
    hold(tmp_path)
    with panel(j=judges.judging(likes(10, 2))) as (profiles, servers):
        hear(tmp_path, profiles, globs=("a",))
        assert len(servers["j"].requests) == 1
        hear(tmp_path, profiles)
        assert len(servers["j"].requests) == 2


def test_the_count_is_what_is_asked(tmp_path: Path) -> None:
    hold(tmp_path)
    with panel(j=judges.says("hm"), k=judges.judging(likes(10, 2))) as (profiles, servers):
        hear(tmp_path, {"k": profiles["k"]})
        for only_errors, expected in ((False, {"j": 2, "k": 0}), (True, {"j": 2, "k": 0}), (False, {"j": 0, "k": 0})):
            order = Order(judges=profiles, only_errors=only_errors)
            with Store(tmp_path, write=False) as store:
                opened = Docket(store, TASKS, order, "compare").open()
                assert {judge: len(ids) for judge, ids in opened.items()} == expected
            before = {name: len(server.requests) for name, server in servers.items()}
            hear(tmp_path, profiles, only_errors=only_errors)
            assert {name: len(server.requests) - before[name] for name, server in servers.items()} == expected


def test_reading_again_can_be_of_one_judge(tmp_path: Path) -> None:
    hold(tmp_path)
    with panel(j=judges.judging(likes(10, 2)), k=judges.says("hm")) as (profiles, _):
        hear(tmp_path, profiles)
    with Store(tmp_path) as store:
        assert reparse(store) == (4, 0)
        assert reparse(store, ["k"]) == (2, 0)


def test_facts_for_the_report(tmp_path: Path) -> None:
    hold(tmp_path)
    with panel(j=judges.judging(likes(10, 2))) as (profiles, _):
        hear(tmp_path, {"j": profiles["j"].model_copy(update={"family": "f"})})
    report = load_report_input(tmp_path)
    assert report.families == {"j": "f"}
    with Store(tmp_path, write=False) as store:
        (name,) = store.fact("rubrics")
        assert {one.rubric for one in store.judgment_status().values()} == {name}
        assert store.fact("rubric_of") == {"listwise": name}
