"""`harness models`, run as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli.models import command
from harness.errors import HarnessError
from tests.models.conftest import KEY
from tests.servers.scripted import Scripted, scripted
from tests.servers.wires import TEXT, Chat

CHAT = Chat(stream=True)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def catalogue(path: Path, server: Scripted, **keys: object) -> str:
    entry = {
        "provider": "openai_compatible",
        "base_url": f"{server.url}/v1",
        "model": "m-1",
        "api_key_env": "TESTED_KEY",
        "price": {"input": 1, "output": 10},
        **keys,
    }
    path.write_text(json.dumps({"models": {"mine": entry}}))
    return str(path)


def test_the_list() -> None:
    shown = run()
    assert shown.exit_code == 0
    assert "smollm2-fewshot" in shown.stdout
    assert "a weak model" in shown.stdout


def test_the_list_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_KEY", KEY)
    with scripted(CHAT.says()) as server:
        path = catalogue(tmp_path / "x.yaml", server)
    shown = run("--catalogue", path, "--json")
    document = json.loads(shown.stdout)
    entries = {entry["name"]: entry for entry in document["models"]}
    assert entries["mine"]["key"] == "set"
    assert entries["smollm2"]["key"] == ""
    assert document["files"][-1] == path
    assert KEY not in shown.output
    monkeypatch.delenv("TESTED_KEY")
    assert '"key": "missing"' in run("--catalogue", path, "--json").stdout


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_model_that_answers(tmp_path: Path, place: str) -> None:
    with scripted(CHAT.says(TEXT, "hm")) as server:
        given = ["--catalogue", catalogue(tmp_path / "x.yaml", server)]
        before, after = (given, []) if place == "before" else ([], given)
        shown = run(*before, "test", "mine", *after, "--json")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    assert document["ok"] is True
    assert (document["text"], document["thinking"], document["fences"]) == (TEXT, "hm", 1)
    assert (document["finish_reason"], document["tries"]) == ("stop", 1)
    # 12 tokens in, 2 of them cached at the same price, 34 out.
    assert document["cost_usd"] == pytest.approx((12 * 1 + 34 * 10) / 1e6)
    assert document["tokens_per_s"] > 0
    assert document["first_token_s"] > 0
    assert "asking mine" in shown.stderr


def test_a_model_that_answers_shown_to_a_person(tmp_path: Path) -> None:
    with scripted(CHAT.says("[red]" + TEXT, "hm", usage=False)) as server:
        shown = run("test", "mine", "--catalogue", catalogue(tmp_path / "x.yaml", server, note="a note"))
    assert shown.exit_code == 0
    for piece in ("[red]```python", "2 characters", "? in, ? out", "unknown: no price", "note: a note"):
        assert piece in shown.stdout


def test_a_model_that_does_not_answer(tmp_path: Path) -> None:
    with scripted(CHAT.says()) as server:
        path = catalogue(tmp_path / "x.yaml", server)
    shown = run("test", "mine", "--catalogue", path, "--json")
    assert isinstance(shown.exception, HarnessError)
    assert shown.exception.exit_code == 1
    document = json.loads(shown.stdout)
    assert document["ok"] is False
    assert "cannot reach" in document["error"]
    assert "base_url" in document["remedy"]


def test_a_recording_is_tried_with_its_first_reply(tmp_path: Path) -> None:
    line = {"task": "s/t", "model": "m", "repeat": 1, "attempt": 2, "reply": {"text": "recorded"}}
    (tmp_path / "raw.jsonl").write_text(json.dumps(line) + "\n")
    shown = run("test", f"replay:{tmp_path}", "--json")
    assert json.loads(shown.stdout)["text"] == "recorded"


def test_the_reference_answers() -> None:
    assert "return a + b" in run("test", "reference").stdout


@pytest.mark.model
@pytest.mark.parametrize("name", ["smollm2", "smollm2-fewshot"])
def test_the_shipped_models_answer(name: str, real_server: object) -> None:
    shown = run("test", name, "--json")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    assert document["completion_tokens"] > 0
    assert document["identity"]["sha256"]


@pytest.mark.model
def test_fetch(real_server: object) -> None:
    shown = run("fetch")
    assert shown.exit_code == 0
    assert shown.stderr.startswith("smollm2: ")
    assert "has no weights" in run("fetch", "reference").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["models", "test", "smolm2"], 2, "did you mean smollm2"),
        (["models", "--catalogue", "absent.yaml"], 2, "there is no catalogue absent.yaml"),
        (["models", "test", "replay:absent"], 2, "there is no recording absent"),
    ],
)
def test_errors_are_messages_with_exit_codes(arguments: list[str], code: int, said: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "harness", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_is_quick_and_without_effect() -> None:
    """Nothing that talks to servers is loaded before it is used."""
    code = "import sys, harness.cli, harness.models, harness.cli.models; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"httpx", "xllamacpp", "litellm", "tenacity", "rich", "yaml"} & set(loaded)
