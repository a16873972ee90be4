"""The command line: thin doors over the calls of the package, each command in a file of its own, imported when used."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from harness import __version__
from harness.cli.signals import interruptible
from harness.errors import HarnessError

COMMANDS = {
    "run": "give every task to every model, grade, select, report",
    "check": "admit tasks: the reference passes, everything else fails as stated",
    "new": "make a task directory to fill in",
    "grade": "grade given answers, no model",
    "regrade": "grade a run's stored candidates again",
    "import": "make a run of replies and results recorded elsewhere",
    "drift": "compare two judgings of the same replies",
    "annotate": "let people judge a run, blind",
    "judge": "have models judge the answers of a run",
    "report": "render the report of a run",
    "compare": "several runs side by side: what holds and what is noise",
    "route": "write the routing table that runs support",
    "models": "list the catalogue, or try a model",
    "gateway": "serve models to your own tools, and keep every call",
    "sandbox": "build, inspect or clean the sandbox",
    "doctor": "say what this machine has and what is missing",
}
"""Name -> one line of help. `harness.cli.<name>` holds the command as `command`."""


class _Lazy(click.Group):
    """A group that imports a command's module only when it is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"harness.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
def cli() -> None:
    """Measure how well language models write code, and say how sure that is."""


def main(argv: list[str] | None = None) -> None:
    """Entry point: errors become one message and an exit code.

    0 done, 1 not completed, 2 usage, 128 and the signal's number when interrupted: 130 for Ctrl-C, 143 for SIGTERM.
    """
    with interruptible() as interruption:
        try:
            result: Any = cli.main(args=argv, standalone_mode=False)
            code = result if isinstance(result, int) else 0
        except HarnessError as error:
            click.echo(f"error: {error}", err=True)
            code = error.exit_code
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            code = 2
        except click.UsageError as error:
            error.show()
            code = 2
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except (KeyboardInterrupt, click.Abort):
            resumes = (sys.argv[1:] if argv is None else argv)[:1] in (["run"], ["judge"])
            click.echo("interrupted: the same command resumes" if resumes else "interrupted", err=True)
            code = interruption.code
        sys.exit(code)
