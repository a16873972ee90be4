"""`harness compare`, through stores as runs leave them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import ModelProfile
from harness.judging.analysis.across import JudgedComparison, Judges
from harness.stats.compare import results
from harness.stats.score import Score
from harness.store import Store
from harness.types import Attempt, Frozen, Outcome, Verdict
from harness.types.routes import Evidence, Route, RoutingTable
from tests.cli.conftest import Harness
from tests.stats.compare.made import P2, attempt

Made = Callable[[str, list[Attempt]], Path]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """`made("name", attempts)`: a run directory below ./runs."""
    monkeypatch.chdir(tmp_path)

    def make(name: str, attempts: list[Attempt]) -> Path:
        directory = tmp_path / "runs" / name
        with Store(directory) as store:
            for item in attempts:
                store.save(item)
        return directory

    return make


def grid(repeats: int = 1, **rates: float) -> list[Attempt]:
    """Twelve tasks; a model passes the share of them that its rate says, the first ones."""
    return [
        attempt(m, f"s/t{t:02d}", repeat=r, score=float(t < 12 * rate), category="xy"[t % 2])
        for m, rate in rates.items()
        for t in range(12)
        for r in range(repeats)
    ]


def test_repeats_of_one_run(harness: Harness, made: Made) -> None:
    made("p2", [attempt(m, "s/p2", repeat=r, score=v / 22) for m, row in P2.items() for r, v in enumerate(row)])
    done = harness("compare", "p2", "--metric", "score")
    assert done.code == 0, done.err
    row = next(line for line in done.out.splitlines() if "qwen3.5:4b" in line)
    assert re.search(r"18%.*86%.*73%.*59%.*68\.2.*36\.1", row)
    assert "wild" in done.out
    assert "One task" in done.out
    assert "this task: 95% interval for further attempts at it" in done.out
    assert "new tasks" not in done.out
    assert "rerun: for the mean of further runs of the same tasks" in done.out


def test_json_is_one_document_with_the_documented_keys(
    harness: Harness, made: Made, root: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        made(name, grid(a=0.9, b=0.2))
    done = harness("compare", "one", "two", "--json", "--baseline", "b", "--out", tmp_path / "out")
    assert done.code == 0
    assert JudgedComparison.model_validate(done.json).model_dump(mode="json") == done.json
    assert done.json["runs"] == ["one", "two"]
    assert str(tmp_path / "out" / "compare.html") in done.err
    text = (root / "docs" / "formats.md").read_text(encoding="utf-8")
    chapter = text.split("## harness compare --json\n")[1].split("\n## ")[0]
    tables = dict(zip(["comparison", *re.findall(r"### (\w+)", chapter)], re.split(r"### \w+\n", chapter), strict=True))
    parts: dict[str, type[Frozen]] = {
        "comparison": JudgedComparison, "spread": results.Spread, "pairs": results.PairResult, "noise": results.Noise,
        "claims": results.Claim, "categories": results.Category, "planning": results.Planning, "needs": results.Need,
        "stability": results.Stability, "facts": results.ModelFacts, "tests": results.RunTest,
        "groups": results.Group, "judges": Judges,
    }  # fmt: skip
    assert set(tables) == set(parts)
    for name, kind in parts.items():
        assert re.findall(r"^\| `(\w+)` \|", tables[name], re.MULTILINE) == list(kind.model_fields), name
    assert all(f"`{key}`" in chapter for key in (*Score.model_fields, *results.Luck.model_fields))
    assert all(f"`{key}`" in chapter for key in (*results.TopTier.model_fields, *results.LeftOut.model_fields))


def test_files(harness: Harness, made: Made, tmp_path: Path) -> None:
    made("one", grid(3, **{"a": 0.9, "=cmd()": 0.2}))
    done = harness("compare", "one", "--out", "there", "--csv", "numbers.csv")
    assert done.out.splitlines()[-2:] == [str(Path("there/compare.html")), "numbers.csv"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "numbers.csv").read_text(encoding="utf-8"))))
    assert {row["section"] for row in rows} >= {"spread", "pair", "claim", "category", "stability"}
    assert {row["model"] for row in rows if row["section"] == "spread"} == {"a", "'=cmd()"}
    (pair,) = [row for row in rows if row["section"] == "pair"]
    assert float(pair["value"]) < 0  # '=cmd()' sorts before a, and is worse
    assert "compare.html" not in {path.name for path in (tmp_path / "runs" / "one").iterdir()}
    page = (tmp_path / "there" / "compare.html").read_text(encoding="utf-8")
    assert re.search(r"<h1>\d repeats? of one</h1>", page), "the run is called `one`"
    assert "<title>Comparison of one " in page
    made("<two>", grid(3, a=0.9, b=0.2))
    harness("compare", "<two>", "--out", "there")
    assert "of &lt;two&gt;</h1>" in (tmp_path / "there" / "compare.html").read_text(encoding="utf-8")
    harness("compare", "one", "<two>", "--out", "there")
    assert "<h1>2 runs side by side</h1>" in (tmp_path / "there" / "compare.html").read_text(encoding="utf-8")


def test_target_is_in_percentage_points(harness: Harness, made: Made) -> None:
    made("one", grid(2, a=0.5, b=0.6))
    assert harness("compare", "one", "--target", 4, "--json").json["planning"]["target"] == 0.04
    assert harness("compare", "one", "--target", 4, "--metric", "wins", "--json").json["planning"]["target"] == 4


def test_groups(harness: Harness, made: Made, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(name, grid(4, **{"a": 0.9, "b": 0.8, "c": 0.2, "d,e": 0.1}))
    said = ("--group", "up=a,b", "--group", "down=c", "--group", "down=d,e")
    done = harness("compare", "one", "two", "--metric", "wins", *said, "--csv", "numbers.csv")
    assert "every two groups: 1 of 1 pair differs" in done.out
    assert "c, d,e" in done.out
    found = harness("compare", "one", "two", *said, "--json", "--metric", "wins").json
    assert {group["name"]: group["models"] for group in found["groups"]} == {"up": ["a", "b"], "down": ["c", "d,e"]}
    assert [pair["first"] for pair in found["pairs"]] == ["down"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "numbers.csv").read_text(encoding="utf-8"))))
    totals = [float(row["value"]) for row in rows if (row["section"], row["metric"]) == ("group", "total")]
    assert sum(totals) == sum(value for group in found["groups"] for value in group["totals"])
    assert sum(totals[::2]) == pytest.approx(11)  # of twelve tasks nobody passes the last
    assert "no group" in harness("compare", "one", "--group", "up").refused()
    assert "no group" in harness("compare", "one", "--group", "=a").refused()
    assert "has no models" in harness("compare", "one", "--group", "up=").refused()
    assert "no graded attempt of z" in harness("compare", "one", "--group", "up=a,z").refused()
    assert "in group up and in group x" in harness("compare", "one", "--group", "up=a", "--group", "x=a").refused()


def test_changed_tasks_are_left_out(harness: Harness, made: Made) -> None:
    made("one", grid(a=0.9, b=0.2))
    made(
        "two",
        [item.model_copy(update={"task_hash": "new"} if item.task == "s/t03" else {}) for item in grid(a=0.9, b=0.2)],
    )
    found = harness("compare", "one", "two", "--json").json
    assert len(found["tasks"]) == 11
    assert found["left_out"][0]["task"] == "s/t03"


def test_what_cannot_be_compared(harness: Harness, made: Made) -> None:
    made("one", grid(a=0.9))
    made("other", [attempt("a", "s/elsewhere")])
    made("failed", [attempt("a", "s/t00", verdict=None, error="503")])
    made("empty", [])
    assert "no task in common" in harness("compare", "one", "other").refused()
    assert "has been graded" in harness("compare", "failed").refused()
    assert "has been graded" in harness("compare", "empty").refused()
    assert "no run nowhere" in harness("compare", "nowhere").refused()
    assert "named twice" in harness("compare", "one", "runs/one").refused()
    assert "no graded attempt of z" in harness("compare", "one", "--baseline", "z").refused()
    assert "no graded attempt of z" in harness("compare", "one", "--model", "z").refused()
    assert "no judge" in harness("compare", "one", "--metric", "judge").refused()
    assert "range" in harness("compare", "one", "--target", 0).refused()


def test_what_is_in_no_rate_is_told(harness: Harness, made: Made) -> None:
    rows = [attempt("flaky", f"s/t{t:02d}") for t in range(12)]
    rows += [attempt("flaky", f"s/t{t:02d}", index=i, verdict=None, error="503") for t in range(12) for i in (1, 2, 3)]
    waits = Verdict(outcome=Outcome.unscored, points=0, max_points=1)
    rows += [attempt("never", f"s/t{t:02d}", verdict=waits if t else None, error="" if t else "503") for t in range(12)]
    made("one", [*rows, *grid(a=0.5)])
    done = harness("compare", "one")
    row = next(line for line in done.out.splitlines() if line.startswith("│ flaky"))
    assert row.rstrip("│ ").endswith("25%")
    assert "known: attempts with a verdict" in done.out
    # In a rate what waits for judges is missing; in what judges mark it is not.
    held = [attempt("a", f"s/t{t:02d}", index=1, verdict=waits) for t in range(12)]
    made("two", [*grid(a=0.5, b=0.2), *held])
    row = next(line for line in harness("compare", "two").out.splitlines() if line.startswith("│ a "))
    assert row.rstrip("│ ").endswith("50%")
    wins = harness("compare", "two", "--metric", "wins").out
    assert "known: attempts" not in wins
    assert "have no verdict" not in wins
    assert "share a letter" in done.out
    assert "flaky: 36 of 48 attempts have no verdict (36 failed) and are in no rate." in done.out
    assert (
        "never: 12 of 12 attempts have no verdict (1 failed, 11 unscored), so it is compared with nobody." in done.out
    )
    facts = {item["model"]: item for item in harness("compare", "one", "--json").json["facts"]}
    assert (facts["never"]["failed"], facts["never"]["unscored"], facts["never"]["graded"]) == (1, 11, 0)
    assert "never" not in harness("compare", "one", "--model", "a", "--model", "flaky").out
    assert "flaky 25%" in harness("route", "one").out


def test_one_model_and_one_task(harness: Harness, made: Made) -> None:
    made("one", [attempt("only", "s/t")])
    done = harness("compare", "one", "--out", "there")
    assert done.code == 0
    assert "One model" in done.out
    assert "One task" in done.out


def test_names_are_text(harness: Harness, made: Made) -> None:
    made("one", grid(2, **{"[red]x[/red]": 0.9, ":smile:": 0.2}))
    out = harness("compare", "one").out
    assert "[red]x[/red]" in out
    assert ":smile:" in out
    made("two", grid(2, **{"\x1b[31mred\u202e": 0.9, "b": 0.2}))
    out = harness("compare", "two").out
    assert "?[31mred?" in out
    assert "\x1b" not in out


def profile(name: str, *, local: bool) -> dict[str, Any]:
    return ModelProfile(name=name, provider="replay", local=local).model_dump(mode="json")


def test_route(harness: Harness, made: Made, tmp_path: Path) -> None:
    directory = made("one", grid(3, good=1.0, bad=0.0))
    with Store(directory) as store:
        store.set_fact("models", {"bad": profile("bad", local=True), "good": profile("good", local=False)})
    done = harness("route", "one", "--out", "routes.yaml")
    assert done.out.strip() == "routes.yaml"
    text = (tmp_path / "routes.yaml").read_text(encoding="utf-8")
    assert "primary: good" in text
    assert harness("route", "one").out == text
    undecided = made("two", grid(1, good=0.5, bad=0.5))
    with Store(undecided) as store:
        store.set_fact("models", {"bad": profile("bad", local=True)})
    # It is local and costs nothing.
    assert "primary: bad" in harness("route", "two").out
    assert "no evidence: cheapest" in harness("route", "two").out
    assert json.dumps("no run") not in harness("route", "nowhere").refused()


def test_what_answers_with_references_is_no_route(harness: Harness, made: Made) -> None:
    directory = made("one", grid(3, ceiling=1.0, good=0.9, bad=0.0))
    ceiling = ModelProfile(name="ceiling", provider="reference", local=True).model_dump(mode="json")
    with Store(directory) as store:
        store.set_fact("models", {"ceiling": ceiling, "good": profile("good", local=False)})
    done = harness("route", "one")
    assert "ceiling" not in done.out
    assert "primary: good" in done.out
    assert "ceiling answers with the tasks' own references and is left out" in done.err
    named = harness("route", "one", "--model", "ceiling", "--model", "bad")
    assert "primary: ceiling" in named.out
    assert "left out" not in named.err
    alone = made("two", grid(3, ceiling=1.0))
    with Store(alone) as store:
        store.set_fact("models", {"ceiling": ceiling})
    assert "only ceiling" in harness("route", "two").refused()


def test_route_file_is_read_back(harness: Harness, made: Made, tmp_path: Path) -> None:
    from harness.routing.table import read_table

    made("one", grid(3, good=1.0, bad=0.0))
    harness("route", "one", "--out", tmp_path / "routes.yaml", "--alpha", 0.01, "--prefer-best")
    found = read_table(tmp_path / "routes.yaml")
    assert found.alpha == 0.01
    assert found.default.primary == "good"
    assert set(found.routes) == {"x", "y"}


def test_route_keys_are_documented(root: Path) -> None:
    text = (root / "docs" / "formats.md").read_text(encoding="utf-8")
    chapter = text.split("## harness route\n")[1].split("\n## ")[0]
    parts = re.split(r"### \w+\n", chapter)
    kinds: list[type[Frozen]] = [RoutingTable, Route, Evidence]
    for part, kind in zip(parts, kinds, strict=True):
        assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == list(kind.model_fields)


@pytest.mark.parametrize("command", ["judge", "compare", "route", "report"])
def test_a_damaged_store_names_the_commands_that_can_choose_another_place(
    harness: Harness, tmp_path: Path, command: str
) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "store.db").write_bytes(b"SQLite format 3\0" + b"x" * 9000)
    told = harness(command, tmp_path / "r").refused(1)
    assert "--out of `harness run` or `harness import`" in told
    assert "choose another --out" not in told
