"""The parts of RESULTS.md that scripts write, each between two comments that name it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def write(name: str, text: str) -> None:
    """Replace the part called `name`. Raises ValueError when RESULTS.md has none."""
    found = RESULTS.read_text(encoding="utf-8")
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    if not pattern.search(found):
        raise ValueError(f"{RESULTS} has no part {name!r}")
    made = f"{marks[0]}\n{text.strip()}\n{marks[1]}"
    RESULTS.write_text(pattern.sub(lambda _: made, found), encoding="utf-8")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine(load_before: str) -> str:
    """When, on what, under which load."""
    engine = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    ).stdout.strip()
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False, cwd=RESULTS.parent
    ).stdout.strip()
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit}; {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, engine {engine or 'unknown'}; "
        f"load average {load_before} before, {load()} after."
    )


def load() -> str:
    """The load averages now."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def figure(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
