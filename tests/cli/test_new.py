"""`harness new`: a task of every kind that `harness check` admits, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.new import kinds
from harness.tasks import load
from tests.cli.conftest import Harness


@pytest.mark.engine
def test_every_kind_passes_check(harness: Harness, tmp_path: Path) -> None:
    for kind in kinds():
        # Conversations are a suite of their own.
        place = tmp_path / kind if kind == "conversation" else tmp_path / "suite" / kind
        done = harness("new", place, "--kind", kind)
        assert done.code == 0
        assert [Path(line) for line in done.out.splitlines()] == sorted(
            path for path in place.rglob("*") if path.is_file()
        )
        assert f"harness check {place}" in done.err
        assert load(place).tasks[0].kind == kind
    checked = harness("check", tmp_path / "suite", "--json")
    assert checked.code == 0, checked.out
    assert checked.json["admitted"] == len(kinds()) - 1 == 4


def test_a_suite_of_conversations_passes_check_without_an_engine(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert harness("new", tmp_path / "talks", "--kind", "conversation").code == 0
    first, second = load(tmp_path / "talks").tasks
    assert (first.id, second.id) == ("talks/due-date", "talks/keeps-the-name")
    assert (len(first.turns), len(second.turns)) == (1, 2)
    assert all(task.reference and len(task.flawed) == 2 and task.pass_criteria for task in (first, second))
    checked = harness("check", tmp_path / "talks", "--json")
    assert checked.code == 0, checked.out
    assert checked.err == ""
    assert [(entry["task"], entry["problems"], entry["notes"]) for entry in checked.json["tasks"]] == [
        (first.id, [], []), (second.id, [], []),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["with space", "größe", "a/b/c", "[x]"])
def test_any_name_of_a_directory(harness: Harness, tmp_path: Path, name: str) -> None:
    assert harness("new", tmp_path / name, "--kind", "function").code == 0
    assert load(tmp_path / name).tasks[0].name == name.rpartition("/")[2]


def test_an_empty_directory_is_filled(harness: Harness, tmp_path: Path) -> None:
    assert harness("new", tmp_path, "--kind", "program").code == 0
    assert load(tmp_path).tasks[0].kind == "program"


def test_what_cannot_be_made(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes").write_text("mine")
    assert "is there already" in harness("new", tmp_path / "file", "--kind", "function").refused()
    assert "is there already" in harness("new", full, "--kind", "function").refused()
    assert "cannot be made" in harness("new", tmp_path / "file" / "below", "--kind", "function").refused()
    assert "File name too long" in harness("new", tmp_path / ("x" * 300), "--kind", "function").refused()
    assert "no kind 'poem'" in harness("new", tmp_path / "x", "--kind", "poem").refused()
    assert "Missing option '--kind'" in harness("new", tmp_path / "x").refused()
    assert (tmp_path / "file").read_text() == (full / "notes").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]
