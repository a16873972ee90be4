"""The page of judges: what it says, what it hides, that nothing acts, and that it works with little and with much."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.content import load_module
from harness.judging.analysis.whole import Judged
from harness.judging.parse import REASONS
from harness.stats.inputs import ReportInput
from tests.judging.making import Bench, simulated
from tests.reports.judging import HOSTILE, REFERENCE, judged
from tests.reports.test_render import Page, page_of

Make = Callable[..., ReportInput]
render = load_module("reports", "render").render
words = __import__("importlib").import_module("harness_reports.judge_words")


def section(text: str) -> str:
    found = re.search(r'<section id="judges".*?</section>', text, re.S)
    assert found is not None
    return found.group(0)


def said(html: str) -> str:
    return re.sub(r"\s+", " ", "".join(Page(html).text))


def with_bench(run: ReportInput, bench: Bench, **families: str) -> ReportInput:
    return replace(run, judgments=bench.judgments, marked=bench.marked, labels=bench.labels, families=families)


def test_without_judges_there_is_no_page(synthetic: Make, tmp_path: Path) -> None:
    _, text = page_of(synthetic(), tmp_path)
    assert 'id="judges"' not in text
    assert "Judges" not in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["judges"] is None


def test_the_page_says_what_a_reader_needs(synthetic: Make, tmp_path: Path) -> None:
    _, text = page_of(judged(synthetic()), tmp_path)
    found = said(section(text))
    for phrase in (
        "3 judges (fair, first, smol-judge), 132 questions:", "not readable", "without a reply",
        "no zero, no tie, no pass", "Standings, listwise", "Standings, rubric", "Standings, pairwise", "own family",
        "Not impartial: smol-judge is a contestant, or of a contestant's family", "without partial judges",
        "Equal models", "Slot 1 wins 100% of", "where 50% is expected", "found", "Twice the length multiplies",
        "Swapping two replies changes the winner in", "Gives smollm2, its own,", "by chance",
        "Judges against mechanics",
        "passes or ranks first", "that fail one", REASONS["truncated"], "All 3 judges together, listwise",
        "Replies that could not be read",
    ):  # fmt: skip
        assert phrase in found, phrase
    assert "Tests and judges together" in text


def test_the_document_stays_a_good_one(synthetic: Make, tmp_path: Path) -> None:
    page, _ = page_of(judged(synthetic()), tmp_path)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attrs or attrs.get("class") in {"measure", "plot", "value"} for attrs in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {(attrs["href"] or "")[1:] for attrs in page.all("a")} <= set(ids)
    for attrs in page.all("svg"):
        assert attrs.get("aria-label") or attrs.get("aria-hidden") or attrs.get("overflow")


def test_what_judges_write_stays_text(synthetic: Make, tmp_path: Path) -> None:
    page, text = page_of(judged(synthetic(), text=HOSTILE), tmp_path)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7*7 }}" in shown
    assert "␛[31m⟨U+202E⟩" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)
    assert b"<script>" not in (tmp_path / "report.md").read_bytes()
    assert (tmp_path / "scores.json").read_bytes().isascii()


def test_judges_that_could_not_be_read_are_told(synthetic: Make, tmp_path: Path) -> None:
    bench = Bench()
    both = {"smollm2": {"score": 5, "rank": 2}, "reference": {"score": 8, "rank": 1}}
    for task in range(3):
        bench.ask("fair", f"s/{task}", both)
        bench.ask("mute", f"s/{task}", both, reason="empty")
        bench.ask("mute", f"s/{task}", {"smollm2": {}}, mode="rubric", reason="empty")
    _, text = page_of(with_bench(synthetic(3), bench), tmp_path)
    assert "In mode rubric nothing could be read: it has no table." in said(section(text))
    panel = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["judges"]["rankings"][0]["panel"]
    assert {one["model"]: one["unscored"] for one in panel["models"]} == {"smollm2": 3, "reference": 3}
    assert '<td class="warn">3</td>' in section(text)


def test_hostile_names_stay_text(synthetic: Make, tmp_path: Path) -> None:
    bench = Bench()
    for task in range(4):
        names = ["<b>x</b>|y", "=cmd|'/c calc'!A1"]
        said_ = {name: {"score": 5 + place, "rank": 2 - place} for place, name in enumerate(names)}
        bench.ask("<i>judge</i>|z", f"s/<u>{task}</u>", said_)
        bench.ask("other", f"s/<u>{task}</u>", said_)
    page, _ = page_of(with_bench(synthetic(2), bench), tmp_path)
    assert not {"i", "u"} & {tag for tag, _ in page.tags}
    assert "<b>x</b>|y" in "".join(page.text)
    body = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<i>" not in body
    for block in re.findall(r"(?:^\|.*\n)+", body, re.MULTILINE):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    assert any(row["model"].startswith("'=cmd") for row in rows)
    assert not any(row["model"].startswith("=") for row in rows)


def test_what_a_rubric_judge_repeats_of_the_reference_is_in_no_file(synthetic: Make, tmp_path: Path) -> None:
    run = judged(synthetic(), text="plain")
    for path in render(run, tmp_path):
        assert REFERENCE.encode() not in path.read_bytes(), path.name
    _, text = page_of(run, tmp_path / "shown", show_hidden=True)
    assert REFERENCE in section(text)
    assert REFERENCE in text.replace(section(text), ""), "the notes of its marks"


def test_each_attempt_shows_its_marks(synthetic: Make, tmp_path: Path) -> None:
    run = judged(synthetic(2), text="plain")
    _, text = page_of(run, tmp_path)
    marked = [part for part in text.split('<details class="attempt">')[1:] if 'class="marks"' in part]
    assert len(marked) == 4, "the first attempt of two models at two tasks; no judge saw the others"
    table = marked[0].partition('<table class="marks">')[2].partition("</table>")[0]
    words_ = said(f"<table>{table}</table>")
    assert re.search(r"listwise ?\d+ of 50accuracy \d+, completeness \d+", words_)
    assert re.search(r"pairwise ?–[12] of 2", words_)
    unscored = [one for one in run.judgments if not one.scored]
    expected = sum(len(run.labels[one.id]) for one in unscored)
    assert text.count('<span class="badge weak">unscored</span>') == expected


def test_nothing_could_be_read(synthetic: Make, tmp_path: Path) -> None:
    bench = Bench()
    bench.ask(
        "j", "single_function/add", {"smollm2": {}, "reference": {}}, reason="refusal", text="I would rather not."
    )
    bench.ask("j", "single_function/roman", {"smollm2": {}, "reference": {}}, error="503")
    _, text = page_of(with_bench(synthetic(), bench), tmp_path)
    found = said(section(text))
    assert "1 judge (j), 2 questions: 0 answered readably, 1 not readable, 1 without a reply." in found
    assert "no model has a mark" in found
    assert "I would rather not." in found
    assert "Standings" not in found
    assert not re.search(r"\b0%|\b0 of 1 win", found.partition("What could be read")[0])


def test_one_judge_one_model(synthetic: Make, tmp_path: Path) -> None:
    bench = Bench()
    bench.ask("j", "single_function/add", {"smollm2": {"score": 7}})
    _, text = page_of(with_bench(synthetic(1, ("smollm2",), 1), bench), tmp_path)
    found = said(section(text))
    assert "Judge: j;" in found
    assert "35.0" in found
    assert "Do judges agree?" not in found


def test_sixty_models(synthetic: Make, tmp_path: Path) -> None:
    models = [f"model-{number:02d}" for number in range(60)]
    bench = simulated(["one", "two"], models, 28, lambda r, j, m, s, c: r.gauss(int(m[-2:]) / 20, 1))
    _, text = page_of(with_bench(synthetic(1), bench), tmp_path)
    found = section(text)
    assert len(found) < 400_000
    assert all(model in found for model in models)
    places = [int(number) for number in re.findall(r'class="measure">model-(\d\d)', found)]
    assert len(places) == 60
    assert sum(places[:10]) > sum(places[-10:])
    assert ">Letters<" not in found
    assert found.count('<td class="letters">') == 60


def test_numbers_for_programs(synthetic: Make, tmp_path: Path) -> None:
    render(judged(synthetic()), tmp_path)
    document = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    found = Judged.model_validate(document["judges"])
    assert [ranking.mode for ranking in found.rankings] == ["listwise", "rubric", "pairwise"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    keys = [(row["model"], row["scope"], row["name"], row["k"], row["metric"]) for row in rows]
    assert len(keys) == len(set(keys))
    run = {row["metric"]: row for row in rows if (row["model"], row["scope"]) == ("smollm2", "run")}
    assert found.panel is not None
    panel = next(one for one in found.panel.models if one.model == "smollm2")
    assert float(run["judge_mean"]["value"]) == pytest.approx(panel.total.value)
    assert float(run["judge_wins"]["value"]) == pytest.approx(panel.wins)
    assert float(run["judge_unscored"]["value"]) == found.unscored["smollm2"]
    assert {row["name"] for row in rows if row["scope"] == "judge"} == {
        "panel", "independent", "judge fair", "judge first", "judge smol-judge"
    }  # fmt: skip


def test_who_was_never_read_has_no_wins_in_place_of_none(synthetic: Make, tmp_path: Path) -> None:
    bench = Bench()
    bench.ask("j", "a/t", {"smollm2": {"rubric": 3}}, mode="rubric", part="smollm2")
    bench.ask("j", "a/t", {"reference": {}}, mode="rubric", part="reference", reason="truncated")
    render(with_bench(synthetic(1), bench), tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    wins = [row["value"] for row in rows if row["metric"] in ("judge_wins", "rubric_wins")]
    assert len(wins) >= 4
    assert set(wins) == {""}


def test_markdown_has_the_tables_and_no_texts(synthetic: Make, tmp_path: Path) -> None:
    render(judged(synthetic(), text="plain words of a judge"), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "## Judges" in text
    assert "Judges' mean, of 50" in text
    assert "plain words of a judge" not in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block


def test_long_replies_show_their_end(synthetic: Make, tmp_path: Path) -> None:
    bench = Bench()
    long = "x" * 50_000 + " the very end"
    for number in range(40):
        said_: dict[str, Any] = {"smollm2": {}}
        bench.ask(f"j{number % 2}", f"s/{number}", said_, reason="no_json" if number % 3 else "truncated", text=long)
    _, text = page_of(with_bench(synthetic(1), bench), tmp_path)
    found = section(text)
    assert found.count("the very end") == 12
    assert "48,513 characters before this" in found
    assert len(found) < 60_000


@pytest.mark.parametrize(
    "p, shown", [(None, ""), (0.0004, "p < .001"), (0.0314, "p = .031"), (0.46, "p = .46"), (0.998, "p = 1")]
)
def test_probabilities(p: float | None, shown: str) -> None:
    assert words.probability(p).replace("\u00a0", " ") == shown


def test_swapped_orders_of_few_tasks_show_nothing(synthetic: Make, tmp_path: Path) -> None:
    for tasks, mark in ((5, "too few to say"), (6, "**found**")):
        bench = Bench()
        for task in range(tasks):
            for repeat in range(5):
                bench.pair("j", f"s/{task}", "smollm2", "reference", ["smollm2", "reference"], repeat=repeat)
        page_of(with_bench(synthetic(3), bench), tmp_path)
        assert f"swapped order: {mark}" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_share_beside_counts_says_that_it_is_a_mean_over_tasks(synthetic: Make, tmp_path: Path) -> None:
    """One of four replies, and of one of two tasks: 25% of the replies, 17% over tasks."""
    bench = Bench()
    for repeat in range(3):
        said_ = {"smollm2": {"score": 5}}
        bench.ask("j", "s/1", said_, repeat=repeat, reason="empty" if repeat == 0 else "")
    bench.ask("j", "s/2", {"smollm2": {"score": 5}})
    page_of(with_bench(synthetic(2), bench), tmp_path)
    assert "1 of 4 replies (mean over tasks 17%" in (tmp_path / "report.md").read_text(encoding="utf-8")
