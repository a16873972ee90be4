"""The published tables in fixtures/recorded: every figure comes out of the commands, and docs/recorded.md holds."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import combinations
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.cli.compare import compared, read
from harness.cli.drift import document
from harness.cli.progress import display
from harness.importing.load import Order, load
from harness.readback import load_report_input
from harness.stats.compare import Comparison
from harness.stats.compare.equal_runs import equal_by_chance
from harness.stats.drift import drift, items_of
from harness.stats.intervals import clopper_pearson, t_interval, wilson
from harness.stats.noise import homogeneity, most_wins_at_least, prompts_needed, wins_sd
from harness.stats.passk import best_of_k

FILES = (
    "wins-run1", "wins-run2", "wins-run3", "code-single", "code-p2-repeats", "code-p3-repeats", "code-p2-samples",
    "rescore", "rescore-previous",
)  # fmt: skip
CLOUD = ("claude-opus", "claude-sonnet", "deepseek-v3-0324", "glm-5", "minimax-m2.5")
WINS = {
    "claude-opus": (8, 6, 6),
    "claude-sonnet": (4, 4, 6),
    "deepseek-v3-0324": (4, 5, 6),
    "glm-5": (4, 4, 4),
    "minimax-m2.5": (2, 4, 1),
    "qwen2.5-coder:32b": (5, 2, 3),
    "deepseek-r1:32b": (0, 2, 2),
    "qwen3.5-abliterated:35b-a3b": (1, 1, 0),
    "hermes3:8b": (0, 0, 0),
    "qwen3.5-35b-a3b-opus-distilled": (0, 0, 0),
    "qwen3.5-27b-opus-distilled": (0, 0, 0),
}
SPREADS = {"claude-opus": 2, "glm-5": 0, "minimax-m2.5": 3, "qwen2.5-coder:32b": 3, "qwen3.5-abliterated:35b-a3b": 1}
P2 = {
    "gemma4:latest": (22, 0, 0.0),
    "qwen2.5-coder:14b": (20.6667, 2, 1.1547),
    "qwen3:14b": (16.6667, 1, 0.5774),
    "deepseek-coder-v2:16b": (14.6667, 4, 2.3094),
    "qwen3.5:9b": (13, 12, 6.9282),
    "qwen3.5:4b": (13, 15, 7.9373),
}
SHARES = [sum(runs) / 84 for runs in WINS.values()]


@pytest.fixture(scope="module")
def runs(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every file, imported."""
    place = tmp_path_factory.mktemp("recorded")
    with display(quiet=True) as shown:
        for name in FILES:
            load(Order((root / "fixtures" / "recorded" / f"{name}.jsonl",), name, out=place), shown)
    return {name: place / name for name in FILES}


@pytest.fixture(scope="module")
def rows(root: Path) -> dict[str, list[dict[str, Any]]]:
    files = {name: root / "fixtures" / "recorded" / f"{name}.jsonl" for name in FILES}
    return {name: [json.loads(line) for line in path.read_text().splitlines()] for name, path in files.items()}


@pytest.fixture(scope="module")
def told(root: Path) -> str:
    """What docs/recorded.md says."""
    return (root / "docs" / "recorded.md").read_text()


@pytest.fixture(scope="module")
def wins(runs: dict[str, Path]) -> Comparison:
    return compared(read([runs[f"wins-run{number}"] for number in (1, 2, 3)]), "wins")


def bounds(hits: int, n: int) -> tuple[float, float]:
    """Wilson's."""
    low, high, *_ = wilson(hits, n)
    assert low is not None
    assert high is not None
    return low, high


def line(told: str, *words: str) -> str:
    """The one line of the document with all these words in its first column."""
    (found,) = [row for row in told.splitlines() if row.startswith("|") and all(w in row.split("|")[1] for w in words)]
    return found


def test_every_file_says_what_was_published(rows: dict[str, list[dict[str, Any]]]) -> None:
    assert {len(rows[f"wins-run{n}"]) for n in (1, 2, 3)} == {28 * 11}
    for number in (0, 1, 2):
        won: dict[str, list[str]] = defaultdict(list)
        for row in rows[f"wins-run{number + 1}"]:
            if row["score"]:
                won[row["category"]].append(row["model"])
        assert {m: sum(names.count(m) for names in won.values()) for m in WINS} == {
            m: w[number] for m, w in WINS.items()
        }
        assert won["multi_turn"] == ["claude-opus"] * 2
        assert set(won["creative"]) <= set(CLOUD)
        most = {1: (), 2: ("deepseek-v3-0324", "minimax-m2.5"), 3: ("", "glm-5")}[number + 1]
        for category, model in zip(("safety", "math"), most, strict=False):
            assert not model or won[category].count(model) == 2
        assert (len(set(won["voice_quality"])) == 3) == (number < 2)


def test_wins_of_three_runs(wins: Comparison) -> None:
    found = {item.model: item for item in wins.spread}
    assert {name: tuple(item.values) for name, item in found.items()} == {
        name: tuple(map(float, runs)) for name, runs in WINS.items()
    }
    assert {name: found[name].range for name in SPREADS} == SPREADS
    opus = found["claude-opus"]
    assert (opus.mean, opus.range, opus.sd) == pytest.approx((6.6667, 2, 1.1547), abs=5e-5)
    assert (opus.rerun.low, opus.rerun.high) == pytest.approx((3.798, 9.535), abs=5e-4)
    assert t_interval((8, 6, 6))[:2] == pytest.approx((opus.rerun.low, opus.rerun.high))
    glm = found["glm-5"]
    assert (glm.range, glm.sd) == (0, 0)
    assert glm.rerun.low is not None
    assert glm.rerun.high is not None
    assert glm.rerun.low < 3 < 5 < glm.rerun.high
    assert wins.noise.prompts_sd == pytest.approx(1.5212, abs=5e-5)
    assert wins.noise.runs is not None
    assert wins.noise.runs.chi2 == pytest.approx(7.7714, abs=5e-5)
    assert (wins.noise.runs.df, wins.noise.runs.models) == (14, 8)
    assert wins.noise.runs.p == pytest.approx(0.901, abs=5e-4)
    known = homogeneity(list(WINS.values()))
    assert known is not None
    assert known[:3] == pytest.approx((wins.noise.runs.chi2, wins.noise.runs.df, wins.noise.runs.p))
    assert most_wins_at_least(5, 28, 11) == pytest.approx(0.8054, abs=5e-5)
    assert wins.planning is not None
    assert wins.planning.win_tests == 260


def test_compare_says_what_equal_runs_do_not(wins: Comparison, runs: dict[str, Path]) -> None:
    notes = "\n".join(wins.notes)
    assert "The same in all 3 runs: glm-5. That leaves up to 63% of further runs to differ." in notes
    assert "glm-5: 4 wins in each run. Runs that draw anew are as equal with probability 0.027; that one of 8" in notes
    assert "No win in 3 runs of 28 tasks: hermes3:8b" in notes
    assert "up to 12.3% of such tasks" in notes
    points = compared(read([runs["code-p2-repeats"]]), "points")
    assert "The same in all 3 runs: gemma4:latest." in "\n".join(points.notes)


def test_three_runs_and_what_was_made_of_them(told: str) -> None:
    scaled = [wins_sd(tests, models, scaled_to=28) for models in (9, 11) for tests in (100, 250)]
    assert all(f"{value:.3f}" in line(told, "±0.9") for value in scaled)
    needed = [prompts_needed(0.5, 11, scale=28, deviations=d) for d in (1, 1.96)]
    assert needed == [260, 996]
    assert all(str(number) in line(told, "250+") for number in needed)
    ranges = [max(w) - min(w) for w in WINS.values() if any(w)]
    assert (max(ranges), ranges.count(3), len(ranges)) == (3, 2, 8)
    drawn = np.random.default_rng(0).multinomial(28, SHARES, size=(100_000, 3))
    spread = drawn.max(axis=1) - drawn.min(axis=1)
    assert f"{(spread >= 3).sum(axis=1).mean():.1f} such models" in line(told, "3-win ranges")
    assert f"range of {spread.max(axis=1).mean():.1f} on average" in line(told, "3-win ranges")
    assert f"{most_wins_at_least(5, 28, 11):.3f}" in line(told, "local champion")
    chances = [equal_by_chance(share, 28, 3) for share in SHARES if share]
    one_of_them = 1 - float(np.prod([1 - chance for chance in chances]))
    # Eight models share 28 wins, which the product leaves out: a simulation says the same.
    same = (spread == 0)[:, [share > 0 for share in SHARES]].any(axis=1).mean()
    assert same == pytest.approx(one_of_them, abs=0.01)
    assert f"{equal_by_chance(4 / 28, 28, 3):.3f}" in line(told, "zero variance")
    assert f"probability {one_of_them:.2f}" in line(told, "zero variance")
    assert f"{1 - 0.05 ** (1 / 3):.0%}" in line(told, "zero variance")
    share = 5 / 56
    assert f"{1 - equal_by_chance(share, 28, 2):.0%}" in line(told, "recovered")
    assert f"{sqrt(2 * 28 * share * (1 - share)):.1f} wins" in line(told, "recovered")


def test_what_survived_three_runs(told: str) -> None:
    multi = line(told, "multi-turn")
    assert all(f"{wilson(n, n).low:.2f}" in multi for n in (6, 2))
    assert f"probability {sum(share**2 for share in SHARES):.2f}" in multi
    local = sum(sum(w) for name, w in WINS.items() if name not in CLOUD)
    creative = line(told, "creative")
    assert f"{local} of 84" in creative
    assert all(f"{(1 - local / 84) ** n:.2f}" in creative for n in (9, 3))
    assert all(f"{wilson(0, n).high:.2f}" in creative for n in (9, 3))
    never = line(told, "never won")
    assert f"{(10 / 11) ** 84:.4f}" in never
    assert all(f"{clopper_pearson(0, n).high:.1%}" in never for n in (84, 28))
    tier = line(told, "frontier")
    totals = {
        names: [sum(WINS[name][run] for name in names) for run in range(3)]
        for size in range(1, 6)
        for names in combinations(CLOUD, size)
    }
    inside = [names for names, wins in totals.items() if all(18 <= number <= 20 for number in wins)]
    assert inside == [("claude-opus", "claude-sonnet", "deepseek-v3-0324", "minimax-m2.5")]
    assert all(", ".join(map(str, totals[CLOUD[:size]])) in tier for size in (3, 4, 5))
    assert f"{9 * 8 * 7 * 6 / 9**4:.2f}" in line(told, "math")
    cells = 28 * 11 * 5
    assert f"{cells:,}" in line(told, "over 500")
    assert all(f"{share * cells:.0f}" in line(told, "over 500") for share in (0.33, 0.32))


def test_groups_of_the_three_runs(runs: dict[str, Path], told: str) -> None:
    groups = {"cloud": CLOUD, "local": [name for name in WINS if name not in CLOUD]}
    found = compared(read([runs[f"wins-run{n}"] for n in (1, 2, 3)]), "wins", groups=groups)
    cloud, local = found.groups
    assert list(cloud.totals) == [sum(WINS[name][run] for name in CLOUD) for run in range(3)] == [22, 23, 23]
    assert list(local.totals) == [6, 5, 5]
    said = line(told, "route to cloud")
    assert all(f"{share:.0%}" in said for share in (*(share or 0 for share in cloud.shares), 5 / 11))
    (pair,) = found.pairs
    assert pair.adjusted_p < 0.001
    assert pair.difference.value == pytest.approx(68 / 84 / 5 - 16 / 84 / 6)
    assert f"{pair.difference.value:.2f} more of a task" in said
    assert f"[{pair.difference.low:.2f}, {pair.difference.high:.2f}]" in said
    (creative,) = [c for c in found.claims if c.kind == "nothing_in_category" and c.category == "creative"]
    assert (creative.models, creative.survived, creative.supported) == (("local",), True, False)
    # Two further runs of three tests, at the share of wins that local models have everywhere.
    assert creative.by_chance == pytest.approx((1 - 16 / 84) ** 6)


def test_the_22_point_table(runs: dict[str, Path]) -> None:
    found = {item.model: item for item in compared(read([runs["code-p2-repeats"]]), "points").spread}
    assert set(found) == set(P2)
    for name, published in P2.items():
        assert (found[name].mean, found[name].range, found[name].sd) == pytest.approx(published, abs=5e-5)
    assert 6 + 8 * 2 == 22
    p3 = {item.model: item.mean for item in compared(read([runs["code-p3-repeats"]]), "points").spread}
    assert p3 == {"gemma4:latest": 10.0, "qwen2.5-coder:14b": pytest.approx(9.6667, abs=5e-5)}


def test_the_22_point_table_and_what_was_made_of_it(rows: dict[str, list[dict[str, Any]]], told: str) -> None:
    single: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows["code-single"]:
        single[row["model"]].append((row["score"], row["max_score"]))
    scores = {name: sum(a / b for a, b in values) / 3 for name, values in single.items()}
    assert [round(value, 3) for value in scores.values()] == [0.985, 0.97, 0.903, 0.788, 0.667, 0.542]
    p2 = {name: [r["score"] for r in rows["code-p2-repeats"] if r["model"] == name] for name in P2}
    first = max(scores, key=lambda name: scores[name])
    assert min(np.mean(values) for values in p2.values()) == np.mean(p2[first]) == 13.0
    assert "13.0 of 22" in line(told, "0.985")
    four = {name: [single[name][1][0], *values] for name, values in p2.items()}
    assert (four["qwen3:14b"], max(four["qwen3:14b"]) - min(four["qwen3:14b"])) == ([8, 17, 16, 17], 9)
    assert "the range is 9" in line(told, "mediocre")
    assert (8 * 2, p2["deepseek-coder-v2:16b"]) == (16, [16, 16, 12])
    assert four["qwen3.5:9b"].count(21) == 2
    assert "2 of 4" in line(told, "failed 2 of 3")
    assert f"{wilson(3, 3).low:.2f}" in line(told, "byte-stable")
    samples = {
        name: [r["score"] for r in rows["code-p2-samples"] if r["model"] == name]
        for name in ("qwen3.5:9b", "qwen3.5:4b")
    }
    best = [best_of_k(samples["qwen3.5:9b"], k) for k in range(1, 6)]
    assert best == pytest.approx([15.8, 19.3, 20.9, 21.8, 22])
    assert "15.8, 19.3, 20.9, 21.8, 22" in line(told, "best of 5")
    hits = {name: sum(score >= 18 for score in values) for name, values in samples.items()}
    assert list(hits.values()) == [2, 3]
    assert bounds(2, 5) == pytest.approx((0.1176, 0.7693), abs=5e-5)
    for number in hits.values():
        low, high = bounds(number, 5)
        assert f"[{low:.2f}, {high:.2f}]" in line(told, "hit rate")
    assert max(samples["qwen3.5:4b"]) < 22
    assert f"[0, {wilson(0, 5).high:.2f}]" in line(told, "passer")


def test_the_curve_of_the_report(runs: dict[str, Path]) -> None:
    scores = json.loads((runs["code-p2-samples"] / "scores.json").read_text())
    (model,) = [item for item in scores["summary"]["models"] if item["model"] == "qwen3.5:9b"]
    found = [22 * point["oracle"]["value"] for point in model["score_curve"]]
    assert found == pytest.approx([15.8, 19.3, 20.9, 21.8, 22])


def test_the_rescore_and_its_drift(runs: dict[str, Path], rows: dict[str, list[dict[str, Any]]], told: str) -> None:
    before, after = (load_report_input(runs[name]) for name in ("rescore-previous", "rescore"))
    found = document(drift(items_of(before, None, "score"), items_of(after, None, "score"), "score"), "a", "b")
    deltas = {row["model"]: row["delta"] for row in found["models"] if row["items"]}
    published = {
        "DeepSeek-R1-Distill-Qwen-14B-Q4_K_M": -6,
        "Qwen3-30B-A3B-Thinking-2507-Q8_0": -14,
        "gemma-3-12b-it-Q4_K_M": -17,
        "Meta-Llama-3.1-70B-Instruct-Q4_K_M": -7,
    }
    assert {name: round(delta) for name, delta in deltas.items()} == published
    assert all(f"{deltas[name]:.1f}" in line(told, "drift") for name in published)
    assert {row["tasks"] for row in found["models"] if row["items"]} == {1}
    assert found["other_totals"] == 3  # the fourth stands as points of 100 in both
    # One name in two roles is two rows.
    names = {attempt.model for attempt in after.attempts}
    assert {"Qwen3-30B-A3B-Thinking-2507-Q8_0", "Qwen3-30B-A3B-Thinking-2507-Q8_0 (ingest)"} <= names
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows["rescore"]:
        groups[row["category"]].append(row)
    listed = [len(groups[name]) for name in ("thinking", "draft", "architect", "coder_tool_vision", "general")]
    assert (listed, sum(listed), 12 + 22 + 15 + 19 + 9) == ([9, 12, 10, 10, 9], 50, 77)
    assert ", ".join(f"{a} of {b}" for a, b in zip(listed, (12, 22, 15, 19, 9), strict=True)) in line(told, "12 models")
    totals = sorted(row["max_score"] for row in groups["thinking"])
    assert (totals[0], totals[-1]) == (12, 36)
    assert "12 to 36 points, that is 4 to 12 questions" in line(told, "side by side")
    assert f"{wilson(10, 10).low:.2f}" in line(told, "perfect")
    low, high = bounds(19, 20)
    assert f"[{low:.2f}, {high:.2f}]" in line(told, "best quality")
    assert low * 60 < 56 < high * 60


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("Qwen3-Next-80B-A3B-Thinking-Q4_K_S", 91), ("DeepSeek-R1-Distill-Qwen-32B-Q6_K", 85),
        ("DeepSeek-R1-Distill-Llama-70B-Q4_K_M", 67), ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M", 57),
        ("gemma-3-1b-it-Q8_0", 95), ("PARD-DeepSeek-R1-Distill-Qwen-1.5B.Q5_K_S", 93), ("Qwen3-0.6B-Q2_K", 67),
        ("Qwen3-235B-A22B-Q4_K_M", 87.1), ("Qwen3-Coder-480B-A35B-Instruct-Q4_K_M", 77.1),
        ("Qwen3-Coder-53B-A3B-TOTAL-RECALL-v2-Q4_K_M", 90.7), ("Qwen3-VL-30B-A3B-Instruct-Q4_K_M", 45.6),
    ],
)  # fmt: skip
def test_percentages_of_the_rescore(runs: dict[str, Path], name: str, percent: float) -> None:
    scores = json.loads((runs["rescore"] / "scores.json").read_text())
    (found,) = [item["mean_score"]["value"] for item in scores["summary"]["models"] if item["model"] == name]
    assert round(100 * found, 0 if isinstance(percent, int) else 1) == percent
