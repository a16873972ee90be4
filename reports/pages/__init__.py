"""The pages of a report, in order. A new page is a module here, a template of its name, and a line in this list."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from ..page import Page
from . import agents, attempts, bestofn, coverage, judges, manifest, summary, tasks

PAGES: tuple[Page, ...] = (
    summary.page, tasks.page, bestofn.page, judges.page, agents.page, coverage.page, attempts.page, manifest.page,
)  # fmt: skip
