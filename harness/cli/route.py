"""`harness route RUN...`: the routing table that runs support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli.compare import METRICS, read
from harness.cli.runs import run_directory
from harness.content import load_module
from harness.errors import UsageError


@click.command(short_help="write the routing table that runs support")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--metric", type=click.Choice(METRICS), default="pass", show_default=True, help="What models are compared by."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write here, not to stdout."
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How often a table of equal models may prefer one.",
)
@click.option(
    "--prefer-cheap/--prefer-best",
    "prefer_cheap",
    default=True,
    show_default=True,
    help="Of models that are not told apart: the cheapest, or the one with the greatest mean.",
)
@click.option("--model", "models", multiple=True, metavar="NAME", help="Only these models.")  # fmt: skip
def command(runs: tuple[Path, ...], out: Path | None, metric: Any, **options: Any) -> None:
    """Write, for each category of the tasks that all RUNs share, the model to ask and one to fall back on.

    A category gets a model of its own only where its tasks separate models; otherwise all tasks together decide, and
    where they do not either, the cheapest model is taken. Local models cost nothing. A model that has only the tasks'
    own references to answer with cannot be asked anything else: it is left out unless --model names it.
    """
    from harness.routing.table import dump_table
    from harness.stats.compare import Incomparable, route

    found = [run_directory(run) for run in runs]
    tables, profiles = read(found), profiles_of(found)
    unroutable = frozenset(name for name, profile in profiles.items() if profile.get("provider") == "reference")
    try:
        table = route(tables, metric, prices=local_prices(profiles), unroutable=unroutable, **options)
    except Incomparable as error:
        raise UsageError(str(error), remedy=error.remedy) from None
    for name in sorted(unroutable - set(table.models)):
        told = f"{name} answers with the tasks' own references and is left out (--model {name} takes it in)"
        click.echo(told, err=True)
    if out is None:
        click.echo(dump_table(table), nl=False)
    else:
        click.echo(load_module("reports", "files").write(out, dump_table(table)))


def profiles_of(directories: Sequence[Path]) -> dict[str, Any]:
    """Model -> its profile as a run keeps it, the last run's where they differ; imported models have none."""
    from harness.store import Store

    profiles: dict[str, Any] = {}
    for directory in directories:
        with Store(directory, write=False) as store:
            profiles |= store.fact("models") or {}
    return profiles


def local_prices(profiles: Mapping[str, Any]) -> dict[str, float]:
    """Model -> 0 dollars, for those that run on a machine of one's own and have no price."""
    return {name: 0.0 for name, profile in profiles.items() if profile.get("local") and not profile.get("price")}
