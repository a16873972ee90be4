"""`harness check`."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import click

from harness.errors import TaskError
from harness.types import Task


@click.command(short_help="admit tasks: the reference passes, everything else fails as stated")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--task", "globs", multiple=True, metavar="GLOB", help="Only tasks whose name or id matches.")
@click.option("--rounds", type=click.IntRange(1, 20), default=3, show_default=True, help="Rounds of grading that must agree.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, docker, or an installed backend.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(paths: tuple[Path, ...], globs: tuple[str, ...], rounds: int, sandbox: str, as_json: bool) -> int:
    """Check that tasks can be trusted before any model meets them.

    The reference must pass; an empty answer, the stub and every wrong/ and cheat/ entry must fail, as they say; and the
    verdicts must be the same every time. Exit code 2 when a task is refused.
    """
    from harness.grading.admission import Admission, admit_all
    from harness.sandbox import open_sandbox
    from harness.sandbox.pool import Pool

    tasks, broken = _read(paths, globs)
    admissions = [Admission(task=str(error.path), admitted=False, problems=(str(error),)) for error in broken]

    def say(line: str) -> None:
        click.echo(line, err=True)

    if tasks:
        with contextlib.closing(open_sandbox(sandbox, say)) as backend, Pool(backend, size=4) as pool:
            for admission in admit_all(tasks, pool, rounds=rounds):
                admissions.append(admission)
                if not as_json:
                    _show(admission)
    if not as_json:
        for admission in admissions[: len(broken)]:
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
        sys.stdout.flush()
    return 2 if refused else 0


def _read(paths: tuple[Path, ...], globs: tuple[str, ...]) -> tuple[list[Task], list[TaskError]]:
    """The tasks that can be read, and what is wrong with the others: one broken task does not hide the rest."""
    from harness.tasks import load_tasks, task_directories

    tasks: list[Task] = []
    broken: list[TaskError] = []
    for path in paths:
        for directory in task_directories(path):
            try:
                tasks += load_tasks([directory])
            except TaskError as error:
                broken.append(error)
    if globs:
        wanted = {task.id for task in load_tasks([task.directory for task in tasks if task.directory], globs)}
        tasks = [task for task in tasks if task.id in wanted]
    return tasks, broken


def _show(admission: object) -> None:
    from harness.grading.admission import Admission

    assert isinstance(admission, Admission)
    click.echo(f"{'admitted' if admission.admitted else 'REFUSED '}  {admission.task}")
    for problem in admission.problems:
        click.echo(f"    {problem}")
