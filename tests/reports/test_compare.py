"""compare.html: everything there, nothing that acts."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.content import load_module
from harness.judging.analysis.across import JudgedComparison, Judges, heard
from harness.stats.compare import RunTable, compare
from harness.stats.compare.results import Comparison
from harness.stats.inputs import ReportInput
from tests.judging.making import Bench
from tests.stats.compare.made import attempt, runs, table, wins_tables

comparison = load_module("reports", "comparison")
charts = load_module("reports", "comparison_charts")

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "x\u202eevil", "{{ 7*7 }}", "a&b</style>"]
VOID = {"meta", "link", "br", "img", "col", "circle", "line", "rect", "path", "polyline", "polygon"}


class Outline(HTMLParser):
    """Tags with their attributes; every one closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    assert parser.open == []
    return parser


def three(names: list[str], metric: Any = "pass", **options: Any) -> Comparison:
    rng = np.random.default_rng(1)
    tables = runs(
        [{m: (rng.random(12) < (i + 1) / 6).astype(float).tolist() for i, m in enumerate(names)} for _ in range(3)],
        [f"<b>{'xy'[t % 2]}</b>" for t in range(12)],
    )
    return compare(tables, metric, **options)


@pytest.mark.parametrize("metric", ["pass", "score", "points", "wins"])
def test_hostile_names_are_text(metric: str) -> None:
    page = outline(comparison.html(three(HOSTILE, metric, baseline=HOSTILE[0])))
    grouped = three([f"{name}s" for name in HOSTILE], metric, groups={HOSTILE[0]: [f"{name}s" for name in HOSTILE[1:]]})
    page.tags += outline(comparison.html(grouped)).tags
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "link", "b", "object"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "\u202e" not in comparison.html(three(HOSTILE, metric))
    assert "49" not in re.findall(r">\s*(49)\s*<", comparison.html(three(HOSTILE, metric)))


def test_hostile_judges_are_text() -> None:
    bench = Bench()
    for judge in HOSTILE[:3]:
        for task in range(4):
            bench.ask(judge, f"<b>{task}</b>", {m: {"score": 5 + i, "rank": 1 + i} for i, m in enumerate(HOSTILE)})
        bench.ask(judge, "<b>lost</b>", {HOSTILE[0]: {}}, reason="<i>odd</i>")
    report = ReportInput(
        name="r", attempts=(), judgments=bench.judgments, marked=bench.marked, labels=bench.labels,
        families={HOSTILE[1]: "<u>", HOSTILE[3]: "<u>"},
    )  # fmt: skip
    plain = three(HOSTILE)
    said = heard([report], [HOSTILE])
    assert said is not None
    judges = Judges(partial=said.partial, without=plain.spread, said=said.said)
    text = comparison.html(JudgedComparison.of(plain, judges))
    page = outline(text)
    assert "judges" in {attributes.get("id") for tag, attributes in page.tags if tag == "section"}
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "link", "b", "i", "u", "object"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "\u202e" not in text
    rows = list(csv.reader(io.StringIO(comparison.numbers_csv(JudgedComparison.of(plain, judges)))))
    assert {row[0] for row in rows} >= {"partial", "judge", "bias", "agreement", "without_partial"}


def test_every_page_is_there_and_linked() -> None:
    page = outline(comparison.html(three(["a", "b", "c"], groups={"g": ["a", "b"]})))
    sections = [attributes["id"] for tag, attributes in page.tags if tag == "section"]
    assert sections == [name for name in comparison.PAGES if name != "judges"]
    assert [a["href"] for tag, a in page.tags if tag == "a" and a["href"] != "#places"] + ["#places"] == [
        f"#{name}" for name in sections[1:]
    ] + ["#places"]
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in page.tags)


def test_what_has_nothing_to_show_is_left_out() -> None:
    text = comparison.html(compare([table("one", [attempt("only", "s/t")])]))
    sections = [attributes["id"] for tag, attributes in outline(text).tags if tag == "section"]
    assert "pairs" not in sections
    assert "claims" not in sections
    assert "groups" not in sections
    assert "One model" in text


def test_places_are_intervals() -> None:
    text = comparison.html(compare(wins_tables(), "wins"))
    assert 'aria-label="hermes3:8b: places' in text
    assert "What the draw" in text or "the draw of 28 tests" in text
    assert "underpowered" not in text  # one category of 28


def test_groups_are_shown_with_what_they_have_together() -> None:
    text = comparison.html(three(["a", "b", "c"], "wins", groups={"two": ["a", "b"]}))
    assert "2 groups, 12 tasks, 3 runs" in text
    assert "67%" in text  # two models of three
    assert "one SD of wins if all models were equal" not in text
    assert "one SD of wins if all models were equal" in comparison.html(three(["a", "b"], "wins"))


def test_what_a_row_rests_on_is_told_where_it_is_not_everything() -> None:
    rows = [attempt(m, f"t{t}", index=i, score=float(m == "a")) for m in "ab" for t in range(8) for i in range(2)]
    whole = comparison.html(compare([table("one", rows)]))
    assert "Known<small>" not in whole
    lost = [
        item.model_copy(update={"verdict": None, "error": "503"}) if item.attempt and item.model == "a" else item
        for item in rows
    ]
    text = comparison.html(compare([table("one", lost)]))
    places = text.split("</table>")[0]
    assert re.findall(r'<td class="few">(\d+%)</td></tr>', places) == ["50%", "100%"]


def test_without_letters_there_is_no_word_of_them() -> None:
    found = compare([table("one", [attempt(m, f"t{t}") for m in "ab" for t in range(8)])])
    assert ">Letters<" in comparison.html(found)
    none = found.model_copy(update={"spread": tuple(row.model_copy(update={"letters": ""}) for row in found.spread)})
    assert "etters" not in comparison.html(none).split("</style>")[-1]


def test_small_categories_are_marked() -> None:
    text = comparison.html(three(["a", "b"]))
    assert text.count("underpowered</span>") == 2


def test_many_of_everything_stays_bounded() -> None:
    names = [f"m{i:02d}" for i in range(40)]
    rng = np.random.default_rng(1)
    found = compare(runs([{m: rng.integers(0, 2, 30).astype(float).tolist() for m in names} for _ in range(12)]))
    text = comparison.html(found)
    outline(text)
    assert "10 more models are in the JSON" in text
    assert len(text) < 2_000_000


def test_a_rank_is_a_line_or_a_point() -> None:
    assert 'class="range"' in charts.ranks(1, 3, 5, "m")
    point = charts.ranks(2, 2, 5, "m")
    assert 'class="range"' not in point
    assert "place 2" in point


@pytest.mark.parametrize(("value", "reach"), [(1, 1), (1.1, 1.2), (22, 30), (28, 30), (0.3, 0.3), (99, 100), (8, 8)])
def test_scales(value: float, reach: float) -> None:
    assert charts.nice(value) == pytest.approx(reach)


def test_equal_runs_do_not_hide_each_other() -> None:
    drawn = charts.strip([4.0, 4.0, 4.0], 4.0, None, 1.5, 8.0, "m")
    assert len(set(re.findall(r"translate\((\d+) 0\)", drawn))) == 3
    assert drawn.count('class="floor"') == 1


def test_file(tmp_path: Path) -> None:
    path = comparison.render(three(["a", "b"]), tmp_path / "new")
    assert path == tmp_path / "new" / "compare.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_csv_has_a_header_for_every_cell() -> None:
    lines = comparison.numbers_csv(three(["a", "b"], baseline="a")).splitlines()
    assert lines[0].split(",") == list(comparison.COLUMNS)
    assert any(line.startswith("against,b,a") for line in lines)


def test_an_empty_table_is_no_picture() -> None:
    with pytest.raises(ValueError, match="no attempt"):
        comparison.html(compare([RunTable("x")]))
