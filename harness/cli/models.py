"""`harness models`: the catalogue, a smoke test, and the weights of local models."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.errors import ProviderError

if TYPE_CHECKING:
    from harness.config import ModelProfile, Price
    from harness.models.catalogue import Catalogue
    from harness.models.smoke import SmokeResult

_SHOWN = 2000

_catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A models.yaml that wins over all others.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@click.group(name="models", invoke_without_command=True)
@_catalogue_option
@_json_option
@click.pass_context
def command(context: click.Context, catalogue: Path | None, as_json: bool) -> None:
    """List the model catalogue, or try a model.

    The catalogue is the shipped one, then ~/.config/harness/models.yaml, ./models.yaml and --catalogue, each winning
    over the ones before.
    """
    context.obj = catalogue
    if context.invoked_subcommand is not None:
        return
    loaded = _load(catalogue)
    if as_json:
        entries = [_entry(loaded.get(name)) for name in loaded.names()]
        click.echo(json.dumps({"models": entries, "files": [str(path) for path in loaded.files]}, indent=2))
    else:
        _print_table(loaded)


@command.command(name="test")
@click.argument("name")
@_catalogue_option
@_json_option
@click.pass_obj
def try_model(outer: Path | None, name: str, catalogue: Path | None, as_json: bool) -> None:
    """Ask model NAME one small question: reply, thinking, fences, speed, cost.

    Exits with 1 when the model's server does not answer. A model that answers badly passes: that is what runs measure.
    """
    from harness.models.smoke import smoke

    profile = _load(catalogue or outer).get(name)
    first = " (the first time fetches its weights)" if profile.provider == "local" else ""
    click.echo(f"asking {name}{first} ...", err=True)
    result = smoke(profile)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    elif result.ok:
        _print_result(profile, result)
    if not result.ok:
        raise ProviderError(result.error, remedy=result.remedy)


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@_catalogue_option
@click.pass_obj
def fetch(outer: Path | None, names: tuple[str, ...], catalogue: Path | None) -> None:
    """Fetch the weights of local models, where this machine does not have them; without NAME those of smollm2."""
    from harness.models.runtime import ensure_runtime
    from harness.models.weights import ensure_weights

    loaded = _load(catalogue or outer)
    ensure_runtime(lambda line: click.echo(line, err=True))
    for name in names or ("smollm2",):
        weights = loaded.get(name).weights
        if weights is None:
            click.echo(f"{name}: has no weights on this machine", err=True)
        else:
            click.echo(f"{name}: {ensure_weights(weights)}", err=True)


def _load(path: Path | None) -> Catalogue:
    from harness.models.catalogue import load_catalogue

    return load_catalogue(path)


def _entry(profile: ModelProfile) -> dict[str, Any]:
    entry: dict[str, Any] = profile.model_dump(mode="json", exclude={"weights", "recording", "extra"})
    return {**entry, "key": _key(profile)}


def _key(profile: ModelProfile) -> str:
    """Whether the model's key is there: `` (needs none), `set` or `missing`."""
    if not profile.api_key_env:
        return ""
    return "set" if os.environ.get(profile.api_key_env, "").strip() else "missing"


def _price(price: Price | None) -> str:
    if price is None:
        return "unknown"
    return f"{price.input:g} / {price.output:g}" if price.input or price.output else "free"


def _print_table(loaded: Catalogue) -> None:
    from rich import box
    from rich.text import Text

    from harness.cli.tables import Lines, console, printable

    table = Lines(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("name", "provider", "style", "key", "$/M in, out"):
        table.add_column(column, no_wrap=True)
    table.add_column("model", overflow="fold")
    for name in loaded.names():
        profile = loaded.get(name)
        style = "few-shot" if profile.few_shot else profile.style
        table.add_row(name, profile.provider, style, _key(profile), _price(profile.price), profile.model)
    screen = console()
    screen.print(table)
    for name in loaded.names():
        if note := loaded.get(name).note:
            screen.print(Text(f"{printable(name)}: {note}"))
    for path in loaded.files:
        screen.print(Text(f"from {path}", overflow="fold"), soft_wrap=True)


def _print_result(profile: ModelProfile, result: SmokeResult) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    speed = f"{result.tokens_per_s:.1f} tokens/s" if result.tokens_per_s else "unknown"
    first = f", first token after {result.first_token_s:.2f} s" if result.first_token_s is not None else ""
    cost = "unknown: no price in the catalogue, or no token counts from the server"
    rows = {
        "finish reason": result.finish_reason or "none given",
        "thinking": f"{len(result.thinking)} characters" if result.thinking else "none",
        "fenced blocks": str(result.fences),
        "tokens": f"{_known(result.prompt_tokens)} in, {_known(result.completion_tokens)} out",
        "speed": f"{speed}{first}, {result.seconds:.2f} s in all",
        "cost": cost if result.cost_usd is None else f"${result.cost_usd:.6f}",
        **result.identity,
    }
    table = Table(show_header=False, box=None, pad_edge=False)
    for key, value in rows.items():
        table.add_row(Text(key.replace("_", " "), style="bold"), Text(value, overflow="fold"))
    console = Console()
    # Text, not markup: what a model writes is not ours to interpret.
    console.print(Text(result.text[:_SHOWN] or "(empty reply)"))
    console.print()
    console.print(table)
    if profile.note:
        console.print(Text(f"note: {profile.note}"))


def _known(count: int | None) -> str:
    return "?" if count is None else str(count)
