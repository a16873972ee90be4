"""`harness judge`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness.cli.ended import ended
from harness.cli.options import given, judge_mode_option, rubric_option
from harness.cli.progress import display
from harness.cli.runs import run_directory
from harness.config import JudgeConfig
from harness.errors import UsageError
from harness.words import plural


@click.command(short_help="have models judge the answers of a run")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME",
    help="A model of the catalogue; several make a panel. Default: those that have judged the run before.",
)
@click.option("--only-errors", is_flag=True, help="Ask again what could not be read or failed, and nothing else.")
@judge_mode_option("--mode", default=None, shown="as `harness run --judge` asked, else listwise")
@click.option("--reparse", is_flag=True, help="Read the stored replies again; no model is asked.")
@rubric_option
@click.option(
    "--seed", type=click.IntRange(0), default=None, help="Of the shuffles of labels.  [default: the run's seed]"
)
@click.option("--task", "tasks", multiple=True, metavar="GLOB", help="Only tasks whose name or id matches.")
@click.option(
    "--budget",
    "budget_usd",
    type=click.FloatRange(0),
    default=None,
    metavar="USD",
    help="Stop asking once the judging of this run has cost this.",
)
@click.option(
    "--catalogue", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A models.yaml over the others."
)
@click.option("--dry-run", is_flag=True, help="Say how many questions there are, and ask none.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(run: Path, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> int:
    """Have models judge the answers of RUN, a run's directory or its name in ./runs.

    Judges see the task and the answers under labels, never a model's name. What they have been asked already is not
    asked again: the same command resumes. docs/judging.md has the rules.
    """
    from harness.conclusion import Run
    from harness.hearing import judge

    asked = JudgeConfig(**options)
    _consistent(asked, dry_run=dry_run)
    directory = run_directory(run)
    if dry_run:
        with display(quiet=True) as shown:
            questions = judge(directory, asked, shown, dry_run=True)
        return _announce(questions, as_json)
    with display(quiet) as shown:
        done = judge(directory, asked, shown)
    assert isinstance(done, Run)
    return ended(done, as_json=as_json)


def _consistent(asked: JudgeConfig, *, dry_run: bool) -> None:
    """Raises UsageError for options that contradict each other."""
    if asked.only_errors and asked.rubric is not None:
        raise UsageError("--only-errors asks the same questions with the prompt they had", remedy="leave out --rubric")
    if asked.only_errors and asked.seed is not None:
        raise UsageError("--only-errors keeps the labels that were drawn", remedy="leave out --seed")
    mixed = asked.only_errors or dry_run or given("mode", "rubric", "seed", "tasks", "budget_usd")
    if asked.reparse and mixed:
        raise UsageError("--reparse asks nobody", remedy="give it alone, or with --judge NAME")


def _announce(questions: Any, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"questions": questions}, indent=2))
    else:
        for judge, number in questions.items():
            click.echo(f"{judge}: {plural(number, 'question')}")
    return 0
