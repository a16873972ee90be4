"""The main job as the demo does it, on a few tasks: a real model on this machine, real containers, a report."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.full import FULL

TASKS = ("add", "reverse_string", "d1_cart_discount", *(("sum_list",) if FULL else ()))
BEST_OF = 3 if FULL else 2


class Text(HTMLParser):
    """The text and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.engine
@pytest.mark.model
@pytest.mark.timeout(420)
def test_best_of_n_with_a_real_model(root: Path, tmp_path: Path, image: object) -> None:
    suites = [str(root / "fixtures" / name) for name in ("warmup", "real_dev")]
    globs = [part for task in TASKS for part in ("--task", task)]
    flags = ["--model", "smollm2", "--model", "reference", "--best-of", str(BEST_OF)]
    flags += ["--out", str(tmp_path), "--name", "small"]
    command = [sys.executable, "-m", "harness", "run", *suites, *globs, *flags, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    models = json.loads(done.stdout)["models"]
    assert models["reference"]["pass_at_1"]["value"] == 1.0
    small = models["smollm2"]
    assert small["oracle"]["value"] >= small["selected"]["value"]
    assert small["oracle"]["value"] >= small["pass_at_1"]["value"] > 0
    assert small["pass_at_1"]["low"] < small["pass_at_1"]["value"] < small["pass_at_1"]["high"]
    rows = [json.loads(line) for line in (tmp_path / "small" / "raw.jsonl").read_text().splitlines()]
    assert len(rows) == len(TASKS) * 2 * BEST_OF
    drawn = [row for row in rows if row["model"] == "smollm2"]
    assert len({row["seed"] for row in drawn}) == len(drawn)
    assert all(row["request"]["sampling"]["seed"] == row["seed"] for row in drawn)
    assert len({row["reply"]["text"] for row in drawn if row["task"].endswith("d1_cart_discount")}) > 1, (
        "attempts differ"
    )
    page = Text()
    page.feed((tmp_path / "small" / "report.html").read_text())
    assert all(address.startswith("#") for address in page.addresses)
    assert "135 million parameters" in " ".join(page.words)
