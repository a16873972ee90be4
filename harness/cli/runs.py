"""Runs as they are named on the command line."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError


def run_directory(run: Path) -> Path:
    """The run directory that was meant. Raises UsageError when there is none."""
    for path in (run, Path("runs") / run):
        if path.is_dir():
            return path.resolve()
    raise UsageError(f"no run {run}", remedy="give a run directory, or the name of one in ./runs")
