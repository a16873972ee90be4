"""`harness compare RUN...`: what several runs say together."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.compare_judges import with_judges
from harness.cli.runs import run_directory
from harness.content import load_module
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.stats.compare import Comparison, RunTable
    from harness.stats.inputs import ReportInput

METRICS = ("pass", "score", "points", "wins", "judge")


@click.command(short_help="several runs side by side: what holds and what is noise")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--metric",
    type=click.Choice(METRICS),
    default="pass",
    show_default=True,
    help="pass and score: shares; points: summed over tasks; wins: tasks won; judge: the judges' marks.",
)
@click.option(
    "--target",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Half width to plan for: percentage points, or points or wins. Default: 5, 1 point, 0.5 wins.",
)
@click.option("--baseline", default="", metavar="MODEL", help="Compare every other model with this one, too.")
@click.option(
    "--ties",
    type=click.Choice(["share", "none"]),
    default="share",
    show_default=True,
    help="A task won by k models: a k-th of a win for each, or nobody's.",
)
@click.option("--model", "models", multiple=True, metavar="NAME", help="Only these models.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="NAME=MODEL,...",
    help="Compare these models as one, by their mean: --group cloud=a,b --group local=c.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How often equal models may be told apart.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Directory to write compare.html to.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the numbers as CSV, too.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")  # fmt: skip
def command(
    runs: tuple[Path, ...],
    metric: Any,
    target: float | None,
    out: Path | None,
    csv_file: Path | None,
    groups: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Compare the models of each RUN, a run directory or the name of one in ./runs, over the tasks all runs share.

    Several runs are runs of the same tasks. One RUN with --repeats is compared repeat by repeat.
    """
    found = [run_directory(run) for run in runs]
    wanted = target / 100 if target is not None and metric not in ("points", "wins") else target
    loaded = load(found)
    tables = tabled(loaded)
    together = parse_groups(groups, {model for table in tables for model in table.models})
    plain = compared(tables, metric, target=wanted, groups=together, **options)
    same = {key: value for key, value in options.items() if key != "baseline"}
    comparison = with_judges(plain, found, loaded, tables, groups=together, **same)
    module = load_module("reports", "comparison")
    written = []
    if out is not None:
        # Its repeats have numbers for names.
        written.append(module.render(comparison, out, loaded[0].name if comparison.of_repeats else ""))
    if csv_file is not None:
        written.append(module.write_csv(comparison, csv_file))
    if as_json:
        click.echo(json.dumps(comparison.model_dump(mode="json"), indent=2, allow_nan=False))
    else:
        from harness.cli.compare_tables import show_comparison

        show_comparison(comparison)
    for path in written:
        click.echo(path, err=as_json)


def read(directories: Sequence[Path]) -> list[RunTable]:
    """A table a run directory, each walked once. Raises UsageError for one that is named twice."""
    return tabled(load(directories))


def load(directories: Sequence[Path]) -> list[ReportInput]:
    """Run directories as they are read. Raises UsageError for one that is named twice."""
    from harness.readback import load_report_input

    if len(set(directories)) < len(directories):
        raise UsageError("the same run is named twice", remedy="a run cannot be compared with itself")
    return [load_report_input(path) for path in directories]


def tabled(loaded: Sequence[ReportInput]) -> list[RunTable]:
    """A table a run; its attempts are walked once."""
    from harness.stats.compare import RunTable

    return [RunTable.of(report) for report in loaded]


def parse_groups(texts: Sequence[str], known: Collection[str]) -> dict[str, list[str]]:
    """Name -> models, from NAME=MODEL,...; a group may be given in parts. Raises UsageError for anything else.

    A model of `known` whose name has a comma is a part of its own.
    """
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, sign, models = (part.strip() for part in text.partition("="))
        if not name or not sign:
            raise UsageError(f"--group {text}: no group", remedy="--group NAME=MODEL,MODEL")
        parts = [models] if models in known else [part.strip() for part in models.split(",")]
        groups.setdefault(name, []).extend(part for part in parts if part)
    return groups


def compared(tables: Sequence[RunTable], metric: Any, **options: Any) -> Comparison:
    """The comparison. Raises UsageError where there is nothing to compare."""
    from harness.stats.compare import Incomparable, compare

    try:
        return compare(tables, metric, **options)
    except Incomparable as error:
        raise UsageError(str(error), remedy=error.remedy) from None
