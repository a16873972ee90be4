"""`harness check`: what is admitted, what is refused and why, and what cannot be checked at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.cli.new import TEMPLATES
from tests.cli.conftest import Harness


def make(root: Path, kind: str = "function") -> Path:
    shutil.copytree(TEMPLATES / kind, root)
    return root


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Tasks `good` and `lenient`, whose wrong answer passes, and `broken`, which cannot be read."""
    make(tmp_path / "s" / "good")
    lenient = make(tmp_path / "s" / "lenient")
    (lenient / "wrong" / "unchecked.py").write_text("# fails: empty\n# why: it does not\n" + reference(lenient))
    broken = make(tmp_path / "s" / "broken")
    (broken / "cases.yaml").write_text("- call: clamp(1)\n")
    return tmp_path / "s"


def reference(task: Path) -> str:
    return (task / "reference.py").read_text()


@pytest.mark.engine
def test_each_task_is_judged_by_itself(harness: Harness, suite: Path) -> None:
    done = harness("check", suite, "--json", "--rounds", 2)
    assert done.code == 2
    assert (done.json["admitted"], done.json["refused"]) == (1, 2)
    problems = {entry["task"]: entry["problems"] for entry in done.json["tasks"]}
    assert problems["s/good"] == []
    assert problems["s/lenient"] == ["wrong/unchecked.py: it passes, and must not"]
    (broken,) = problems["s/broken"]
    assert f"{suite}/broken/cases.yaml:1: call: a case has either" in broken

    shown = harness("check", suite, "--rounds", 1)
    assert shown.code == 2
    lines = shown.out.splitlines()
    assert "admitted  s/good" in lines
    assert lines[lines.index("REFUSED   s/lenient") + 1] == "    wrong/unchecked.py: it passes, and must not"
    assert lines[-1] == "1 admitted, 2 refused"


@pytest.mark.engine
def test_only_some_tasks(harness: Harness, suite: Path) -> None:
    done = harness("check", suite, suite, suite / "good", "--task", "g*", "--rounds", 1, "--json")
    assert done.code == 0
    assert [entry["task"] for entry in done.json["tasks"]] == ["s/good"]
    assert "no task matches nothing" in harness("check", suite, "--task", "nothing").refused()


def test_a_broken_task_alone_needs_no_engine(
    harness: Harness, suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    done = harness("check", suite / "broken")
    assert done.code == 2
    assert done.out.splitlines()[0] == "REFUSED   s/broken"
    assert done.err == ""
    assert "no container engine answers" in harness("check", suite / "good", "--sandbox", "docker").refused(1)


@pytest.mark.engine
def test_a_wrong_reference_and_a_wrong_reason(harness: Harness, tmp_path: Path) -> None:
    task = make(tmp_path / "s" / "t")
    flawed = (task / "wrong" / "unchecked.py").read_text()
    (task / "wrong" / "unchecked.py").write_text(flawed.replace("# fails: ", "# fails: above, "))
    (task / "wrong" / "loops.py").write_text("# fails: *\n# outcome: timeout\n# why: no\ndef clamp(*a): return None\n")
    (task / "reference.py").write_text("def clamp(value, low, high):\n    return value\n")
    problems = harness("check", task, "--rounds", 1, "--json").json["tasks"][0]["problems"]
    assert any(text.startswith("reference.py: the reference does not pass: ") for text in problems)
    assert any("wrong/unchecked.py: it does not fail above" in text for text in problems)
    assert any("wrong/loops.py: its outcome is wrong_answer, stated is timeout" in text for text in problems)


def test_what_cannot_be_checked(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    assert "no such file or directory" in harness("check", tmp_path / "none").refused()
    assert "expected a directory of tasks" in harness("check", tmp_path / "file").refused()
    assert "no task here" in harness("check", tmp_path / "empty").refused()
    assert "File name too long" in harness("check", tmp_path / ("x" * 300)).refused()
    assert "Missing argument" in harness("check").refused()
    assert "no sandbox 'box'" in harness("check", make(tmp_path / "t"), "--sandbox", "box").refused()
    assert "--rounds" in harness("check", tmp_path, "--rounds", 0).refused()


def test_a_directory_that_lost_its_task_yaml(harness: Harness, tmp_path: Path) -> None:
    task = make(tmp_path / "s" / "t")
    (task / "task.yaml").unlink()
    done = harness("check", tmp_path / "s", "--json")
    assert done.code == 2
    assert done.json["tasks"][0]["task"] == "s/t"
    assert "task.yaml: this file is missing" in done.json["tasks"][0]["problems"][0]


@pytest.mark.engine
def test_a_track_of_exercism(harness: Harness, root: Path, tmp_path: Path) -> None:
    track = shutil.copytree(root / "fixtures" / "exercism_style", tmp_path / "track")
    (track / "exercises" / "practice" / "tide-words" / ".meta" / "config.json").write_text("{")
    chosen = ("--task", "postcard-columns", "--task", "*/tide-words", "--rounds", 1)
    done = harness("check", track, *chosen, "--json")
    assert done.code == 2
    found = {entry["task"]: entry for entry in done.json["tasks"]}
    assert list(found) == ["exercism_style/tide-words", "exercism_style/postcard-columns"]
    assert "tide-words/.meta/config.json:1: broken JSON" in found["exercism_style/tide-words"]["problems"][0]
    refactoring = found["exercism_style/postcard-columns"]
    assert refactoring["admitted"]
    assert "pass already" in refactoring["notes"][0]

    shown = harness("check", track / "exercises" / "practice" / "postcard-columns", "--rounds", 1)
    assert shown.code == 0
    assert shown.out.splitlines()[1].startswith("    note: the files it comes with pass already")
    # The broken one is nobody's trouble who does not ask for it.
    planned = harness("run", track, "--task", "bee-dance", "--model", "reference", "--dry-run", "--json")
    assert planned.code == 0
    assert "broken JSON" in harness("run", track, "--model", "reference", "--dry-run").refused()
