"""`harness regrade`: verdicts by tasks as they are now; a directory without a run is left as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.cli.new import TEMPLATES
from tests.cli.conftest import Harness


@pytest.mark.engine
def test_a_repaired_task(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = tmp_path / "s" / "t"
    shutil.copytree(TEMPLATES / "function", task)
    right = (task / "cases.yaml").read_text()
    (task / "cases.yaml").write_text(right.replace("returns: 5", "returns: 6"))
    arguments = ("run", "s", "--model", "reference", "--name", "r", "--json")
    assert harness(*arguments).json["models"]["reference"]["pass_at_1"]["value"] == 0.0
    (task / "cases.yaml").write_text(right)
    assert "`harness regrade`" in harness(*arguments, "--quiet").refused()

    done = harness("regrade", "runs/r")
    assert done.code == 0
    assert "100%" in done.out
    assert "1 attempt" in done.err.splitlines()
    assert harness(*arguments).json["models"]["reference"]["pass_at_1"]["value"] == 1.0


def test_no_run(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name in ("none", "file"):
        assert f"no run {tmp_path / name}" in harness("regrade", tmp_path / name, "--quiet").refused()
    assert "there is no store.db" in harness("regrade", tmp_path / "empty", "--quiet").refused(1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]
    assert "Missing argument" in harness("regrade").refused()
