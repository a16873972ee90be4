"""The files of a report: self-contained, escaped, silent about hidden cases, valid with little or nothing in them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.content import load_module
from harness.errors import StoreError
from harness.stats.inputs import ReportInput
from harness.stats.numbers import Summary
from harness.types import Attempt, Candidate, Extraction

HIDDEN = "hidden-value-7f3a"
VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}
Make = Callable[..., ReportInput]
render = load_module("reports", "render").render


class Page(HTMLParser):
    """Reads a document and refuses what is not well nested."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def page_of(run: ReportInput, directory: Path, **options: Any) -> tuple[Page, str]:
    render(run, directory, **options)
    text = (directory / "report.html").read_text(encoding="utf-8")
    return Page(text), text


def test_writes_four_files(synthetic: Make, tmp_path: Path) -> None:
    written = render(synthetic(), tmp_path / "new" / "place")
    assert [path.name for path in written] == ["report.html", "report.md", "scores.csv", "scores.json"]
    assert sorted(path.name for path in (tmp_path / "new" / "place").iterdir()) == sorted(p.name for p in written)
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in written)


def test_writes_only_what_was_asked_for(synthetic: Make, tmp_path: Path) -> None:
    assert [p.name for p in render(synthetic(1), tmp_path, formats=["json"])] == ["scores.json"]
    with pytest.raises(ValueError, match="unknown format pdf"):
        render(synthetic(1), tmp_path, formats=["pdf"])


def test_nothing_comes_from_outside_and_nothing_runs(synthetic: Make, tmp_path: Path) -> None:
    page, text = page_of(synthetic(), tmp_path)
    for tag, attrs in page.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"}
        assert not {name for name in attrs if name in {"src", "srcset", "action", "data", "ping"}}
        assert not {name for name in attrs if name.startswith("on")}
        assert (attrs.get("href") or "#").startswith("#")
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|@font-face|https?:|expression", style)
    assert "default-src 'none'" in text


def test_is_readable_by_everyone(synthetic: Make, tmp_path: Path) -> None:
    page, _ = page_of(synthetic(), tmp_path)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 or before >= 2 for before, after in pairwise(headings))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attrs or attrs.get("class") in {"measure", "plot", "value"} for attrs in page.all("th"))
    for attrs in page.all("svg"):
        assert attrs.get("aria-label") or attrs.get("aria-hidden") or attrs.get("overflow")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {(attrs["href"] or "")[1:] for attrs in page.all("a")}
    assert targets <= set(ids)
    assert not [attrs for attrs in page.all("details") if attrs.get("class") == "task" and "open" in attrs]


def test_says_what_it_shows(synthetic: Make, tmp_path: Path) -> None:
    page, _ = page_of(synthetic(), tmp_path)
    text = re.sub(r"\s+", " ", "".join(page.text))
    for phrase in (
        "12 tasks, 2 models, 5 attempts each: 120 attempts, 118 of them graded.",
        "weak: 135 million parameters", "new tasks of this kind", "Oracle of 5", "2 of 60 attempts have no verdict",
        "429 Too Many Requests", "sandbox: the container was gone", "underpowered", "All 120 attempts",
        "the only fenced block", "Selected by verifier: most points", "networknone", "sha256:abab",
    ):  # fmt: skip
        assert phrase in text, phrase
    assert "sk-1" not in text
    assert "user:pass" not in text


def test_hidden_values_are_in_no_file(synthetic: Make, tmp_path: Path) -> None:
    for path in render(synthetic(), tmp_path):
        assert HIDDEN.encode() not in path.read_bytes(), path.name
    page, text = page_of(synthetic(), tmp_path / "shown", show_hidden=True)
    assert text.count(HIDDEN) > 100
    assert "keep it away from models" in "".join(page.text)


HOSTILE = (
    "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} {% raw %} &lt;b&gt; ]]> -->\n"
    "\x1b[31mred\x1b[0m \x00 \x07 \x85 \u202egnp.exe\u2069 \u200b \ufeff \ud800 \U000e0041 | `x` <details>\r\n"
)


def hostile(row: Attempt, text: str) -> Attempt:
    """`row` with `text` everywhere that a model, a candidate or a server decides."""
    verdict, reply = row.verdict, row.reply
    assert verdict is not None
    assert reply is not None
    bad = {"expected": text, "got": text, "output": text, "detail": text}
    cases = tuple(case.model_copy(update=bad) for case in verdict.cases)
    extraction = Extraction(
        candidate=Candidate(files={text[:100]: text}), choice=text, rejected=(text,), fenced=True, blocks=1
    )
    return row.model_copy(update={
        "reply": reply.model_copy(update={"text": text, "thinking": text, "finish_reason": text, "model": text}),
        "verdict": verdict.model_copy(update={"cases": cases, "detail": text}),
        "extraction": extraction, "error": text, "request": {"messages": [{"role": text, "content": text}, 3]},
    })  # fmt: skip


def test_hostile_text_stays_text(synthetic: Make, tmp_path: Path, with_rows: Callable[..., ReportInput]) -> None:
    run = synthetic(2)
    quiet = {tag for tag, _ in page_of(run, tmp_path)[0].tags}
    rows = [hostile(row, HOSTILE) for row in run.attempts]
    rows[0] = rows[0].model_copy(update={"verdict": None})
    page, text = page_of(with_rows(run, rows), tmp_path, show_hidden=True)
    assert {tag for tag, _ in page.tags} <= quiet | {"p", "pre", "h4", "details", "table"}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown
    assert "␛[31mred" in shown
    assert "⟨U+202E⟩gnp.exe" in shown
    assert "{{ 7*7 }}" in shown
    for name in ("report.md", "scores.csv"):
        assert b"<script>" not in (tmp_path / name).read_bytes()
    assert (tmp_path / "scores.json").read_bytes().isascii()


def test_hostile_names_stay_text(synthetic: Make, tmp_path: Path, with_rows: Callable[..., ReportInput]) -> None:
    run = synthetic(3)
    rows = [
        row.model_copy(update={"model": "=cmd|'<b>'!A1\n| x |", "task": "<i>|\u202etask", "category": "</td>"})
        for row in run.attempts
        if row.model == "smollm2" and row.task.endswith("flatten")
    ]
    page, _ = page_of(with_rows(run, rows), tmp_path)
    assert "i" not in {tag for tag, _ in page.tags}
    table = [line for line in (tmp_path / "report.md").read_text(encoding="utf-8").splitlines() if "cmd" in line]
    assert all("<b>" not in line.replace("\\<b\\>", "") for line in table)
    sheet = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    assert all(row["model"].startswith("'=") for row in sheet)


def test_long_texts_are_clipped_and_say_so(
    synthetic: Make, tmp_path: Path, with_rows: Callable[..., ReportInput]
) -> None:
    run = synthetic(12)
    rows = [hostile(row, "x" * 1_000_000) if row.reply and row.verdict else row for row in run.attempts]
    _, text = page_of(with_rows(run, rows), tmp_path)
    assert "980,000 more characters are in raw.jsonl" in text
    assert len(text) < 20_000_000


def test_many_attempts_are_spread_and_counted(
    synthetic: Make, tmp_path: Path, with_rows: Callable[..., ReportInput]
) -> None:
    run = synthetic()
    page, text = page_of(run, tmp_path, max_attempts=30)
    assert "30 attempts of 120 shown" in re.sub(r"\s+", " ", "".join(page.text))
    assert len([a for a in page.all("details") if a.get("class") == "attempt"]) == 30
    assert text.count('<span class="badge ok">selected</span>') >= 14
    tasks = [attrs for attrs in page.all("details") if attrs.get("class") == "task"]
    assert len(tasks) == 7
    assert all((attrs["href"] or "").startswith("#") for attrs in page.all("a"))


@pytest.mark.parametrize(
    "tasks, models, attempts", [(0, ("smollm2",), 5), (1, ("smollm2",), 1), (2, ("reference",), 2)]
)
def test_small_runs_have_valid_reports(
    synthetic: Make, tmp_path: Path, tasks: int, models: tuple[str, ...], attempts: int
) -> None:
    page, text = page_of(synthetic(tasks, models, attempts), tmp_path)
    heads = [i for i, (tag, _) in enumerate(page.tags) if tag == "h2"]
    assert len(heads) == 6
    assert ("This run has no attempts yet." in text) == (tasks == 0)
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# warmup-best-of-5\n")


def test_nothing_known_about_a_run(tmp_path: Path) -> None:
    page, _ = page_of(ReportInput(name="", attempts=[]), tmp_path)
    assert "Not recorded." in "".join(page.text)


def test_only_failures(synthetic: Make, tmp_path: Path, with_rows: Callable[..., ReportInput]) -> None:
    run = synthetic(2)
    rows = [row.model_copy(update={"verdict": None, "reply": None, "error": "down"}) for row in run.attempts]
    page, _ = page_of(with_rows(run, rows), tmp_path)
    text = "".join(page.text)
    assert "0 of them graded" in text
    assert "provider failure" in text
    assert "–" in text


def test_json_is_the_summary(synthetic: Make, tmp_path: Path) -> None:
    render(synthetic(), tmp_path)
    document = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert document["schema"] == 1
    assert document["run"] == "warmup-best-of-5"
    summary = Summary.model_validate(document["summary"])
    assert [model.model for model in summary.models] == ["smollm2", "reference"]
    assert summary.models[1].pass_at_1.value == 1


def test_csv_has_one_number_a_row(synthetic: Make, tmp_path: Path) -> None:
    render(synthetic(), tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    assert {row["scope"] for row in rows} == {"run", "category", "task", "curve"}
    keys = [(row["model"], row["scope"], row["name"], row["k"], row["metric"]) for row in rows]
    assert len(keys) == len(set(keys))
    (found,) = [r for r in rows if (r["model"], r["scope"], r["metric"]) == ("reference", "run", "pass_at_1")]
    assert float(found["value"]) == 1
    assert 0 < float(found["low"]) < 1
    assert found["n"] == "12"
    assert all(row["value"] == "" or float(row["value"]) >= -100 for row in rows)


def test_markdown_has_every_page_but_the_texts(synthetic: Make, tmp_path: Path) -> None:
    render(synthetic(), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Summary", "Tasks and categories", "Best of N", "Coverage and failures", "Manifest"]
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_a_place_that_cannot_be_written_is_said(synthetic: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        render(synthetic(1), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "in the way"


def test_an_older_report_is_replaced_whole(synthetic: Make, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    page, _ = page_of(synthetic(1), tmp_path)
    assert page.tags
    assert not list(tmp_path.glob(".*"))
