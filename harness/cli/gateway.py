"""`harness gateway`."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from harness.cli.options import say
from harness.errors import ConfigError, UsageError
from harness.words import plural

if TYPE_CHECKING:
    from harness.config import ModelProfile
    from harness.routing.gateway import Session
    from harness.store import Store
    from harness.types import ModelCall

TOKEN = "HARNESS_GATEWAY_TOKEN"  # noqa: S105  the name of a variable
PORT = 8787
_SHORTEST = 16
_NEEDS_A_TASK = ("reference", "replay")
"""Providers that answer from a task, which no client can send."""


@click.command(short_help="serve models to your own tools, and keep every call")
@click.option(
    "--model", "names", multiple=True, metavar="NAME", help="A model of the catalogue; without any, all that are ready."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=None,
    help=f"On loopback; 0 takes a free one.  [default: {PORT}, none with --socket]",
)
@click.option(
    "--socket", type=click.Path(path_type=Path, dir_okay=False), help="A unix socket to make, for this user only."
)
@click.option(
    "--catalogue", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A models.yaml over the others."
)
@click.option(
    "--budget", type=click.FloatRange(0), default=None, metavar="USD", help="Refuse calls once this much is spent."
)
@click.option("--name", default="gateway", show_default=True, help="Name of the directory that keeps the calls.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where directories are made.",
)
def command(
    names: tuple[str, ...],
    port: int | None,
    socket: Path | None,
    catalogue: Path | None,
    budget: float | None,
    name: str,
    out: Path,
) -> None:
    """Serve models of the catalogue to this machine's own tools, as an OpenAI-compatible server.

    Prints the address and the token that clients send as their API key; HARNESS_GATEWAY_TOKEN sets the token. Ends with
    Ctrl-C. Every call is kept; the same command again goes on in the same directory. See docs/gateway.md.
    """
    from harness.models import open_provider
    from harness.routing.gateway import Allowance, Gateway, Served, Session
    from harness.store import Store

    profiles = _profiles(names, catalogue)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store(out / name))
        _check_directory(store, out / name)
        writer = stack.enter_context(_Writer(store))
        served = {}
        for profile in profiles:
            provider = stack.enter_context(contextlib.closing(open_provider(profile)))
            served[profile.name] = Served(profile, provider)
        _note_unpriced(profiles, budget)
        left = None if budget is None else max(0.0, budget - store.spent())
        session = Session(served, allowance=Allowance(cost_usd=left), on_call=writer.save)
        given = os.environ.get(TOKEN, "").strip()
        if given:
            session.token = _token(given)
        gateway = stack.enter_context(Gateway())
        _open(gateway, session, port, socket)
        click.echo(f"token      {'the one in ' + TOKEN if given else session.token}")
        click.echo(f"models     {', '.join(sorted(served))}")
        say(f"calls are kept in {out / name}; Ctrl-C ends")
        stack.callback(_say_spent, session)
        writer.failed.wait()
    assert writer.error is not None
    raise writer.error


class _Writer:
    """One thread that writes the store, for the many that serve; each waits until its call is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="calls")
        self.failed = threading.Event()
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True)

    def save(self, call: ModelCall) -> None:
        """Keep a call. What fails ends the command: a gateway that cannot keep calls serves none."""
        try:
            self._thread.submit(self._store.save_call, call).result()
        except BaseException as error:
            self.error = error
            self.failed.set()
            raise


def _profiles(names: tuple[str, ...], path: Path | None) -> list[ModelProfile]:
    """The models to serve: those named, or all that can answer."""
    from harness.models.catalogue import check_ready, load_catalogue

    catalogue = load_catalogue(path)
    if names:
        chosen = [catalogue.get(one) for one in dict.fromkeys(names)]
        for profile in chosen:
            if profile.provider in _NEEDS_A_TASK:
                raise UsageError(f"{profile.name} answers from a task, which no client can send", remedy="leave it out")
        return chosen
    ready = []
    for profile in (catalogue.get(one) for one in catalogue.names()):
        if profile.provider in _NEEDS_A_TASK:
            continue
        try:
            check_ready(profile)
        except ConfigError as error:
            say(f"not served: {error.message}")
        else:
            ready.append(profile)
    if not ready:
        raise UsageError("no model of the catalogue is ready", remedy="`harness models` lists what there is")
    return ready


def _check_directory(store: Store, directory: Path) -> None:
    if store.fact("config") is not None:
        raise UsageError(f"{directory} holds a run", remedy="choose another --name for the gateway's calls")


def _note_unpriced(profiles: list[ModelProfile], budget: float | None) -> None:
    for profile in profiles:
        if budget is not None and profile.price is None and not profile.local:
            say(f"{profile.name}: no price in the catalogue, so --budget does not count it")


def _token(given: str) -> str:
    if len(given) < _SHORTEST or not given.isascii() or not given.isprintable() or " " in given:
        raise ConfigError(f"{TOKEN} must be a plain ASCII word of at least {_SHORTEST} characters")
    return given


def _open(gateway: object, session: Session, port: int | None, socket: Path | None) -> None:
    from harness.routing.gateway import Gateway

    assert isinstance(gateway, Gateway)
    if port is not None or socket is None:
        found = gateway.listen("127.0.0.1", PORT if port is None else port, [session])
        click.echo(f"base URL   http://127.0.0.1:{found}/v1")
    if socket is not None:
        gateway.listen_unix(socket, [session])
        click.echo(f"socket     {socket}")


def _say_spent(session: Session) -> None:
    spent = session.spent()
    cost = "unknown cost" if spent.cost_usd is None else f"${spent.cost_usd:.4f}"
    say(f"{plural(spent.calls, 'call')} answered, {spent.refused} refused, {cost}")
