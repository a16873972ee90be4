"""What reports show of agents: every number, nothing hidden, nothing that acts, never too much."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.content import load_module
from harness.stats.inputs import ReportInput
from harness.stats.numbers import Summary
from harness.types import AgentEnding, AgentRecord, ModelCall, Reply
from tests.reports.conftest import DIFF, HIDDEN, calls_of
from tests.reports.test_render import HOSTILE, hostile, page_of

Make = Callable[..., ReportInput]
render = load_module("reports", "render").render
clipper = load_module("reports", "clipper")
diff_view = load_module("reports", "diff_view")
agents_page = importlib.import_module("harness_reports.pages.agents")


def changed(run: ReportInput, change: Callable[[AgentRecord], dict[str, Any]], **more: Any) -> ReportInput:
    """`run` with other records of its agents."""
    rows = [
        row.model_copy(update={"agent": row.agent.model_copy(update=change(row.agent))}) if row.agent else row
        for row in run.attempts
    ]
    return replace(run, attempts=rows, **more)


def words(parts: list[str]) -> str:
    return re.sub(r"\s+", " ", "".join(parts))


def attempts_in(text: str) -> list[str]:
    """The HTML of each attempt."""
    return text.split('<details class="attempt">')[1:]


def test_a_run_of_agents_says_what_they_did(agents: Make, tmp_path: Path) -> None:
    page, _ = page_of(agents(), tmp_path)
    text = words(page.text)
    for phrase in (
        "Passed at the first try", "Passed at the last try", "Tried againwas told which hidden tests failed12 of 59",
        "aider 0.86.2", "timeoutat the limit of its wall time12", "turnsquestions and answers of the conversation177",
        "own thing118", "Well formedevery edit could be applied47 of 59",
        "Changed other fileswhich are no part of the answer, and not taken11 of 59",
        "Calls an attemptanswers of the model3",
        "Refused callsby the gateway, in all attempts12", "Time an attemptits model included30 s",
        "Ended timeout: its time was over", "Calls answered 3, 1 refused", "First call after 2.5 s",
        "Changed beside the answer, and not taken: conftest.py: new.", "3 calls of the model",
        "400: budget_exceeded: no more",
        "the agent's image harness-sandbox-aider:fc75", "1 file changed by the agent", "at try 2", "Try 1 wrong answer",
        "Talk of attempt 1.",
    ):  # fmt: skip
        assert phrase.replace(" ", "") in text.replace(" ", ""), phrase
    assert "lint failed" not in text.lower(), "what never occurred"
    assert len([attrs for tag, attrs in page.tags if tag == "h2"]) == 7


def test_the_document_stays_a_good_one(agents: Make, tmp_path: Path) -> None:
    page, _ = page_of(agents(), tmp_path)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attrs or attrs.get("class") in {"measure", "plot", "value"} for attrs in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {(attrs["href"] or "")[1:] for attrs in page.all("a")} <= set(ids)
    for tag, attrs in page.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"}
        assert not {name for name in attrs if name.startswith("on") or (name in {"src", "style"} and tag != "table")}


def test_answer_and_verdict_come_before_the_agents_doings(agents: Make, tmp_path: Path) -> None:
    _, text = page_of(agents(2), tmp_path)
    for attempt in attempts_in(text):
        if "<h4>Agent</h4>" in attempt:
            marks = ("<h4>Answer</h4>", 'class="diff"', "Verdict case by case", "<h4>Agent</h4>")
            places = [attempt.index(mark) for mark in marks if mark in attempt]
            assert len(places) >= 3
            assert places == sorted(places)
            assert attempt.count("conftest.py: new") == ("Changed beside" in attempt)


def test_what_an_agent_was_told_of_hidden_tests_is_in_no_file(agents: Make, tmp_path: Path) -> None:
    run = changed(agents(), lambda one: {"detail": f"said {HIDDEN}"} if one.earlier else {})
    for path in render(run, tmp_path):
        assert HIDDEN.encode() not in path.read_bytes(), path.name
    _, text = page_of(run, tmp_path)
    told = [attempt for attempt in attempts_in(text) if "at try 2" in attempt]
    assert len(told) == 12
    for attempt in told:
        assert "which may quote them, are not shown" in attempt
        assert "Talk of" not in attempt
        assert "<summary>Transcript" not in attempt
        assert "What it was told</summary>" not in attempt
        assert "return sum(prices)" in attempt, "the diff is the model's own"
        assert '<span class="warn">400</span>' in attempt
    others = [attempt for attempt in attempts_in(text) if "<h4>Agent</h4>" in attempt and attempt not in told]
    assert all("Talk of attempt" in attempt and "are not shown" not in attempt for attempt in others)

    _, shown = page_of(run, tmp_path / "shown", show_hidden=True)
    assert "are not shown" not in shown
    told = [attempt for attempt in attempts_in(shown) if "at try 2" in attempt]
    for attempt in told:
        # transcript, told, detail, a call's error, and a reply and thinking that repeat the transcript
        for phrase in ("Talk of attempt 0. ", "7 passed, 1 failed. ", "said ", "budget_exceeded: "):
            assert phrase + HIDDEN in attempt, phrase


def test_without_agents_nothing_is_said_of_them(synthetic: Make, tmp_path: Path) -> None:
    page, text = page_of(synthetic(), tmp_path)
    assert '<section id="agents"' not in text
    assert not [attrs for tag, attrs in page.tags if attrs.get("class") in {"diff", "try", "calls"}]
    assert "First try" not in text
    for name in ("report.md", "scores.csv"):
        assert not re.search("agent|first.try", (tmp_path / name).read_text(encoding="utf-8"), re.IGNORECASE), name
    document = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert [model["agents"] for model in document["summary"]["models"]] == [None, None]


def test_a_mixed_run_says_of_agents_what_agents_did(agents: Make, synthetic: Make, tmp_path: Path) -> None:
    """One model with agents and one without: the other's numbers are what they were."""
    render(agents(), tmp_path / "a")
    render(synthetic(), tmp_path / "b")
    documents = [json.loads((tmp_path / name / "scores.json").read_text())["summary"]["models"] for name in "ab"]
    assert documents[0][1] == documents[1][1]
    assert documents[0][1]["model"] == "reference"
    page, text = page_of(agents(), tmp_path)
    section = text[text.index('<section id="agents"') : text.index('<section id="coverage"')]
    assert "smollm2" in section
    assert "reference" not in section
    table = [line for line in (tmp_path / "report.md").read_text().splitlines() if "Passed at the first" in line]
    assert [line.count("|") for line in table] == [3]
    assert page.text.count("First try") == 2, "one row of the plot, one explanation"


def test_agents_that_were_told_nothing_have_one_pass_rate(agents: Make, tmp_path: Path) -> None:
    run = changed(agents(2), lambda one: {"earlier": (), "counts": {}})
    page, text = page_of(run, tmp_path)
    assert "Passed at the" not in text
    assert "none was told of hidden tests" in text
    assert "First try" not in text
    assert "<h3>What they did</h3>" not in text, "nothing was counted"
    assert "Well formedevery edit could be applied–" in words(page.text), "not counted is not well formed"


@pytest.mark.parametrize("status", [None, "reply"])
def test_agents_in_attempts_without_a_verdict_or_reply(agents: Make, tmp_path: Path, status: str | None) -> None:
    run = agents(1, ("smollm2",), 2)
    gone: dict[str, Any] = {"verdict": None, "error": "down", **({"reply": None, "extraction": None} if status else {})}
    run = replace(run, attempts=[row.model_copy(update=gone) for row in run.attempts])
    page, _ = page_of(run, tmp_path)
    assert "not graded" in words(page.text)
    assert json.loads((tmp_path / "scores.json").read_text())["summary"]["models"][0]["agents"]["attempts"] == 2


def test_hostile_text_of_agents_stays_text(agents: Make, tmp_path: Path, with_rows: Callable[..., ReportInput]) -> None:
    run = agents(2)
    quiet = {tag for tag, _ in page_of(run, tmp_path)[0].tags}
    bad = {
        "agent": HOSTILE, "image": HOSTILE, "detail": HOSTILE, "transcript": HOSTILE, "left": (HOSTILE, HOSTILE),
        "diff": f"--- {HOSTILE}+++ {HOSTILE}@@ -1,9 +1,9 @@ {HOSTILE}-{HOSTILE}+{HOSTILE}",
        "counts": {HOSTILE: 7, "=cmd|' /C calc'!A0": 3, "edits": 2},
    }  # fmt: skip
    run = changed(run, lambda one: {
        **bad, "earlier": tuple(was.model_copy(update={"told": HOSTILE}) for was in one.earlier),
    })  # fmt: skip
    rows = [hostile(row, HOSTILE) for row in run.attempts]

    def calls(session: str) -> list[ModelCall]:
        reply = Reply(text=HOSTILE, finish_reason=HOSTILE)
        found = [ModelCall(session="s", number=1, asked=HOSTILE, reply=reply)]
        return [*found, ModelCall(session="s", number=2, asked="m", status=400, error=HOSTILE)]

    run = replace(with_rows(run, rows), calls=calls)
    page, text = page_of(run, tmp_path, show_hidden=True)
    assert {tag for tag, _ in page.tags} <= quiet | {"p", "pre", "h4", "details", "table"}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)
    kinds = {attrs.get("class") for attrs in page.all("span")}
    assert {"file", "hunk", "add", "del", "same"} <= kinds
    shown = "".join(page.text)
    assert "-</pre></script><script>alert(1)</script>" in shown
    assert "+</pre></script><script>alert(1)</script>" in shown
    assert shown.count("␛[31mred") > 100
    table = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script>" not in table
    for block in re.findall(r"(?:^\|.*\n)+", table, re.MULTILINE):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block
    sheet = (tmp_path / "scores.csv").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", sheet)
    rows_of = list(csv.DictReader(io.StringIO(sheet)))
    assert any("agent_count_=cmd" in row["metric"] for row in rows_of)
    assert not any(row["metric"].startswith(("=", "+", "-", "@")) for row in rows_of)
    document = (tmp_path / "scores.json").read_bytes()
    assert document.isascii()
    assert json.loads(document)["summary"]["models"][0]["agents"]["counts"]["edits"] == 20


def test_a_thousand_calls_and_huge_texts_keep_to_the_budget(agents: Make, tmp_path: Path) -> None:
    reply = calls_of("s")[0].reply
    many = [
        ModelCall(session="s", number=n, asked="m", status=400, error="e" * 5_000, reply=reply if n % 2 else None)
        for n in range(1, 1001)
    ]
    flood = "".join(f"+{'a' * (n % 3)}\n-\n" for n in range(400_000))
    big = {
        "transcript": "t" * 1_000_000, "diff": f"@@ -1,400000 +1,400000 @@\n{flood}",
        "left": ("l" * 1_000,) * 5_000, "counts": {f"count {n} {'c' * 500}": 1 for n in range(5_000)},
    }  # fmt: skip
    page, text = page_of(changed(agents(2), lambda one: big, calls=lambda session: many), tmp_path)
    assert "960,000 more characters are in raw.jsonl" in text
    assert "1,000 calls of the model" in text
    assert "The first and the last 100; store.db has them all." in text
    first = next(attempt for attempt in attempts_in(text) if "1,000 calls" in attempt)
    rows = re.findall(r'<tr><th scope="row">(\d+)</th><td class="left">', first)
    assert [int(number) for number in rows] == [*range(1, 101), *range(901, 1001)]
    assert page.tags
    full, text = page_of(changed(agents(), lambda one: big, calls=lambda session: many), tmp_path / "full")
    assert full.tags
    assert len(text) < 20_000_000


def test_a_full_report_shows_the_beginnings(agents: Make) -> None:
    spent = clipper.Clipper(0)
    (part,) = diff_view.parts_of(DIFF * 100, spent)
    assert part.kind == "same"
    assert part.text.startswith(DIFF[: clipper.SHORT])
    assert "clipped here" in part.text
    assert diff_view.parts_of("", clipper.Clipper()) == []


def test_lines_of_a_diff_are_told_apart_by_the_length_of_hunks() -> None:
    found = [(part.kind, part.text) for part in diff_view.parts_of(DIFF, clipper.Clipper())]
    assert found == [
        ("file", "--- a/shop/cart.py\n+++ b/shop/cart.py\n"), ("hunk", "@@ -1,3 +1,3 @@\n"),
        ("same", " def total(prices):\n"), ("del", "--- counter\n-    return 0\n"),
        ("add", "++++ counter\n+    return sum(prices)\n"), ("file", "--- /dev/null\n+++ b/shop/new.py\n"),
        ("hunk", "@@ -0,0 +1 @@\n"), ("add", "+VALUE = 1\n"),
    ]  # fmt: skip
    odd = ("", "\n\n", "@@ -9999999999 +1 @@\n+x", "@@ -1,2 +1,2 @@", "@@ -1 +1 @@\n\n\n+x", "x\n[3 more characters]\n")
    for text in odd:
        assert "".join(part.text for part in diff_view.parts_of(text, clipper.Clipper())) == text


def test_csv_and_json_carry_the_numbers(agents: Make, tmp_path: Path) -> None:
    render(agents(), tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    keys = [(row["model"], row["scope"], row["name"], row["k"], row["metric"]) for row in rows]
    assert len(keys) == len(set(keys))
    found = {row["metric"]: row for row in rows if row["scope"] == "run" and row["model"] == "smollm2"}
    document = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    summary = Summary.model_validate(document["summary"]).models[0]
    assert summary.agents is not None
    for name in ("first_try", "last_try"):
        score = getattr(summary.agents, name)
        assert (float(found[name]["value"]), float(found[name]["low"])) == (score.value, score.low)
        assert found[name]["n"] == "12"
    assert found["last_try"]["value"] == found["pass_at_1"]["value"]
    assert float(found["first_try"]["value"]) < float(found["last_try"]["value"])
    wanted = {
        "attempts": 59, "told": 12, "well_formed": 47, "left": 11, "calls": 177, "refused": 12, "start_s": 0.8,
        "wall_s": 1770, "ended_finished": 47, "ended_timeout": 12, "count_turns": 177, "count_lint_failed": 0,
    }  # fmt: skip
    assert {name: float(found[f"agent_{name}"]["value"]) for name in wanted} == pytest.approx(wanted)
    assert not [row for row in rows if row["model"] == "reference" and "agent" in row["metric"]]


def test_every_ending_is_explained() -> None:
    assert set(agents_page.ENDINGS) == {ending.value for ending in AgentEnding}


def test_names_break_behind_their_parts() -> None:
    pieces = load_module("reports", "text").pieces
    assert pieces("tests/a/test_b.py::T::test_c") == ["tests/", "a/", "test_b.py::", "T::", "test_c"]
    assert pieces("") == [""]
    assert "".join(pieces("/::/")) == "/::/"
