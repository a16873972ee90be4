"""A conversational run with small models of this machine as contestants and judge: what such a judge says can mostly
not be read, and none of that becomes a score."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.content import cache_dir
from harness.judging.parse import REASONS
from harness.models.catalogue import load_catalogue
from harness.readback import load_report_input
from harness.store import Store
from harness.types import Outcome

SUITE = """\
category: manners
system: You are a friendly helper for children. Keep it short.
tests:
  - id: thanks
    prompt: Thank you for your help!
    judge: Answers kindly, in a sentence or two.
    reference: You are welcome! Come back any time.
  - id: two-turns
    turns:
      - user: My dog is called Rufus.
      - user: What is my dog called?
    criteria: {must_include: [Rufus]}
    judge: Remembers the name.
    reference: [What a nice name!, Your dog is called Rufus.]
  - id: only-criteria
    prompt: Say the word "apple" and nothing else.
    criteria: {must_include: [apple], max_words: 3}
    reference: apple
"""


def harness(directory: Path, *words: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "harness", *map(str, words), "--json"],
        cwd=directory, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def contestants(directory: Path) -> list[str]:
    """The small models of this machine, given few words each, as is the judge: what it says has no end anyway. The
    second contestant only where its weights are there already."""
    names = {"small": "smollm2", "other": "gemma-270m", "smollm2-judge": "smollm2-judge"}
    entries = {}
    for name, shipped in names.items():
        profile = load_catalogue().get(shipped)
        assert profile.weights is not None
        if (cache_dir() / "weights" / f"{profile.weights.sha256}.gguf").is_file():
            entry = profile.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
            entries[name] = {**entry, "sampling": {"temperature": 0.7, "max_tokens": 80, "num_ctx": 8192}}
    (directory / "models.yaml").write_text(yaml.safe_dump({"models": entries}))
    return [*(name for name in entries if name != "smollm2-judge"), "reference"]


@pytest.mark.model
@pytest.mark.timeout(900)
def test_small_models_judge_small_models(tmp_path: Path) -> None:
    suite = tmp_path / "manners"
    suite.mkdir()
    (suite / "suite.yaml").write_text("title: Manners\n")
    (suite / "tests.yaml").write_text(SUITE)
    models = contestants(tmp_path)
    flags = [word for model in models for word in ("--model", model)]
    ran = harness(tmp_path, "run", suite, *flags, "--judge", "smollm2-judge", "--name", "r")
    counts = ran["judges"]["smollm2-judge"]
    assert counts["questions"] == 3
    assert counts["accepted"] + counts["rejected"] + counts["failed"] == 3
    assert sum(counts["reasons"].values()) == counts["rejected"]
    assert set(counts["reasons"]) <= set(REASONS)
    assert "is the same model" in counts["conflicts"]["small"]

    words = ["--judge", "smollm2-judge", "--mode", "rubric", "--task", "thanks"]
    graded = harness(tmp_path, "judge", "r", *words)["judges"]["smollm2-judge"]
    assert 3 + 1 <= graded["questions"] <= 3 + len(models), "one a candidate that said anything"
    _nothing_is_made_up(tmp_path / "runs" / "r")
    page = (tmp_path / "runs" / "r" / "report.html").read_text()
    assert "unscored" in page or not counts["rejected"]


@pytest.mark.engine
@pytest.mark.model
@pytest.mark.timeout(600)
def test_a_small_model_judges_programs_that_pass(root: Path, tmp_path: Path, image: object) -> None:
    words = ["--task", "add", "--model", "smollm2", "--model", "reference", "--judge", "smollm2-judge", "--name", "r"]
    ran = harness(tmp_path, "run", root / "fixtures" / "warmup", *words)
    counts = ran["judges"]["smollm2-judge"]
    assert counts["questions"] == 1
    assert counts["failed"] == 0
    assert ran["models"]["reference"]["pass_at_1"]["value"] == 1.0
    again = harness(tmp_path, "judge", "r", "--only-errors")["judges"]["smollm2-judge"]
    assert again["questions"] == 1
    assert harness(tmp_path, "judge", "r", "--reparse")["judges"]["smollm2-judge"]["reasons"] == again["reasons"]
    _nothing_is_made_up(tmp_path / "runs" / "r")
    with Store(tmp_path / "runs" / "r", write=False) as store:
        assert len(list(store.replaced_judgments())) == counts["rejected"], "every raw reply is kept"


def _nothing_is_made_up(directory: Path) -> None:
    """Every stored reply is a mark for everyone shown, or for nobody; verdicts follow from marks alone."""
    report = load_report_input(directory)
    accepted = {one.id for one in report.judgments if one.scored}
    assert {mark.judgment for mark in report.marked} == accepted
    for one in report.judgments:
        assert one.reply is not None
        assert one.reply.raw is not None
        assert one.reading is not None
        assert len(one.reading.marks) == (len(one.labels) if one.scored else 0)
        assert "smollm2" not in json.dumps(one.request).lower()
    marks = [mark for mark in report.marked if mark.mark.passes is not None or mark.mark.rubric is not None]
    said = {(mark.task, mark.model) for mark in marks}
    with Store(directory, write=False) as store:
        mechanical = {(item.task, item.model): item.outcome for item in store.attempts()}
    for item in report.attempts:
        before = mechanical[item.task, item.model]
        if item.kind != "conversation":
            assert item.outcome is before
            continue
        if before in (Outcome.passed, Outcome.unscored) and (item.task, item.model) not in said:
            assert item.outcome is Outcome.unscored, "nobody could be read: no pass, no zero"
        if before not in (Outcome.passed, Outcome.unscored):
            assert item.outcome is before
