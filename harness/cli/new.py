"""`harness new`."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from harness.errors import UsageError

TEMPLATES = Path(__file__).resolve().parent.parent / "tasks" / "templates"


def kinds() -> list[str]:
    """The kinds there is a template for."""
    return sorted(item.name for item in TEMPLATES.iterdir() if item.is_dir())


@click.command(short_help="make a task, or a suite of conversations, to fill in")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--kind", required=True, help="function, program, workspace, write_tests or conversation.")
def command(path: Path, kind: str) -> int:
    """Make PATH a task of this kind: a small complete one that `harness check` admits, to be replaced by yours.

    Of conversations PATH becomes a suite: a file holds several.
    """
    if kind not in kinds():
        raise UsageError(f"no kind {kind!r}", remedy=f"known: {', '.join(kinds())}")
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{path} is there already", remedy="give a directory that does not exist yet")
        shutil.copytree(TEMPLATES / kind, path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    except OSError as error:
        raise UsageError(f"{path} cannot be made: {error.strerror or error}") from None
    for item in sorted(found for found in path.rglob("*") if found.is_file()):
        click.echo(item)
    click.echo(f"Fill these in (docs/tasks.md says how), then: harness check {path}", err=True)
    return 0
