"""`harness run`: one document or one message, the right exit code, and nothing else on stdout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli.new import TEMPLATES
from tests.cli.conftest import Harness
from tests.store.test_disks import mounted_disk


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A suite `s` of one task, in the current directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TEMPLATES / "function", tmp_path / "s" / "t")
    return "s"


def reference(suite: str, *more: object) -> tuple[object, ...]:
    return ("run", suite, "--model", "reference", *more)


@pytest.mark.engine
def test_a_run_for_people_and_for_programs(harness: Harness, suite: str) -> None:
    done = harness(*reference(suite, "--best-of", 2, "--name", "first run"))
    assert done.code == 0
    assert "first run: pass rates" in done.out
    assert "100%" in done.out
    assert "report: runs/first run/report.html" in done.out
    assert "2 attempts" in done.err

    again = harness(*reference(suite, "--best-of", 2, "--name", "first run", "--json"))
    assert again.code == 0
    assert again.json["run"] == "first run"
    assert again.json["complete"] is True
    assert again.json["models"]["reference"]["pass_at_1"] | {"low": 0, "high": 0} == {
        "value": 1.0,
        "low": 0,
        "high": 0,
        "n": 1,
    }
    assert again.json["models"]["reference"]["oracle"]["value"] == 1.0
    assert Path(again.json["report"]).is_file()
    assert "2 of them done already" in again.err

    quiet = harness(*reference(suite, "--best-of", 2, "--name", "first run", "--json", "--quiet"))
    assert quiet.json == again.json
    assert quiet.err == ""


@pytest.mark.engine
def test_names_are_text_and_nothing_else(harness: Harness, suite: str, tmp_path: Path) -> None:
    (tmp_path / "s" / "t").rename(tmp_path / "s" / "[bold]:x:")
    done = harness(*reference(suite, "--name", "[red]a :smile:"))
    assert done.code == 0
    assert "[red]a :smile:: pass rates" in done.out
    assert "report: runs/[red]a :smile:/report.html" in done.out
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"task": "[bold]:x:", "code": ""}\n')
    assert "s/[bold]:x:" in harness("grade", suite, "--candidates", answers).out


def test_a_dry_run_does_nothing(harness: Harness, suite: str, tmp_path: Path) -> None:
    grid = ("--best-of", 1000, "--repeats", 1000, "--dry-run", "--model", "smollm2")
    done = harness(*reference(suite, *grid))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1 task x 2 models x 1,000 repeats x best of 1000 = 2,000,000 attempts, in runs/s-")
    told = harness(*reference(suite, *grid, "--json"))
    assert told.json["attempts"] == 2_000_000
    assert told.json["tasks"] == ["s/t"]
    assert told.json["models"] == ["reference", "smollm2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Missing argument"),
        (("none",), "none: no such file or directory"),
        (("s/t/task.yaml",), "expected a directory of tasks"),
        (("empty",), "no task here"),
        (("s", "copy/s"), "two tasks are called s/t"),
        (("s", "--model", "smolm2"), "did you mean smollm2"),
        (("s", "--model", "replay:none"), "there is no recording none"),
        (("s", "--task", "x*"), "no task matches x*"),
        (("s", "--best-of", "0"), "0 is not in the range"),
        (("s", "--best-of", "many"), "not a valid integer"),
        (("s", "--budget", "-1"), "is not in the range"),
        (("s", "--solver", "magic"), "unknown solver 'magic'"),
        (("s", "--select", "judge"), "needs a judge"),
        (("s", "--judge-mode", "rubric"), "--judge-mode and --rubric are for judges"),
        (("s", "--solver-config", "s/t/task.yaml"), "--solver-config is for agents"),
        (("s", "--rubric", "s/t/task.yaml"), "--judge-mode and --rubric are for judges"),
        (("s", "--select", "luck"), "is not one of"),
        (("s", "--sandbox", "box"), "no sandbox 'box'"),
        (("s", "--catalogue", "none.yaml"), "does not exist"),
        (("s", "--catalogue", "broken.yaml"), "broken.yaml:3: not YAML"),
        (("s", "--catalogue", "unknown.yaml"), "unknown.yaml:4: m.colour: unknown key"),
        (("s", "--catalogue", "key.yaml", "--model", "m"), "the environment variable NO_SUCH_KEY is not set"),
        (("s", "--name", "../../x"), "cannot be the name of a run"),
        (("s", "--name", "/tmp/x"), "cannot be the name of a run"),
        (("s", "--nmae", "x"), "No such option"),
    ],
)
def test_bad_usage(harness: Harness, suite: str, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "empty").mkdir()
    shutil.copytree(tmp_path / "s", tmp_path / "copy" / "s")
    (tmp_path / "broken.yaml").write_text("models:\n  m: [\n")
    entry = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    (tmp_path / "unknown.yaml").write_text(
        "models:\n  m:\n    provider: reference\n    colour: red\n",
    )
    (tmp_path / "key.yaml").write_text(yaml.safe_dump({"models": {"m": {**entry, "api_key_env": "NO_SUCH_KEY"}}}))
    given = arguments if "--model" in arguments else (*arguments, "--model", "reference")
    assert told in harness("run", *given, "--json").refused()
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"empty", "copy", "s", "broken.yaml", "unknown.yaml", "key.yaml", "runs"}
    assert not (tmp_path / "runs").exists() or "--sandbox" in arguments


@pytest.mark.engine
def test_a_model_that_cannot_be_reached(harness: Harness, suite: str, tmp_path: Path) -> None:
    entry = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1", "retries": 0, "concurrency": 1}
    (tmp_path / "models.yaml").write_text(yaml.safe_dump({"models": {"m": entry}}))
    done = harness("run", suite, "--model", "m", "--best-of", 7, "--json")
    assert done.code == 1
    assert done.json["complete"] is False
    assert done.json["models"]["m"]["pass_at_1"]["value"] is None
    assert "Traceback" not in done.err
    assert done.err.count("127.0.0.1:9") == 1, "one clear message"
    assert "not complete: m: given up after 5 failures in a row: " in done.err
    assert "not complete: 2 attempts were not made; the same command makes them" in done.err


@pytest.mark.engine
def test_a_budget(harness: Harness, suite: str) -> None:
    done = harness(*reference(suite, "--budget", 0, "--json"))
    assert done.code == 1
    assert "not complete: the budget of 0.0 US dollars is spent; 1 attempt was not made" in done.err
    assert harness(*reference(suite, "--budget", 1, "--json")).code == 0


def test_without_an_engine(harness: Harness, suite: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    flags = ("--json", "--quiet", "--name", "x")
    assert "no container engine answers" in harness(*reference(suite, *flags, "--sandbox", "docker")).refused(1)
    done = harness(*reference(suite, *flags))
    assert done.code == 0
    assert "candidates run under bubblewrap, which is weaker" in done.err, "that is no progress"


def test_an_output_directory_that_is_a_file(harness: Harness, suite: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/below"):
        message = harness(*reference(suite, "--out", place, "--quiet")).refused(1)
        assert "choose another directory with --out of `harness run`" in message


@pytest.mark.engine
def test_disks_that_are_read_only_or_full(harness: Harness, suite: str, tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "disk", "size=256k") as disk:
        arguments = reference(suite, "--out", disk, "--name", "r", "--quiet", "--best-of", 30)
        message = harness(*arguments).refused(1)
        assert "free" in message
        assert "No space left" in message or "full" in message
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
        done = harness(*arguments, "--json")
        assert done.code == 0
        assert done.json["complete"] is True
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert "Read-only file system" in harness(*arguments).refused(1)
        report = harness("report", disk / "r", "--out", tmp_path / "report")
        assert report.code == 0, report


@pytest.mark.engine
def test_as_a_process(suite: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", *map(str, reference(suite, "--json"))]
    environment = {**os.environ, "COLUMNS": "40"}
    done: Any = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0
    assert done.stdout.startswith('{\n  "run": ')
    assert done.stdout.endswith("}\n")
    assert done.stderr.splitlines()[0] == "1 attempt"
