"""`harness sandbox`: the thin door over engine, image and reaper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from harness.cli.sandbox import command
from harness.sandbox.image import Image
from harness.sandbox.reaper import OWNER_BOOT, owner_labels
from harness.types import SandboxLevel

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.engine


def test_build_prints_the_image_and_says_nothing_else(image: Image) -> None:
    done = CliRunner().invoke(command, ["build", "--json"], catch_exceptions=False)
    assert Image.model_validate_json(done.stdout) == image
    assert done.stderr == ""
    assert image.tag in CliRunner().invoke(command, ["build"], catch_exceptions=False).stdout


def test_status(engine: docker.APIClient, image: Image) -> None:
    container = engine.create_container(image.tag, ["true"], labels=owner_labels())
    try:
        told = CliRunner().invoke(command, ["status", "--json"], catch_exceptions=False)
        shown = CliRunner().invoke(command, ["status"], catch_exceptions=False)
    finally:
        engine.remove_container(container, force=True)
    state = json.loads(told.stdout)
    assert state["image"]["present"]
    assert state["isolation"]["level"] in list(SandboxLevel)
    assert "not taken by --sandbox auto" in shown.stdout
    assert state["image"]["tag"] == image.tag
    assert state["engine"]["version"] in shown.stdout
    assert [entry["owner"] for entry in state["containers"] if entry["id"] == container["Id"]] == ["this"]
    assert "(this)" in shown.stdout


def test_clean_removes_orphans(engine: docker.APIClient, image: Image) -> None:
    labels = {**owner_labels(), OWNER_BOOT: "an earlier boot"}
    container = engine.create_container(image.tag, ["true"], labels=labels)
    done = CliRunner().invoke(command, ["clean"], catch_exceptions=False)
    assert done.stdout.startswith("removed ")
    assert container["Id"] not in {entry["Id"] for entry in engine.containers(all=True)}


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cleaned = CliRunner().invoke(command, ["clean"], catch_exceptions=False).stdout
    assert "no containers or images to clean" in cleaned
    assert "files of 0 definitions" in cleaned
    shown = CliRunner().invoke(command, ["status"], catch_exceptions=False).stdout
    assert shown.startswith("engine      none: no container engine answers")
    assert "taken by --sandbox auto" in shown
    told = json.loads(CliRunner().invoke(command, ["status", "--json"], catch_exceptions=False).stdout)
    assert told["engine"] is None
    assert told["bubblewrap"]["works"]
    assert not told["bubblewrap"]["prepared"]
