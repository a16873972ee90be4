"""`harness import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness.cli.ended import completed
from harness.cli.options import given, require_isolation_option, sandbox_option
from harness.cli.progress import display
from harness.errors import UsageError
from harness.types import SandboxLevel
from harness.words import plural


@click.command(short_help="make a run of replies and results recorded elsewhere")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl...")
@click.option("--name", required=True, metavar="RUN", help="Name of the run that is made.")
@click.option(
    "--tasks",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A suite or task that the replies answer: they are matched by id or name, and graded.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where run directories are made.",
)
@click.option("--replace", is_flag=True, help="Throw away another import of that name, and what was judged of it.")
@sandbox_option
@require_isolation_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    files: tuple[Path, ...],
    name: str,
    tasks: tuple[Path, ...],
    out: Path,
    replace: bool,
    sandbox: str,
    require_isolation: SandboxLevel | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Make a run of the replies, results and judgments in FILE.jsonl: no model is called.

    A JSON object a line, {"task", "model", "role", "reply", ...}; docs/formats.md has all keys. With --tasks code is
    graded in a sandbox and conversations by their criteria; without, a line's own verdict holds, and a reply that has
    none is unscored. The same content again changes nothing.
    """
    from harness.importing.load import Order, load

    if not tasks and given("sandbox", "require_isolation"):
        raise UsageError(
            "without tasks nothing is graded here",
            remedy="give them with --tasks, or leave out --sandbox and --require-isolation",
        )
    order = Order(
        files=files,
        name=name,
        tasks=tasks,
        out=out,
        replace=replace,
        sandbox=sandbox,
        require_isolation=require_isolation,
    )
    with display(quiet) as shown:
        done = load(order, shown)
    if as_json:
        click.echo(json.dumps(_document(done), indent=2))
    else:
        _show(done)
    return completed(done.run.incomplete)


def _document(done: Any) -> dict[str, Any]:
    return {
        "run": done.run.plan.name,
        "directory": str(done.run.plan.paths.root),
        "report": str(done.run.plan.paths.report),
        "complete": not done.run.incomplete,
        "unchanged": done.unchanged,
        **done.counts,
        "lacking": done.lacking,
    }


def _show(done: Any) -> None:
    from harness.cli.tables import show_summary

    show_summary(done.run)
    counts = done.counts
    if done.unchanged:
        click.echo("nothing to do: this content was imported before")
    of = f"{plural(counts['models'], 'model')} to {plural(counts['tasks'], 'task')}"
    said = f"{plural(counts['replies'], 'reply', 'replies')} of {of}"
    click.echo(f"{said}, {counts['graded']} of them graded here; {plural(counts['judgments'], 'judgment')}")
    for short, number in sorted(done.lacking.items()):
        click.echo(f"{plural(number, 'line has', 'lines have')} {short}: not graded here, and without a verdict")
    if counts["differ"]:
        differ = f"{plural(counts['differ'], 'verdict')} found here {'is' if counts['differ'] == 1 else 'are'}"
        click.echo(f"{differ} not what was recorded; what was found here counts")
