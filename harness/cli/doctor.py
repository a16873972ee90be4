"""`harness doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.util
import json
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from harness import __version__
from harness.errors import HarnessError
from harness.words import plural

if TYPE_CHECKING:
    import docker

State = Literal["ok", "note", "missing"]
ENOUGH_DISK_GB = 2.0
_MARKS: dict[State, str] = {"ok": "ok     ", "note": "note   ", "missing": "MISSING"}


class Finding(NamedTuple):
    """One line: `missing` means that no run can be made, `note` that something is worse than it could be."""

    name: str
    state: State
    detail: str
    remedy: str = ""


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: ready, findings (name, state, detail, remedy).")
def command(as_json: bool) -> int:
    """Say what this machine has and what is missing.

    Exit code 0 when a run can be made, 1 when not.
    """
    findings = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            click.echo(f"{_MARKS[finding.state]}  {finding.name:<12} {finding.detail}")
            if finding.remedy:
                click.echo(f"{'':<22} -> {finding.remedy}")
    ready = all(finding.state != "missing" for finding in findings)
    if as_json:
        click.echo(json.dumps({"ready": ready, "findings": [finding._asdict() for finding in findings]}, indent=2))
    else:
        click.echo("a run can be made" if ready else "no run can be made yet")
    return 0 if ready else 1


def _findings() -> Iterator[Finding]:
    yield _python()
    yield Finding("harness", "ok", f"{__version__} in {Path(__file__).resolve().parents[1]}")
    yield from _sandbox()
    yield from _models()
    yield _program("git", "the manifest of a run names no commit of the fixtures", "install git")
    yield from _disk()


def _python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")


def _sandbox() -> Iterator[Finding]:
    from harness.sandbox.bubblewrap import look
    from harness.sandbox.engine import connect

    second = look()
    files = "" if second.prepared or not second.works else "; its files are prepared when it is first used"
    try:
        client = connect(timeout_s=10)
    except HarnessError as error:
        # Without an engine `--sandbox auto` takes the other backend, if that one works.
        instead = "; candidates run under bubblewrap, which is weaker" if second.works else ""
        yield Finding("engine", "note" if second.works else "missing", error.message + instead, error.remedy)
        state: State = "ok" if second.works else "missing"
        yield Finding("bubblewrap", state, second.detail + files, second.remedy)
        return
    yield Finding("bubblewrap", "ok" if second.works else "note", second.detail + files, second.remedy)
    try:
        yield from _engine(client)
        yield from _image(client)
    except HarnessError as error:
        yield Finding("engine", "missing", error.message, error.remedy)
    finally:
        client.close()


def _engine(client: docker.APIClient) -> Iterator[Finding]:
    from harness.sandbox.engine import engine_info
    from harness.sandbox.levels import engine_layers

    info = engine_info(client)
    memory = f"{info.cpus} cores, {info.memory_mb} MB"
    yield Finding("engine", "ok", f"{info.name} {info.version} (API {info.api}), {info.storage_driver}, {memory}")
    yield Finding("runtimes", "ok", f"{', '.join(info.runtimes) or info.default_runtime}; used: {info.runtime}")
    yield Finding("isolation", "ok", ", ".join(f"{name} {value}" for name, value in engine_layers(info).items()))
    for warning in info.warnings:
        yield Finding("isolation", "note", warning)


def _image(client: docker.APIClient) -> Iterator[Finding]:
    from harness.sandbox.image import find_image, image_tag
    from harness.sandbox.reaper import list_containers

    image = find_image(client)
    if image is None:
        yield Finding("image", "missing", f"{image_tag()} is not built", "harness sandbox build")
    else:
        yield Finding("image", "ok", f"{image.tag}, {image.size_mb} MB, {image.base}")
    orphans = [container for container in list_containers(client) if container.owner == "dead"]
    if orphans:
        yield Finding("containers", "note", f"{len(orphans)} left by processes that died", "harness sandbox clean")


def _models() -> Iterator[Finding]:
    yield _local()
    from harness.models.catalogue import check_ready, load_catalogue

    try:
        catalogue = load_catalogue()
    except HarnessError as error:
        yield Finding("catalogue", "missing", error.message, error.remedy)
        return
    ready, not_ready = [], []
    for name in catalogue.names():
        try:
            check_ready(catalogue.get(name))
        except HarnessError as error:
            not_ready.append(error.message.removeprefix("model "))
        else:
            ready.append(name)
    yield Finding("catalogue", "ok", f"{plural(len(catalogue.entries), 'model')}, ready: {', '.join(ready)}")
    for message in not_ready:
        yield Finding("catalogue", "note", message)
    for name in ready:
        weights = catalogue.get(name).weights
        if weights is not None and weights.path is None:
            yield _weights(name, weights.sha256)


def _weights(name: str, sha256: str) -> Finding:
    from harness.content import cache_dir

    path = cache_dir() / "weights" / f"{sha256}.gguf"
    if path.is_file():
        return Finding("weights", "ok", f"{name}: {path} ({path.stat().st_size / 1e6:.0f} MB)")
    return Finding("weights", "note", f"{name}: fetched when it is first used", f"harness models fetch {name}")


def _local() -> Finding:
    from harness.models.runtime import LIBRARY, PACKAGE, has_runtime

    if importlib.util.find_spec("xllamacpp") is None:
        remedy = "pip install 'harness-eval[local]'"
        return Finding("local models", "note", "the extra `local` is not installed: no model on this machine", remedy)
    if not has_runtime():
        remedy = f"as root: apt-get install {PACKAGE}"
        return Finding("local models", "note", f"llama.cpp needs {LIBRARY}: installed when it is first used", remedy)
    return Finding("local models", "ok", f"llama.cpp through xllamacpp {_installed('xllamacpp')}")


def _installed(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "of unknown version"


def _program(name: str, without: str, remedy: str) -> Finding:
    found = shutil.which(name)
    return Finding(name, "ok", found) if found else Finding(name, "note", f"not installed: {without}", remedy)


def _disk() -> Iterator[Finding]:
    from harness.content import cache_dir

    places = {"here": Path.cwd(), "cache": cache_dir(), "engine": Path("/var/lib/docker")}
    for name, path in places.items():
        if not path.is_dir():
            continue
        free_gb = shutil.disk_usage(path).free / 1e9
        enough = free_gb >= ENOUGH_DISK_GB
        remedy = "" if enough else f"free some: {ENOUGH_DISK_GB:.0f} GB are comfortable"
        yield Finding("disk", "ok" if enough else "note", f"{free_gb:.1f} GB free in {path} ({name})", remedy)
