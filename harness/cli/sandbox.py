"""`harness sandbox`: the container engine and the image that candidates run in, and what stands in without one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from harness.cli.audit import audit
from harness.cli.bench import bench
from harness.errors import EngineUnavailable

if TYPE_CHECKING:
    import docker

    from harness.sandbox.reaper import Container


@click.group(name="sandbox", commands=[audit, bench])
def command() -> None:
    """Build, inspect or clean the sandbox that candidates run in."""


def _say(line: str) -> None:
    click.echo(line, err=True)


@command.command()
@click.argument("name", default="python", metavar="[IMAGE]")
@click.option("--json", "as_json", is_flag=True, help="Print the image as JSON on stdout.")
def build(name: str, as_json: bool) -> None:
    """See to an engine and build an image: python, which candidates run in, unless IMAGE says aider.

    Where no engine answers, Docker is installed and started (as root on Debian or Ubuntu; otherwise the message says
    what to install). An image that is present is not built again. Without this, and without an engine, candidates run
    under bubblewrap, which needs neither but is weaker.
    """
    from harness.sandbox.engine import ensure_engine
    from harness.sandbox.image import ensure_image

    client = ensure_engine(_say)
    try:
        image = ensure_image(client, _say, name=name)
    finally:
        client.close()
    click.echo(image.model_dump_json() if as_json else f"sandbox image {image.tag} ({image.size_mb} MB, {image.base})")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: engine, isolation, image, containers, bubblewrap.")
def status(as_json: bool) -> None:
    """Show engine, image, isolation layers, the containers of harness processes, and the backend without an engine."""
    from harness.sandbox.bubblewrap import look
    from harness.sandbox.engine import connect

    state: dict[str, Any]
    try:
        client = connect()
    except EngineUnavailable as error:
        state = {"engine": None, "isolation": {}, "image": None, "containers": [], "reason": error.message}
    else:
        try:
            state = _status(client)
        finally:
            client.close()
    state["bubblewrap"] = look().model_dump()
    if as_json:
        click.echo(json.dumps(state, indent=2))
        return
    _show_engine(state)
    second = state["bubblewrap"]
    click.echo(f"bubblewrap  {second['detail']}")
    if second["works"]:
        files = "prepared" if second["prepared"] else "prepared when it is first used"
        taken = "not taken by --sandbox auto: an engine answers" if state["engine"] else "taken by --sandbox auto"
        click.echo(f"            files {files}; {taken}")


def _show_engine(state: dict[str, Any]) -> None:
    engine, image = state["engine"], state["image"]
    if engine is None:
        click.echo(f"engine      none: {state['reason']}")
        return
    click.echo(f"engine      {engine['name']} {engine['version']} on {engine['os']}, {engine['storage_driver']}")
    click.echo(f"runtimes    {', '.join(engine['runtimes'])} (default {engine['default_runtime']})")
    click.echo("isolation   " + ", ".join(f"{name} {value}" for name, value in state["isolation"].items()))
    present = f"{image['size_mb']} MB, {image['base']}" if image["present"] else "not built: harness sandbox build"
    click.echo(f"image       {image['tag']} ({present})")
    click.echo(f"containers  {len(state['containers'])}")
    for container in state["containers"]:
        click.echo(f"  {container['name']}  {container['state']}  process {container['pid']} ({container['owner']})")
    for warning in engine["warnings"]:
        click.echo(f"warning     {warning}")


def _status(client: docker.APIClient) -> dict[str, Any]:
    from harness.sandbox.engine import engine_info
    from harness.sandbox.image import find_image, image_tag
    from harness.sandbox.levels import engine_layers
    from harness.sandbox.reaper import list_containers

    info = engine_info(client)
    image = find_image(client)
    containers: tuple[Container, ...] = list_containers(client)
    return {
        "engine": info.model_dump(mode="json"),
        "isolation": engine_layers(info),
        "image": {"tag": image_tag(), "present": image is not None, **(image.model_dump() if image else {})},
        "containers": [container.model_dump() for container in containers],
    }


@command.command()
@click.option("--all", "everything", is_flag=True, help="Also what is current: living containers, image, base, files.")
def clean(everything: bool) -> None:
    """Remove containers whose owner is dead, images of older definitions, and bubblewrap's files of older ones."""
    from harness.sandbox.engine import connect
    from harness.sandbox.image import clean_images
    from harness.sandbox.reaper import reap
    from harness.sandbox.rootfs import clean_roots

    roots = clean_roots(keep_current=not everything)
    try:
        client = connect()
    except EngineUnavailable as error:
        click.echo(f"no containers or images to clean: {error.message}")
        click.echo(f"removed bubblewrap's files of {roots} definitions")
        return
    try:
        containers = reap(client, everything=everything)
        images = clean_images(client, keep_current=not everything)
    finally:
        client.close()
    click.echo(f"removed {containers} containers, {len(images.tags)} images, bubblewrap's files of {roots} definitions")
    for tag in images.kept:
        click.echo(f"kept {tag}: a container uses it")
