"""The providers without a server: reference and replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.config import ModelProfile
from harness.errors import ConfigError, ProviderError
from harness.models.reference import Reference, fenced
from harness.models.replay import Replay
from harness.types import Answer, Kind, Reply, Request, Task

FUNCTION = Task(id="s/add", suite="s", name="add", kind="function", instruction="x")


def with_reference(files: dict[str, str], **keys: Any) -> Task:
    return FUNCTION.model_copy(update={"reference": Answer(name="reference", files=files), **keys})


def ask(task: Task | None) -> Reply:
    return Reference(ModelProfile(name="reference", provider="reference")).complete(Request(task=task))


@pytest.mark.parametrize("kind", ["function", "program", "write_tests"])
def test_a_file_is_one_fenced_block(kind: Kind) -> None:
    task = with_reference({"answer.py": "x = 1\n"}, kind=kind, solution="answer.py")
    reply = ask(task)
    assert (reply.text, reply.finish_reason) == ("```python\nx = 1\n```\n", "stop")


def test_a_workspace_is_what_changed_in_it() -> None:
    task = with_reference(
        {"src/a.py": "a = 2\n", "src/same.py": "s\n", "new.md": "# New\n"},
        kind="workspace",
        workspace={"src/a.py": "a = 1\n", "src/same.py": "s\n", "src/old.py": "o\n"},
    )
    assert ask(task).text == (
        "### src/a.py\n```python\na = 2\n```\n\n### new.md\n```markdown\n# New\n```\n\n### src/old.py (deleted)\n"
    )


def test_fences_hold_whatever_is_inside() -> None:
    assert fenced("a.md", "```py\nx\n```\n") == "````markdown\n```py\nx\n```\n````"
    assert fenced("a.unknown", "no end") == "```\nno end\n```"
    assert fenced("a.py", "") == "```python\n```"


def test_a_task_without_reference() -> None:
    with pytest.raises(ProviderError, match="s/add has no reference"):
        ask(FUNCTION)
    with pytest.raises(ProviderError, match="carries no task"):
        ask(None)


def record(attempt: int = 0, model: str = "m", **keys: Any) -> dict[str, Any]:
    reply = Reply(text=f"{model} {attempt}", thinking="t", tries=3, seconds=2.5, raw={"deep": [1]}).model_dump()
    return {"task": "s/add", "model": model, "repeat": 0, "attempt": attempt, "reply": reply, "seed": 9, **keys}


def replay(path: Path, *records: Any, model: str = "", end: str = "\n") -> Replay:
    lines = [line if isinstance(line, str) else json.dumps(line) for line in records]
    path.write_text("\n".join(lines) + end)
    return Replay(ModelProfile(name="replay:x", provider="replay", recording=path, model=model))


def test_replies_come_back_as_they_were(tmp_path: Path) -> None:
    provider = replay(tmp_path / "raw.jsonl", record(0), "", record(1), record(1, repeat=2))
    reply = provider.complete(Request(task=FUNCTION, attempt=1))
    assert reply == Reply.model_validate(record(1)["reply"])
    assert provider.complete(Request(task=FUNCTION, attempt=1, repeat=2)).text == "m 1"
    assert provider.identity() | {"recording": ""} == {
        "recording": "", "served": "m", "replies": "3", "status": "answers",
    }  # fmt: skip


def test_a_run_directory_is_a_recording(tmp_path: Path) -> None:
    replay(tmp_path / "raw.jsonl", record())
    provider = Replay(ModelProfile(name="r", provider="replay", recording=tmp_path))
    assert provider.complete(Request(task=FUNCTION)).text == "m 0"


def test_the_last_record_of_an_attempt_counts(tmp_path: Path) -> None:
    again = record(reply=Reply(text="again").model_dump())
    assert replay(tmp_path / "r", record(), again).complete(Request(task=FUNCTION)).text == "again"


def test_half_a_line_of_a_killed_run_is_no_error(tmp_path: Path) -> None:
    provider = replay(tmp_path / "r", record(), json.dumps(record(1))[:40], end="")
    assert len(provider.keys()) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r":2: not the record"),
        ("[]", r":2: not the record of an attempt: not an object"),
        ('{"task": "x"}', r":2: not the record of an attempt: no model, repeat, attempt, reply"),
        (json.dumps({**record(), "repeat": "x"}), r":2: not the record"),
    ],
)
def test_broken_lines_have_numbers(tmp_path: Path, line: str, message: str) -> None:
    provider = replay(tmp_path / "r", record(), line, record(1))
    with pytest.raises(ConfigError, match=message):
        provider.keys()
    assert message[1:3] in provider.identity()["status"]


def test_several_models_need_a_choice(tmp_path: Path) -> None:
    both = [record(model="a"), record(model="b")]
    assert replay(tmp_path / "r", *both, model="b").complete(Request(task=FUNCTION)).text == "b 0"
    for wanted in ("", "c"):
        with pytest.raises(ConfigError, match="records a, b") as caught:
            replay(tmp_path / "r", *both, model=wanted).keys()
        assert "model: NAME" in caught.value.remedy
    with pytest.raises(ConfigError, match="records no attempt"):
        replay(tmp_path / "r", "").keys()


def test_failures_were_recorded_too(tmp_path: Path) -> None:
    provider = replay(tmp_path / "r", record(reply=None, error="the server was down"))
    with pytest.raises(ProviderError, match="the server was down") as caught:
        provider.complete(Request(task=FUNCTION))
    assert not caught.value.retryable


def test_what_was_not_recorded(tmp_path: Path) -> None:
    provider = replay(tmp_path / "r", record(), record(1, reply={"nonsense": 1}))
    with pytest.raises(ProviderError, match="no reply of m to s/add, repeat 1, attempt 8"):
        provider.complete(Request(task=FUNCTION, attempt=7))
    with pytest.raises(ProviderError, match="is not one"):
        provider.complete(Request(task=FUNCTION, attempt=1))
