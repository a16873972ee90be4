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
    assert {"python", "harness", "engine", "runtimes", "isolation", "image", "local models", "git", "disk"} <= set(
        details
    )
    assert image.tag in details["image"]


def test_no_engine_is_missing_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    done = doctor("--json")
    assert done.returncode == 1
    engine = next(finding for finding in json.loads(done.stdout)["findings"] if finding["name"] == "engine")
    assert engine["state"] == "missing"
    assert "docker.io" in engine["remedy"]
    assert "MISSING" in doctor().stdout
