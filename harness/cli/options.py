"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from harness.types import SandboxLevel


def say(line: str) -> None:
    """A line for people, on stderr: stdout is for results."""
    click.echo(line, err=True)


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
