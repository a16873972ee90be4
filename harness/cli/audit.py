"""`harness sandbox audit`."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import click

from harness.cli.options import sandbox_option, say

if TYPE_CHECKING:
    from harness.grading.audit import AuditReport, AuditRow
    from harness.types import IsolationLevel

LEVELS: dict[str, tuple[IsolationLevel, ...]] = {
    "candidate": ("candidate",),
    "task": ("task",),
    "both": ("candidate", "task"),
}


@click.command(name="audit")
@sandbox_option
@click.option(
    "--isolation", type=click.Choice(list(LEVELS)), default="both", show_default=True, help="What shares a container."
)
@click.option("--class", "globs", multiple=True, metavar="GLOB", help="Only classes of programs that match.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=1, show_default=True, help="Every program so often.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Programs at once.")
def audit(
    sandbox: str,
    isolation: Literal["candidate", "task", "both"],
    globs: tuple[str, ...],
    rounds: int,
    as_json: bool,
    concurrency: int,
) -> int:
    """Attack the sandbox with the corpus of hostile programs.

    Each is graded like any candidate, and an honest program right after it. Exit code 1 when a hostile program passes,
    an honest one does not, one ends in another way than its header allows, or anything is left behind in the end.
    """
    from harness.grading.audit import audit as run_audit
    from harness.grading.audit import read_corpus
    from harness.sandbox import open_sandbox
    from harness.sandbox.holdings import holdings
    from harness.sandbox.pool import Pool

    programs = read_corpus(globs)
    reports: dict[IsolationLevel, AuditReport] = {}
    # Temporary files of other programs are not ours to count.
    with tempfile.TemporaryDirectory(prefix="harness-audit-") as scratch, _temporary_files_in(scratch):
        before = holdings()
        with contextlib.closing(open_sandbox(sandbox, say)) as backend:
            for level in LEVELS[isolation]:
                with Pool(backend, size=concurrency) as pool:
                    reports[level] = run_audit(programs * rounds, pool, level, concurrency)
        after = holdings()
    left = after.beyond(before)
    if as_json:
        documents = {level: _document(report) for level, report in reports.items()}
        click.echo(json.dumps({"isolation": documents, "left_behind": left}, indent=2))
    else:
        for level, report in reports.items():
            _show(level, report)
        verdicts = 2 * sum(len(report.rows) for report in reports.values())
        found = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in left.items()) or "nothing"
        memory = f"resident memory {before.resident_mb:.0f} MiB before, {after.resident_mb:.0f} MiB after"
        click.echo(f"left behind after {verdicts} verdicts: {found}; {memory}")
    return 0 if not left and all(report.holds for report in reports.values()) else 1


@contextlib.contextmanager
def _temporary_files_in(directory: str) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, directory
    try:
        yield
    finally:
        tempfile.tempdir = before


def _document(report: AuditReport) -> dict[str, object]:
    return {
        "holds": report.holds,
        "false_accepts": [_name(row) for row in report.false_accepts],
        "false_rejects": [_name(row) for row in report.false_rejects],
        "surprises": [_name(row) for row in report.surprises],
        "rows": [row.model_dump(mode="json", by_alias=True) for row in report.rows],
    }


def _show(level: str, report: AuditReport) -> None:
    from harness.cli.tables import show, table

    made = table(
        f"hostile programs, isolation {level}",
        *("class", "programs", "outcomes", "slowest kill, s", "false accepts", "false rejects"),
    )
    for group in [*dict.fromkeys(row.group for row in report.rows), "all"]:
        rows = [row for row in report.rows if group in (row.group, "all")]
        counts = Counter(row.outcome.value for row in rows)
        made.add_row(
            group,
            str(len(rows)),
            ", ".join(f"{count} {name}" for name, count in counts.most_common()),
            f"{max(row.seconds for row in rows):.1f}",
            str(sum(row.false_accept for row in rows)),
            str(sum(row.false_reject for row in rows)),
        )
    show(made)
    for row in report.rows:
        if row.surprise or row.false_accept or row.false_reject:
            control = "" if row.control_passed else "; the honest program after it did not pass"
            click.echo(f"{_name(row)}: {row.outcome.value}, allowed {', '.join(row.allowed)}{control}")
            click.echo(f"    {row.detail}")


def _name(row: AuditRow) -> str:
    return f"{row.group}/{row.name}"
