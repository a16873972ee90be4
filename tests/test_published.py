"""Numbers that documents repeat are those of the last measurement."""

from __future__ import annotations

import re
from pathlib import Path

ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)


def rows(text: str) -> dict[int, list[str]]:
    """Number of tasks -> the other cells of its row."""
    return {int(tasks): [cell.strip() for cell in cells.split("|")] for tasks, cells in ROW.findall(text)}


def test_coverage_of_intervals(root: Path) -> None:
    measured = (root / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").split("<!-- coverage -->")[1]
    chapters = re.split(r"^\*\*(.+?)\*\*", measured, flags=re.MULTILINE)
    tables = dict(zip(chapters[1::2], chapters[2::2], strict=True))
    wanted = [
        rows(table)
        for name, table in tables.items()
        if name.startswith(("Means over tasks", "Paired differences", "Curves of best-of-5"))
    ]
    assert len(wanted) == 7
    told = (root / "docs" / "statistics.md").read_text(encoding="utf-8")
    chapter = told.split("### How well they cover\n")[1].split("\n## ")[0]
    assert rows(chapter) == {
        tasks: [f"{table[tasks][0]} / {table[tasks][1]}" for table in wanted] for tasks in wanted[0]
    }
    equal = next(table for name, table in tables.items() if name.startswith("Equal models"))
    worst = max(float(row.split("|")[4]) for row in equal.split("<!--")[0].splitlines() if re.match(r"\| \d", row))
    assert f"in at most {worst}%" in chapter
