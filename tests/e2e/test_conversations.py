"""Conversations from the command line to the report: a real model, and no sandbox anywhere near."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.new import TEMPLATES


@pytest.mark.model
@pytest.mark.timeout(300)
def test_a_real_model_holds_them_without_any_sandbox(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "conversation", tmp_path / "talks")
    tests = tmp_path / "talks" / "tests.yaml"
    picture = "{id: dial, prompt: Say the hour., picture: {kind: clock, hour: 4, minute: 0}, reference: Four.}"
    tests.write_text(f"{tests.read_text()}\n  - {picture}\n")
    # Neither an engine nor bubblewrap is to be found.
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock", "PATH": str(tmp_path / "empty")}
    flags = ["--model", "smollm2", "--model", "reference", "--out", str(tmp_path), "--name", "small", "--json"]
    command = [sys.executable, "-m", "harness", "run", str(tmp_path / "talks"), *flags]

    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=environment)
    assert done.returncode == 0, done.stderr
    assert "smollm2: 1 task needs a model that sees pictures: not asked" in done.stderr
    models = json.loads(done.stdout)["models"]
    assert models["reference"]["pass_at_1"]["value"] == 1.0
    assert models["smollm2"]["pass_at_1"]["n"] == 2
    rows = {
        (row["model"], row["task"]): row
        for row in map(json.loads, (tmp_path / "small" / "raw.jsonl").read_text().splitlines())
    }
    assert len(rows) == 5
    row = rows["smollm2", "talks/keeps-the-name"]
    said = [message["role"] for message in row["request"]["messages"]]
    assert said == ["system", "user", "assistant", "user"]
    turns = row["reply"]["raw"]["turns"]
    assert [bool(turn["text"].strip()) for turn in turns] == [True, True]
    assert row["request"]["messages"][2]["content"] == turns[0]["text"].strip()
    assert row["verdict"]["backend"] == "none"
    assert row["verdict"]["cases"][0]["id"] == "turn1.must_include:1"
    assert row["verdict"]["outcome"] in ("passed", "wrong_answer")
    assert json.loads((tmp_path / "small" / "manifest.json").read_text())["sandbox"]["backend"] == "none"
    assert '<ol class="talk">' in (tmp_path / "small" / "report.html").read_text()
