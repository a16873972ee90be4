"""`harness report RUN...`: render runs again, from what is stored."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.runs import run_directory
from harness.content import load_module
from harness.errors import UsageError

FORMATS = ("html", "md", "csv", "json")


@click.command(short_help="render the report of a run")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--show-hidden", is_flag=True, help="Show inputs, expected values and outputs of hidden cases too.")
@click.option("--format", "formats", default=",".join(FORMATS), show_default=True, metavar="LIST",
              help="What to write, separated by commas.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Directory to write to; a directory for each run in it when there are several.")  # fmt: skip
def command(runs: tuple[Path, ...], show_hidden: bool, formats: str, out: Path | None) -> None:
    """Render the report of each RUN, a run directory or the name of one in ./runs, and print the files written.

    Without --out they go into the run directory itself.
    """
    chosen = _formats(formats)
    found = [run_directory(run) for run in runs]
    names = [path.name for path in found]
    if out is not None and len(set(names)) < len(names):
        raise UsageError("two of the runs have the same name", remedy="render them one by one, each with its own --out")
    from harness.readback import load_report_input

    render = load_module("reports", "render").render
    for path in found:
        target = path if out is None else out if len(found) == 1 else out / path.name
        for written in render(load_report_input(path), target, show_hidden=show_hidden, formats=chosen):
            click.echo(written)


def _formats(text: str) -> list[str]:
    """The formats named, in order; at least one. Raises UsageError for others."""
    chosen = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in chosen if word not in FORMATS]
    if unknown or not chosen:
        raise UsageError(f"--format {text!r}: unknown format", remedy=f"known: {', '.join(FORMATS)}")
    return chosen
