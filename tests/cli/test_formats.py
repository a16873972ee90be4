"""docs/formats.md names exactly the keys that are written."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from harness.annotating.agreed import Agreement
from harness.annotating.sheet import FILLED_IN, GIVEN, ID
from harness.annotating.work import Read
from harness.bench.report import BenchReport, Burst, Counted, Length, OpenLoop, Rate
from harness.cli.new import TEMPLATES
from harness.importing.records import JudgmentLine, ReplyLine
from harness.judging.analysis.whole import Judged
from harness.rundir import RunPaths
from harness.stats.numbers import Agents
from harness.types import (
    DIMENSIONS,
    AgentEnding,
    AgentRecord,
    Attempt,
    AttemptKey,
    CaseResult,
    Extraction,
    Judgment,
    Labelled,
    Mark,
    ModelCall,
    Outcome,
    Reading,
    Reply,
    Request,
    Try,
    Usage,
    Verdict,
)
from tests.cli.conftest import Harness


@pytest.fixture(scope="module")
def documented(root: Path) -> dict[str, list[str]]:
    """Heading, below its chapter -> the keys of the table under it."""
    found: dict[str, list[str]] = {}
    chapter = heading = ""
    for line in (root / "docs" / "formats.md").read_text().splitlines():
        title = re.match(r"(##+) (.*)", line)
        if title:
            chapter = title[2] if title[1] == "##" else chapter
            heading = title[2] if title[1] == "##" else f"{chapter}: {title[2]}"
        elif row := re.match(r"\| `([^`]+)` \|", line):
            found.setdefault(heading, []).append(row[1])
    return found


def told(root: Path, heading: str) -> str:
    """The text of a row or paragraph that contains the words."""
    return next(line for line in (root / "docs" / "formats.md").read_text().splitlines() if heading in line)


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("raw.jsonl", Attempt),
        ("raw.jsonl: reply", Reply),
        ("raw.jsonl: extraction", Extraction),
        ("raw.jsonl: verdict", Verdict),
        ("raw.jsonl: verdict.cases", CaseResult),
        ("raw.jsonl: agent", AgentRecord),
        ("raw.jsonl: agent.earlier", Try),
        ("store.db: calls", ModelCall),
        ("store.db: judgments", Judgment),
        ("store.db: reading", Reading),
        ("store.db: mark", Mark),
        ("store.db: labels", Labelled),
        ("scores.json: agents", Agents),
        ("scores.json: judges", Judged),
        ("harness sandbox bench --json", BenchReport),
        ("harness sandbox bench --json: rates", Rate),
        ("harness sandbox bench --json: open_loop", OpenLoop),
        ("harness sandbox bench --json: bursts", Burst),
        ("harness sandbox bench --json: counters", Counted),
        ("harness sandbox bench --json: lengths", Length),
    ],
)
def test_types(documented: dict[str, list[str]], heading: str, model: type[BaseModel]) -> None:
    assert sorted(documented[heading]) == sorted(model.model_fields)


def test_words_inside_rows(root: Path) -> None:
    assert all(f"`{outcome}`" in told(root, "| `outcome` | `passed`") for outcome in Outcome)
    assert all(f"`{ending}`" in told(root, "| `ending` |") for ending in AgentEnding)
    assert all(f"`{name}`" in told(root, "| `attempt` | `task`") for name in AttemptKey.model_fields)
    assert all(f"`{name}`" in told(root, "| `usage` |") for name in Usage.model_fields)
    assert {"messages", "prompt", "sampling"} <= set(Request.model_fields)


@pytest.mark.engine
def test_what_is_really_written(
    harness: Harness,
    documented: dict[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TEMPLATES / "function", tmp_path / "s" / "t")
    arguments = ("run", "s", "--model", "reference", "--json")

    def same(heading: str, document: dict[str, Any]) -> None:
        assert documented[heading] == list(document)

    same("harness run --dry-run --json", harness(*arguments, "--dry-run").json)
    run = harness(*arguments).json
    same("harness run --json", run)
    same("harness run --json: models", run["models"]["reference"])
    same("harness run --json: score", run["models"]["reference"]["pass_at_1"])

    directory = Path(run["directory"])
    assert sorted(documented["The run directory"]) == sorted(path.name for path in directory.iterdir())
    assert {path.name for path in vars(RunPaths(directory)).values()} - {directory.name} <= set(
        documented["The run directory"]
    )
    (line,) = (directory / "raw.jsonl").read_text().splitlines()
    record = json.loads(line)
    same("raw.jsonl", record)
    for key in ("reply", "extraction", "verdict"):
        same(f"raw.jsonl: {key}", record[key])
    same("raw.jsonl: verdict.cases", record["verdict"]["cases"][0])

    answers = tmp_path / "answers.jsonl"
    answers.write_text(json.dumps({"task": "t", "code": ""}))
    graded = harness("grade", "s", "--candidates", answers, "--json").json
    same("harness grade --json", graded)
    same("harness grade --json: results", graded["results"][0])
    assert list(graded["summary"]) == ["candidates", "passed", "outcomes"]

    checked = harness("check", "s", "--rounds", 1, "--json").json
    same("harness check --json", checked)
    same("harness check --json: tasks", checked["tasks"][0])


def test_exit_codes(documented: dict[str, list[str]]) -> None:
    assert documented["Exit codes"] == ["0", "1", "2", "130", "143"]


def test_what_import_drift_and_annotate_write(
    harness: Harness, documented: dict[str, list[str]], root: Path, tmp_path: Path
) -> None:
    assert sorted(documented["harness import: replies"]) == sorted(ReplyLine.model_fields)
    assert sorted(documented["harness import: judgments"]) == sorted(JudgmentLine.model_fields)
    assert documented["harness annotate: agreements"] == list(Agreement.model_fields)
    columns = {ID, *DIMENSIONS[:1], *(name for names in (*GIVEN.values(), *FILLED_IN.values()) for name in names)}
    assert set(documented["harness annotate: sheet"]) == columns - set(DIMENSIONS[1:])
    lines = [{"task": "t", "model": "m", "passed": passed} for passed in (True, False)]
    for name, line in zip("ab", lines, strict=True):
        (tmp_path / name).write_text(json.dumps(line))
        done = harness("import", tmp_path / name, "--name", f"run-{name}", "--out", tmp_path, "--json", "--quiet").json
        assert documented["harness import: harness import --json"] == list(done)
    found = harness("drift", tmp_path / "run-a", tmp_path / "run-b", "--json").json
    assert documented["harness drift --json"] == list(found)
    assert documented["harness drift --json: drift models"] == list(found["models"][0]) == list(found["overall"])
    assert documented["harness annotate: harness annotate --read --json"] == [f.name for f in fields(Read)]
