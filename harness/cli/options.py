"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from harness.types import JudgeMode, SandboxLevel


def say(line: str) -> None:
    """A line for people, on stderr: stdout is for results."""
    click.echo(line, err=True)


def given(*names: str) -> bool:
    """Whether any of the current command's parameters of these names was given, and is not its default."""
    context = click.get_current_context()
    return any(context.get_parameter_source(name) is not ParameterSource.DEFAULT for name in names)


def sandbox_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--sandbox`."""
    text = "auto (an engine if one answers, else bubblewrap), docker, bubblewrap, or an installed backend."
    return click.option("--sandbox", default="auto", show_default=True, help=text)(function)


def require_isolation_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--require-isolation`; the command gets a SandboxLevel or None."""
    return click.option(
        "--require-isolation",
        type=click.Choice([level.value for level in SandboxLevel]),
        default=None,
        callback=lambda _context, _parameter, value: None if value is None else SandboxLevel(value),
        help="Refuse to begin with a sandbox weaker than this; weakest first.",
    )(function)


def judge_mode_option(
    name: str, default: str | None, shown: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--mode` or `--judge-mode`."""
    text = "How judges are asked: all candidates at once, every two in both orders, or each against the reference."
    modes = click.Choice(get_args(JudgeMode))
    return click.option(name, type=modes, default=default, show_default=shown or True, help=text)


def rubric_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--rubric`."""
    return click.option(
        "--rubric",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="A prompt for judges of your own, made from a copy of one in verifiers/rubrics (docs/judging.md).",
    )(function)
