"""`harness annotate`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import given
from harness.cli.runs import run_directory
from harness.errors import UsageError
from harness.words import plural

if TYPE_CHECKING:
    from harness.annotating.agreed import Agreement
    from harness.annotating.work import Read


@click.command(short_help="let people judge a run, blind")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--export", "target", type=click.Path(path_type=Path, dir_okay=False), metavar="SHEET.csv",
              help="Write a sheet to be filled in.")  # fmt: skip
@click.option("--read", "source", type=click.Path(path_type=Path, dir_okay=False), metavar="SHEET.csv",
              help="Read a sheet that was filled in, or in part.")  # fmt: skip
@click.option("--name", default="", metavar="NAME", help="Who filled it in: the judge is then called human:NAME.")
@click.option("--mode", type=click.Choice(["listwise", "rubric", "pairwise"]), default="listwise", show_default=True,
              help="What is asked: all replies side by side, one at a time (0 to 3), or two at a time, in both "
                   "orders.")  # fmt: skip
@click.option("--task", "tasks", multiple=True, metavar="GLOB", help="Only tasks whose name or id matches.")
@click.option("--sample", type=click.IntRange(1), default=None, metavar="N",
              help="So many questions, drawn by seed; with pairwise so many pairs.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the sample and all orders.")
@click.option("--replace", is_flag=True, help="Write over the file of --export, and what was filled in there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(
    run: Path,
    target: Path | None,
    source: Path | None,
    name: str,
    mode: Any,
    tasks: tuple[str, ...],
    sample: int | None,
    seed: int,
    replace: bool,
    as_json: bool,
) -> int:
    """Let people judge the replies of RUN. The sheet names no model; who is who stays in the run.

    --export writes it, as CSV that spreadsheet programs open, and over no file that is there; --read takes it back, and
    says how far the person agrees with each other judge. Rows left empty are unscored, and reading a sheet again
    replaces what it said before.
    """
    from harness.annotating.work import Wanted, export, read

    if (target is None) == (source is None):
        raise UsageError("expected either --export or --read", remedy="harness annotate RUN --export sheet.csv")
    directory = run_directory(run)
    if target is not None:
        if name:
            raise UsageError("--name belongs to --read", remedy="a sheet is nobody's until it is filled in")
        key = export(directory, target, Wanted(mode, tasks, sample, seed), replace=replace)
        made = {"sheet": key.sheet, "file": str(target), "questions": len(key.questions), "rows": len(key.rows)}
        sizes = f"{plural(len(key.questions), 'question')}, {plural(len(key.rows), 'row')}"
        said = f"{target}: {sizes}. No model is named in it."
        click.echo(json.dumps(made, indent=2) if as_json else said)
        return 0
    if not name:
        raise UsageError("--read needs --name", remedy="--name alice makes the judge human:alice")
    if given("mode", "tasks", "sample", "seed", "replace"):
        raise UsageError(
            "--mode, --task, --sample, --seed and --replace belong to --export", remedy="a sheet knows its questions"
        )
    assert source is not None
    found = read(directory, source, name)
    if as_json:
        click.echo(json.dumps(_document(found), indent=2))
    else:
        _show(found)
    return 0


def _document(found: Read) -> dict[str, Any]:
    made = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    return {**made, "agreements": [item.model_dump() for item in found.agreements]}


def _show(found: Read) -> None:
    from harness.cli.tables import show, table

    click.echo(f"{found.judge}: {found.scored} of {plural(found.questions, 'question')} scored")
    for why, number in found.unfilled.items():
        click.echo(f"{number} {why}: unscored")
    for note in found.notes:
        click.echo(note)
    if not found.agreements:
        click.echo("no other judge has marked the same")
        return
    made = table(
        f"{found.judge} beside the other judges", "judge", "scale", "items", "the same", "kappa", "alpha", "ICC",
        "2 or more apart", "by chance", "signed",
    )  # fmt: skip
    for item in found.agreements:
        made.add_row(*_cells(item))
    show(made)


def _cells(item: Agreement) -> list[str]:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return [
        item.judge,
        item.scale,
        str(item.items),
        number(item.same, ".0%"),
        number(item.kappa, ".2f"),
        number(item.alpha, ".2f"),
        number(item.icc, ".2f"),
        number(item.apart, ".0%"),
        number(item.apart_by_chance, ".0%"),
        number(item.signed, "+z.2f"),
    ]
