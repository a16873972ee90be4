"""`harness check`."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import require_isolation_option, sandbox_option, say
from harness.errors import TaskError
from harness.types import SandboxLevel, Task

if TYPE_CHECKING:
    from harness.grading.admission import Admission

WORKERS = 4
"""Tasks checked at once."""


@click.command(short_help="admit tasks: the reference passes, everything else fails as stated")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--task", "globs", multiple=True, metavar="GLOB", help="Only tasks whose name or id matches.")
@click.option(
    "--rounds", type=click.IntRange(1, 20), default=3, show_default=True, help="Rounds of grading that must agree."
)
@sandbox_option
@require_isolation_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(
    paths: tuple[Path, ...],
    globs: tuple[str, ...],
    rounds: int,
    sandbox: str,
    require_isolation: SandboxLevel | None,
    as_json: bool,
) -> int:
    """Check that tasks can be trusted before any model meets them.

    The reference must pass; an empty answer, the stub and every wrong/ and cheat/ entry must fail, as they say; and the
    verdicts must be the same every time. Exit code 2 when a task is refused.
    """
    from harness.grading.admission import admit
    from harness.grading.attempts import in_threads
    from harness.sandbox.nothing import sandbox_for
    from harness.sandbox.pool import Pool

    tasks, admissions = _read(paths, globs)
    broken = len(admissions)
    if tasks:
        with (
            contextlib.closing(sandbox_for(tasks, sandbox, say, require_isolation)) as backend,
            Pool(backend, size=WORKERS, log=say) as pool,
        ):
            for admission in in_threads(lambda task: admit(task, pool, rounds), tasks, pool, WORKERS):
                admissions.append(admission)
                if not as_json:
                    _show(admission)
    if not as_json:
        for admission in admissions[:broken]:
            _show(admission)
    refused = sum(not item.admitted for item in admissions)
    if as_json:
        document = {
            "tasks": [item.model_dump(mode="json") for item in admissions],
            "admitted": len(admissions) - refused,
            "refused": refused,
        }
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(f"{len(admissions) - refused} admitted, {refused} refused")
    return 2 if refused else 0


def _read(paths: tuple[Path, ...], globs: tuple[str, ...]) -> tuple[list[Task], list[Admission]]:
    """The tasks that can be read, and a refusal of each of the others: one broken task does not hide the rest.

    Raises TaskError for a path where there is no task at all.
    """
    from harness.grading.admission import Admission
    from harness.tasks import chosen, listed, read

    found = listed(paths)
    tasks: list[Task] = []
    refusals: list[Admission] = []
    for ident in chosen(list(found), globs):
        try:
            tasks.append(read(*found[ident]))
        except TaskError as error:
            refusals.append(Admission(task=ident, admitted=False, problems=(str(error),)))
    return tasks, refusals


def _show(admission: Admission) -> None:
    click.echo(f"{'admitted' if admission.admitted else 'REFUSED '}  {admission.task}")
    for problem in admission.problems:
        click.echo(f"    {problem}")
    for note in admission.notes:
        click.echo(f"    note: {note}")
