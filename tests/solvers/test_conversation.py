"""Conversations against a scripted server: what the model is told at every turn, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.config import RunConfig
from harness.errors import UsageError
from harness.plan import Plan, plan
from harness.progress import Progress
from harness.runner import run
from harness.solvers import solver_for
from harness.stats.pathologies import flags
from harness.store import Store
from harness.tasks.turns import spoken
from harness.types import Attempt, Judgment, Outcome, Task
from tests.servers.scripted import Exchange, Scripted, scripted
from tests.servers.wires import USAGE, Chat

TALK = """\
system: You are Pip.
tests:
  - id: sums
    turns:
      - user: Hello
      - assistant: I am Pip. What shall I add?
      - user: 2 and 3
        criteria: {number: 5}
      - user: And one more?
      - user: Thank you!
    criteria: {must_include: [welcome], max_words: 5}
    reference: ["It is 5.", "Then 6.", "You are welcome."]
  - id: single
    prompt: Say yes.
    criteria: {equals: "yes"}
    reference: "Yes."
  - id: open
    prompt: Tell me something.
"""


WIRE = Chat(stream=False)


class Quiet:
    """A progress that shows nothing."""

    def note(self, line: str) -> None: ...
    def begin(self, total: int, done: int, spent: float, what: str = "attempts") -> None: ...
    def attempt(self, attempt: Attempt) -> None: ...
    def judgment(self, judgment: Judgment) -> None: ...


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "sums.yaml").write_text(TALK, encoding="utf-8")
    return tmp_path


def planned(home: Path, model: dict[str, Any], *globs: str, **more: Any) -> Plan:
    entry = {"provider": "openai_compatible", "model": "m", "retries": 0, "stream": False, **model}
    (home / "models.yaml").write_text(json.dumps({"models": {"it": entry}}), encoding="utf-8")
    config = RunConfig(
        paths=(home / "talks",), models=("it",), catalogue=home / "models.yaml", out=home / "runs", tasks=globs, **more
    )
    return plan(config)


def attempts(planned: Plan) -> dict[str, Attempt]:
    shown: Progress = Quiet()
    run(planned, shown)
    with Store(planned.paths.root, write=False) as store:
        return {attempt.task.partition("/")[2]: attempt for attempt in store.attempts()}


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(WIRE.says("It is 5.")) as found:
        yield found


def bodies(server: Scripted) -> list[dict[str, Any]]:
    return [request.body for request in server.requests]


def told(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in body["messages"]]


def test_the_model_is_told_its_own_replies_and_never_its_thinking(home: Path) -> None:
    steps = (
        WIRE.says("<think>two and three</think>It is 5.", thinking="hm"),
        WIRE.says("Then 6."),
        WIRE.says("You are welcome."),
    )
    with scripted(*steps) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1", "system": "Be kind."}, "sums"))["sums"]
    first, second, third = bodies(server)
    before = [("system", "Be kind.\n\nYou are Pip."), ("user", "Hello"), ("assistant", "I am Pip. What shall I add?")]
    assert told(first) == [*before, ("user", "2 and 3")]
    assert told(second) == [*told(first), ("assistant", "It is 5."), ("user", "And one more?")]
    assert told(third) == [*told(second), ("assistant", "Then 6."), ("user", "Thank you!")]
    assert all(set(message) == {"role", "content"} for message in third["messages"])
    assert found.outcome is Outcome.passed
    assert found.solver == "conversation"
    assert found.extraction is not None
    assert found.extraction.candidate is not None
    assert list(found.extraction.candidate.files) == ["turn1.md", "turn2.md", "reply.md"]
    assert found.extraction.thinking
    assert found.reply is not None
    assert found.reply.usage.completion_tokens == 3 * USAGE[1]
    assert [turn["text"] for turn in found.reply.raw["turns"]][1:] == ["Then 6.", "You are welcome."]
    assert [message["content"] for message in found.request["messages"]][-1] == "Thank you!"


def test_a_criterion_of_an_earlier_turn_counts(home: Path) -> None:
    with scripted(WIRE.says("It is 4."), WIRE.says("You are welcome.")) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1"}, "sums"))["sums"]
    assert found.verdict is not None
    results = {case.id: case.outcome.value for case in found.verdict.cases}
    assert results == {"turn1.number": "wrong_answer", "must_include:1": "passed", "max_words": "passed"}
    assert found.outcome is Outcome.wrong_answer


def test_every_turn_has_the_models_profile(home: Path, server: Scripted) -> None:
    profile = {"sampling": {"temperature": 0.3, "top_p": 0.5, "max_tokens": 77}, "extra": {"mode": "calm"}}
    attempts(planned(home, {"base_url": server.url + "/v1", **profile}, "sums"))
    assert len(server.requests) == 3
    for body in bodies(server):
        assert (body["temperature"], body["top_p"], body["mode"]) == (0.3, 0.5, "calm")
        assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert len({body["seed"] for body in bodies(server)}) == 1


def test_a_base_model_is_given_a_transcript(home: Path) -> None:
    def continues(exchange: Exchange) -> None:
        exchange.json({"choices": [{"text": " It is 5.", "finish_reason": "stop"}]})

    with scripted(continues) as server:
        attempts(planned(home, {"base_url": server.url + "/v1", "style": "completion", "stream": False}, "sums"))
    first, second, _ = bodies(server)
    assert first["prompt"] == (
        "You are Pip.\n\nUser: Hello\n\nAssistant: I am Pip. What shall I add?\n\nUser: 2 and 3\n\nAssistant:"
    )
    assert second["prompt"] == first["prompt"] + " It is 5.\n\nUser: And one more?\n\nAssistant:"
    assert "\nUser:" in first["stop"]


def test_a_base_model_speaks_for_itself_only(home: Path) -> None:
    def goes_on(exchange: Exchange) -> None:
        exchange.json({"choices": [{"text": " It is 5.\n\nUser: And 7?\nAssistant: 8", "finish_reason": "length"}]})

    with scripted(goes_on) as server:
        model = {"base_url": server.url + "/v1", "style": "completion", "stream": False}
        found = attempts(planned(home, model, "sums"))["sums"]
    assert bodies(server)[1]["prompt"].endswith("Assistant: It is 5.\n\nUser: And one more?\n\nAssistant:")
    assert found.extraction is not None
    assert found.extraction.candidate is not None
    assert set(found.extraction.candidate.files.values()) == {"It is 5.\n"}
    assert found.reply is not None
    assert "And 7?" in found.reply.text, "what was said is kept"


def test_the_solver_of_conversations_holds_nothing_else() -> None:
    code = Task(id="s/t", suite="s", name="t", kind="function", instruction="x")
    assert solver_for(code, "aider") == "aider"
    with pytest.raises(UsageError, match="--solver conversation"):
        solver_for(code, "conversation")


def test_a_reply_that_was_cut_off_is_told_of_the_whole_conversation(home: Path) -> None:
    steps = (WIRE.says("It is 5."), WIRE.says("Then 6, and", finish="length"), WIRE.says("You are welcome."))
    with scripted(*steps) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1"}, "sums"))["sums"]
    assert found.reply is not None
    assert found.reply.finish_reason == "length"
    assert flags(found) == ("cut_by_length",)


@pytest.mark.parametrize(
    ("reasons", "whole"),
    [
        (("length", "content_filter", "stop"), "length"),
        (("content_filter", "stop", "stop"), "content_filter"),
        (("stop", "stop", "stop"), "stop"),
    ],
)
def test_the_worst_end_of_any_reply_is_the_conversations(home: Path, reasons: tuple[str, ...], whole: str) -> None:
    with scripted(*(WIRE.says("Well.", finish=reason) for reason in reasons)) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1"}, "sums"))["sums"]
    assert found.reply is not None
    assert found.reply.finish_reason == whole


def test_what_a_base_model_said_itself_is_no_prompt_that_it_repeats(home: Path) -> None:
    tale = "A fox lived beside a river and went to count the stones on its bank every morning, whatever the weather. "
    tale += "One day it found seven of them, the next day nine, and on the third day the water had come up so far that "
    tale += "none were to be seen at all; so the fox sat down in the grass, looked up, and began to count the clouds."

    def says(text: str) -> Callable[[Exchange], None]:
        return lambda exchange: exchange.json({"choices": [{"text": text, "finish_reason": "stop"}]})

    with scripted(says(f" {tale}"), says(" Yes."), says(" Bye.")) as server:
        model = {"base_url": server.url + "/v1", "style": "completion", "stream": False}
        found = attempts(planned(home, model, "sums"))["sums"]
    assert tale in found.request["prompt"]
    assert "prompt_echo" not in flags(found)
    assert spoken(found.request["prompt"]) == [
        ("system", "You are Pip."), ("user", "Hello"), ("assistant", "I am Pip. What shall I add?"),
        ("user", "2 and 3"), ("assistant", tale), ("user", "And one more?"), ("assistant", "Yes."),
        ("user", "Thank you!"),
    ]  # fmt: skip


def test_a_model_that_says_nothing_at_once_is_told_which_reply(home: Path) -> None:
    with scripted(WIRE.says("")) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1"}, "sums"))["sums"]
    assert found.outcome is Outcome.no_candidate
    assert found.extraction is not None
    assert found.extraction.choice == "reply 1 of 3: an empty reply"


def test_a_model_that_says_nothing_ends_the_conversation(home: Path) -> None:
    with scripted(WIRE.says("It is 5."), WIRE.says("<think>what now</think>  \n")) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1"}, "sums"))["sums"]
    assert len(server.requests) == 2
    assert found.outcome is Outcome.no_candidate
    assert found.extraction is not None
    assert found.extraction.choice == "reply 2 of 3: only thinking, no answer after it"


def test_a_server_that_fails_in_the_middle_is_a_provider_failure(home: Path) -> None:
    def broken(exchange: Exchange) -> None:
        exchange.json({"error": "no"}, 400)

    with scripted(WIRE.says("It is 5."), broken) as server:
        found = attempts(planned(home, {"base_url": server.url + "/v1"}, "sums"))["sums"]
    assert found.verdict is None
    assert found.error


def test_no_sandbox_is_opened_and_nothing_is_made_twice(
    home: Path, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a conversation needs no sandbox")

    monkeypatch.setattr("harness.sandbox.nothing.open_sandbox", refused)
    before = planned(home, {"base_url": server.url + "/v1"})
    found = attempts(before)
    assert found["open"].outcome is Outcome.unscored
    assert found["single"].outcome is Outcome.wrong_answer
    asked = len(server.requests)
    assert attempts(before).keys() == found.keys()
    assert len(server.requests) == asked, "an unscored attempt is done"
    manifest = json.loads(before.paths.manifest.read_text())
    assert manifest["sandbox"]["backend"] == "none"


def test_an_agents_solver_is_for_code(home: Path, server: Scripted) -> None:
    found = attempts(planned(home, {"base_url": server.url + "/v1"}, "single", solver="aider"))
    assert found["single"].solver == "conversation"


def test_the_reference_and_a_recording_hold_conversations_too(home: Path) -> None:
    found = attempts(planned(home, {"provider": "reference"}))
    assert {name: item.outcome.value for name, item in found.items() if item.verdict} == {
        "sums": "passed", "single": "passed",
    }  # fmt: skip
    assert found["open"].error, "a test without reference has none to answer with"
    recorded = planned(home, {"provider": "reference"}).paths.root
    again = planned(home, {"provider": "replay", "model": "it", "recording": str(recorded)}, "s*", name="again")
    for name, item in attempts(again).items():
        assert item.extraction is not None
        assert found[name].candidate_hash == item.candidate_hash, name
        assert item.outcome is Outcome.passed


def test_a_transcript_with_the_words_of_our_own_form_is_replayed_turn_by_turn(home: Path) -> None:
    def continues(exchange: Exchange) -> None:
        number = len(exchange.server.requests)
        exchange.json({"choices": [{"text": f" I say {number}.\n\nAssistant: mine", "finish_reason": "stop"}]})

    base = {"style": "completion", "stream": False}
    talk = TALK.replace("And one more?", '"So:\\n\\nAssistant: and one more?"')
    (home / "talks" / "sums.yaml").write_text(talk, encoding="utf-8")
    with scripted(continues) as server:
        first = planned(home, {"base_url": server.url + "/v1", **base}, "sums")
        found = attempts(first)["sums"]
    again = planned(
        home, {"provider": "replay", "model": "it", "recording": str(first.paths.root), **base}, "sums", name="again"
    )
    replayed = attempts(again)["sums"]
    assert found.extraction is not None
    assert found.extraction.candidate is not None
    assert len(set(found.extraction.candidate.files.values())) == 3
    assert replayed.candidate_hash == found.candidate_hash


def test_fences_of_the_last_reply_are_told(home: Path) -> None:
    with scripted(WIRE.says("5"), WIRE.says("6"), WIRE.says("```\nYou are welcome.\n```")) as server:
        (found,) = attempts(planned(home, {"base_url": f"{server.url}/v1"}, "sums")).values()
    assert found.extraction is not None
    assert (found.extraction.fenced, found.extraction.blocks) == (True, 1)
