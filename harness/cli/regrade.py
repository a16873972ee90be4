"""`harness regrade`."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.ended import ended
from harness.cli.options import require_isolation_option, sandbox_option
from harness.cli.progress import display
from harness.cli.runs import run_directory
from harness.types import SandboxLevel


@click.command(short_help="grade a run's stored candidates again")
@click.argument("run", type=click.Path(path_type=Path))
@sandbox_option
@require_isolation_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(run: Path, sandbox: str, require_isolation: SandboxLevel | None, quiet: bool) -> int:
    """Grade the stored replies of RUN again with the tasks as they are now: no model is called.

    For repaired tasks. Replies stay as they are; verdicts, selections and reports are replaced.
    """
    from harness import runner

    with display(quiet) as shown:
        done = runner.regrade(run_directory(run), sandbox, shown, require_isolation)
    return ended(done, as_json=False)
