"""`harness run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from harness.cli.ended import ended
from harness.cli.options import given, judge_mode_option, require_isolation_option, rubric_option, sandbox_option
from harness.cli.progress import display
from harness.config import RunConfig
from harness.errors import ConfigError, UsageError
from harness.words import plural


@click.command(short_help="give every task to every model, grade, select, report")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="A model of the catalogue; several make a comparison. Default: smollm2.",
)
@click.option(
    "--best-of",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Attempts for each task, model and repeat.",
)
@click.option(
    "--select",
    type=click.Choice(["verifier", "vote", "first", "judge"]),
    default="verifier",
    show_default=True,
    help="How the best of N is picked.",
)
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME",
    help="A model of the catalogue that judges the answers when all are there; several make a panel.",
)
@judge_mode_option("--judge-mode", default="listwise")
@rubric_option
@click.option(
    "--solver",
    default="single_shot",
    show_default=True,
    help="How candidates are made: single_shot, aider, command (an agent described by --solver-config), or a plugin's.",
)
@click.option(
    "--solver-config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A YAML file with the limits of agents, and for `command` the agent itself (docs/agents.md).",
)
@click.option(
    "--repeats",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Independent repetitions of everything.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Every attempt's own seed derives from it."
)
@click.option("--task", "tasks", multiple=True, metavar="GLOB", help="Only tasks whose name or id matches.")
@click.option("--name", default="", metavar="RUN", help="Name of the run; the default derives from the configuration.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where run directories are made.",
)
@click.option(
    "--catalogue", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A models.yaml over the others."
)
@sandbox_option
@require_isolation_option
@click.option(
    "--isolation",
    type=click.Choice(["candidate", "task"]),
    default="candidate",
    show_default=True,
    help="What shares a container.",
)
@click.option("--concurrency", type=click.IntRange(0, 256), default=0, help="Trials at once; 0 fits the machine.")
@click.option(
    "--budget",
    "budget_usd",
    type=click.FloatRange(0),
    default=None,
    metavar="USD",
    help="Stop calling models once this is spent.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(dry_run: bool, as_json: bool, quiet: bool, solver_config: Path | None, **options: Any) -> int:
    """Give every task to every model, grade the answers in sandboxes, pick the best of N, write a report.

    PATH is a suite's directory or one task's. The same command again resumes where it stopped.
    """
    from harness import runner
    from harness.plan import plan

    if not options["judges"] and given("judge_mode", "rubric"):
        raise UsageError("--judge-mode and --rubric are for judges", remedy="name one with --judge NAME")
    if not options["models"]:
        options.pop("models")
    if solver_config is not None:
        if options["solver"] == "single_shot":
            raise UsageError(
                "--solver-config is for agents, and single_shot runs none", remedy="name one with --solver"
            )
        from harness.solvers.agents.settings import read_settings

        options["agent"] = read_settings(solver_config)
    try:
        config = RunConfig(**options)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    planned = plan(config)
    if dry_run:
        return _announce(planned, as_json)
    with display(quiet) as shown:
        done = runner.run(planned, shown)
    return ended(done, as_json=as_json)


def _announce(planned: Any, as_json: bool) -> int:
    config = planned.config
    facts = {
        "run": planned.name,
        "directory": str(planned.paths.root),
        "tasks": [task.id for task in planned.tasks],
        "models": list(planned.profiles),
        "attempts": planned.total,
        "best_of": config.best_of,
        "repeats": config.repeats,
        "judges": list(planned.judges),
        "not_asked": planned.not_asked,
    }
    for line in planned.notes():
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        counts = ((len(planned.tasks), "task"), (len(planned.profiles), "model"), (config.repeats, "repeat"))
        grid = " x ".join(plural(number, noun) for number, noun in counts)
        # Where some are not asked, the product is another number.
        without = " without what is not asked" if planned.not_asked else ""
        click.echo(
            f"{grid} x best of {config.best_of}{without} = {plural(planned.total, 'attempt')}, in {planned.paths.root}"
        )
    return 0
