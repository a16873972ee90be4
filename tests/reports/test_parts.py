"""The parts of a report: words for numbers, clipping, charts, contrast of the theme."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import content_dir, load_module
from harness.stats.score import Interval, Score
from harness.words import plural

text = load_module("reports", "text")
charts = load_module("reports", "charts")
load_module("reports", "render")
manifest = importlib.import_module("harness_reports.pages.manifest")


@pytest.mark.parametrize(
    "share, words",
    [
        (None, "–"), (0, "0%"), (1, "100%"), (0.5, "50%"), (0.996, "99.6%"), (0.004, "0.4%"), (0.0001, "<0.1%"),
        (0.9999, ">99.9%"), (-0.25, "-25%"), (1.04, "104%"),
    ],
)  # fmt: skip
def test_percentages_keep_the_ends_for_the_ends(share: float | None, words: str) -> None:
    assert text.percent(share) == words


def test_other_words() -> None:
    score = Score.of(0.4, Interval(0.1176, 0.7693, "wilson"), 5)
    assert text.interval(score) == "12–77%"
    assert text.spoken(score) == "40% (12–77%)"
    assert text.spoken(Score.missing("why")) == "–"
    assert [text.seconds(s) for s in (None, 0, 0.004, 3.14, 59.6, 200, 7500)] == [
        "–", "0.0\xa0s", "4\xa0ms", "3.1\xa0s", "60\xa0s", "3 min 20 s", "2 h 05 min"
    ]  # fmt: skip
    assert [text.dollars(d) for d in (None, 0, 0.00001, 0.0123, 12.5)] == [
        "unknown", "$0", "<$0.0001", "$0.012", "$12.50"
    ]  # fmt: skip
    assert text.moment("2025-11-21T05:00:00+01:00") == "2025-11-21 04:00 UTC"
    assert text.moment("yesterday") == "yesterday"
    assert (text.count(1234), text.number(3.0), text.number(None)) == ("1,234", "3", "–")
    assert (text.plural(1, "task"), text.plural(2000, "task")) == ("1 task", "2,000 tasks")
    assert (plural(1, "reply", "replies"), plural(0, "reply", "replies")) == ("1 reply", "0 replies")


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_becomes_harmless(anything: str) -> None:
    shown = text.clip(anything, 100)
    shown.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert "\n" not in text.one_line(anything)
    assert len(text.one_line(anything, 20)) <= 20
    assert "|" not in text.markdown(anything).replace("\\|", "")


def test_ordinary_text_is_not_touched() -> None:
    ordinary = "naïve Δ 漢字 שלום 🙂\tcode\n    return 'ok'\n"
    assert text.clip(ordinary, 100) == ordinary


def test_charts_say_their_numbers() -> None:
    score = Score.of(0.4, Interval(0.1176, 0.7693, "wilson"), 5)
    svg = str(charts.whisker(score, "selected", "<m>, selected"))
    assert 'aria-label="&lt;m&gt;, selected: 40% (12–77%)"' in svg
    assert 'x1="11.76%"' in svg
    assert "span" not in str(charts.whisker(Score.missing(""), "mean", "m"))
    line = charts.Line("mean", "one attempt", [(k, score) for k in (1, 2, 3)], band=True)
    assert "one attempt 40% at 1, 40% at 3" in str(charts.curve([line], "m"))
    assert charts.curve([], "m") == ""
    single = charts.Line("mean", "one attempt", [(1, score)], band=True)
    assert "polygon" not in str(charts.curve([single], "m"))


def test_long_curves_have_few_labels() -> None:
    score = Score.of(0.4, Interval(0.1, 0.7, "wilson"), 5)
    line = charts.Line("oracle", "oracle", [(k, score) for k in (*range(1, 17), 20, 25, 31, 100, 200)])
    svg = str(charts.curve([line], "m"))
    assert ">200<" in svg
    assert svg.count('text-anchor="middle"') <= 6
    assert "dot" not in svg


@pytest.mark.parametrize(
    "share, name", [(None, "none"), (0, "h0"), (0.01, "h1"), (0.5, "h5"), (0.99, "h9"), (1, "h10")]
)
def test_heat_keeps_all_and_none_apart(share: float | None, name: str) -> None:
    assert charts.heat(share) == name


def test_manifest_hides_what_looks_like_a_secret() -> None:
    values: dict[str, object] = {
        "a": {"api_key": "sk-1", "api_key_env": "A_KEY", "max_tokens": 5},
        "b": [{"password": "p"}, 2],
        "c": [1, 2],
    }
    values |= {"url": "https://me:pw@host/v1", "empty": "", "none": None}
    assert dict(manifest.flatten(values)) == {
        "a.api_key": "(not shown)", "a.api_key_env": "A_KEY", "a.max_tokens": "5", "b.0.password": "(not shown)",
        "b.1": "2", "c": "1, 2", "url": "https://host/v1",
    }  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_text_has_enough_contrast_in_both_themes() -> None:
    style = (Path(content_dir("reports")) / "templates" / "style.css").read_text(encoding="utf-8")
    cells = re.findall(r"\.h\d+ \{ background: (#\w{6}); color: (#\w{6}); \}", style)
    assert len(cells) == 22
    assert min(contrast(*pair) for pair in cells) >= 4.5
    themes = [dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)]
    for theme in themes[:2]:
        for name in ("ink", "muted", "mean", "selected", "oracle", "fail", "link"):
            for ground in ("paper", "panel"):
                assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
