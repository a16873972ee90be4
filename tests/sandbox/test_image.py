"""The sandbox image: its tag, its build, and what is in it, looked at from inside a container."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.content import content_dir
from harness.errors import SandboxError, UsageError
from harness.sandbox import base
from harness.sandbox import image as image_module
from harness.sandbox.image import Image, clean_images, ensure_image, find_image, image_tag
from harness.sandbox.reaper import owner_labels
from harness.sandbox.wheels import wheels

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.engine


@pytest.fixture
def definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of sandboxes/ that a test may change; the image module sees it in place of the real one."""
    copy = tmp_path / "sandboxes"
    shutil.copytree(content_dir("sandboxes"), copy)
    monkeypatch.setattr(image_module, "content_dir", lambda name: tmp_path / name)
    return copy


@pytest.fixture
def old_image(engine: docker.APIClient, image: Image) -> Iterator[str]:
    """An image of an older definition."""
    tag = f"{image_module.PREFIX}python:0000000000000000"
    dockerfile = io.BytesIO(f"FROM {image.tag}\nENV OLD=1\n".encode())
    list(engine.build(fileobj=dockerfile, tag=tag, rm=True, decode=True))
    yield tag
    if base.inspect(engine, tag):
        engine.remove_image(tag, force=True)


def run_inside(engine: docker.APIClient, image: Image, script: str) -> str:
    """Output of a shell script in a container as a candidate gets it: no network, read-only, no capability."""
    container = engine.create_container(
        image.tag,
        ["sh", "-ec", script],
        network_disabled=True,
        host_config=engine.create_host_config(read_only=True, cap_drop=["ALL"], tmpfs={"/tmp": "", "/box": ""}),
        labels=owner_labels(),
    )
    try:
        engine.start(container)
        code = engine.wait(container)["StatusCode"]
        output: str = engine.logs(container).decode()
        assert code == 0, output
        return output
    finally:
        engine.remove_container(container, force=True, v=True)


# Tag


def test_the_tag_follows_every_file_that_is_baked_in(definition: Path) -> None:
    tags = {image_tag()}
    for path in ("python/Dockerfile", "python/requirements.txt", "runner/supervisor.py"):
        with (definition / path).open("a") as file:
            file.write("# changed\n")
        tags.add(image_tag())
    (definition / "runner" / "one_more.py").write_text("")
    tags.add(image_tag())
    (definition / "runner" / "one_more.py").rename(definition / "runner" / "another_name.py")
    tags.add(image_tag())
    assert len(tags) == 6


def test_the_tag_ignores_byte_code_and_hidden_files(definition: Path) -> None:
    before = image_tag()
    (definition / "runner" / "__pycache__").mkdir(exist_ok=True)
    (definition / "runner" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"")
    (definition / "python" / ".swp").write_text("")
    assert image_tag() == before


def test_an_unknown_image_is_named_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no sandbox image 'cobol'") as caught:
        image_tag("cobol")
    assert "python" in caught.value.remedy


# Build


def test_a_present_image_is_found_at_once(engine: docker.APIClient, image: Image, said: list[str]) -> None:
    start = time.perf_counter()
    assert ensure_image(engine, said.append) == image
    assert time.perf_counter() - start < 0.5
    assert said == []
    assert image.id.startswith("sha256:")
    assert image.base != "unknown"


def test_a_changed_definition_is_built_and_labelled(
    engine: docker.APIClient, image: Image, definition: Path, said: list[str]
) -> None:
    (definition / "runner" / "marker.py").write_text("MARK = 'new'\n")
    built = ensure_image(engine, said.append)
    try:
        assert built.tag != image.tag
        assert built.base == image.base
        assert said[0] == f"building {built.tag}"
        assert "marker.py" in run_inside(engine, built, "ls /opt/harness/runner")
    finally:
        engine.remove_image(built.tag, force=True)
    assert find_image(engine) is None


@pytest.mark.usefixtures("image")
def test_a_failing_build_shows_the_end_of_its_log(engine: docker.APIClient, definition: Path, said: list[str]) -> None:
    dockerfile = definition / "python" / "Dockerfile"
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\nRUN echo almost there && exit 3\n")
    with pytest.raises(SandboxError, match="returned a non-zero code: 3") as caught:
        ensure_image(engine, said.append)
    assert "almost there" in caught.value.message


@pytest.mark.usefixtures("image")
def test_a_full_disk_is_told_apart(engine: docker.APIClient, definition: Path, said: list[str]) -> None:
    dockerfile = definition / "python" / "Dockerfile"
    dockerfile.write_text("ARG BASE\nFROM ${BASE}\nRUN head -c 9000000000 /dev/zero > /dev/shm/x\n")
    with pytest.raises(SandboxError) as caught:
        ensure_image(engine, said.append)
    assert "free disk space" in caught.value.remedy


def test_wheels_that_do_not_match_their_hash_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"iniconfig==2.3.1 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SandboxError, match=r"could not be fetched") as caught:
        wheels(requirements, print)
    assert "HASH" in caught.value.message.upper()
    assert not list((tmp_path / "harness").glob("wheels-*")), "nothing half-fetched stays behind"


def test_two_processes_build_once(engine: docker.APIClient, definition: Path) -> None:
    (definition / "runner" / "race.py").write_text(f"STARTED = {time.time_ns()}\n")
    code = (
        "import sys, pathlib\n"
        "from harness.sandbox import image\nfrom harness.sandbox.engine import connect\n"
        "image.content_dir = lambda name: pathlib.Path(sys.argv[1])\n"
        "client = connect()\nimage.ensure_image(client, print)\nclient.close()"
    )
    command = [sys.executable, "-c", code, str(definition)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [racer.communicate()[0] for racer in racers]
    try:
        assert [racer.returncode for racer in racers] == [0, 0]
        assert sum("building" in output and "Step 1/" in output for output in outputs) == 1
    finally:
        engine.remove_image(image_tag(), force=True)


def test_clean_removes_older_definitions_only(engine: docker.APIClient, image: Image, old_image: str) -> None:
    removed = clean_images(engine)
    assert old_image in removed.tags
    assert image.tag not in removed.tags
    assert find_image(engine) == image


def test_clean_keeps_what_a_container_uses(engine: docker.APIClient, old_image: str) -> None:
    container = engine.create_container(old_image, ["true"], labels=owner_labels())
    try:
        assert old_image in clean_images(engine).kept
    finally:
        engine.remove_container(container, force=True)


# Inside


def test_nothing_leads_up_to_root(engine: docker.APIClient, image: Image) -> None:
    assert run_inside(engine, image, "find / -xdev ! -type l -perm /6000") == ""
    assert run_inside(engine, image, "getcap -r / 2>/dev/null || true") == ""


def test_python_and_its_mount_points_are_in_place(engine: docker.APIClient, image: Image) -> None:
    assert run_inside(engine, image, "command -v python3; touch /tmp/x /box/x; ls -d /usr/bin/python3") == (
        "/usr/bin/python3\n/usr/bin/python3\n"
    )


def test_localhost_resolves_without_network(engine: docker.APIClient, image: Image) -> None:
    script = "python3 -c \"import socket; print(socket.getaddrinfo('localhost', 80, socket.AF_INET)[0][4])\""
    assert run_inside(engine, image, script) == "('127.0.0.1', 80)\n"


def test_no_trace_of_this_machine(engine: docker.APIClient, image: Image) -> None:
    leaks = run_inside(
        engine, image, "cat /etc/resolv.conf /etc/hosts; ls /var/lib/apt/lists /etc/apt/sources.list* 2>&1 || true"
    )
    assert "nameserver" not in leaks
    assert "No such file" in leaks


def test_byte_code_is_ready_for_a_read_only_system(engine: docker.APIClient, image: Image) -> None:
    script = """
import importlib.util, json, pathlib, sysconfig
def flags(path):
    cached = pathlib.Path(importlib.util.cache_from_source(str(path)))
    return cached.read_bytes()[4] if cached.exists() else None
harness = [path for path in pathlib.Path("/opt/harness").rglob("*.py")]
library = pathlib.Path(sysconfig.get_path("stdlib"))
print(json.dumps({
    "harness": sorted({flags(path) for path in harness}, key=str),
    "library": [str(path) for path in library.glob("*.py") if flags(path) is None],
    "writable": [str(path) for path in pathlib.Path("/opt").rglob("*") if path.stat().st_mode & 0o022],
}))
"""
    found = json.loads(run_inside(engine, image, f"python3 -I -c '{script}'".replace('"', '"')))
    # 1: by hash, unchecked (PEP 552): no source file is looked at when it is imported.
    assert found == {"harness": [1], "library": [], "writable": []}


def test_pytest_is_the_pinned_one(engine: docker.APIClient, image: Image) -> None:
    code = "import sys; sys.path.append('/opt/harness/site'); import pytest; print(pytest.__version__)"
    version = run_inside(engine, image, f'python3 -I -S -c "{code}"').strip()
    assert f"pytest=={version} " in (content_dir("sandboxes") / "python" / "requirements.txt").read_text()


def test_the_runner_is_baked_in(engine: docker.APIClient, image: Image) -> None:
    listed = set(run_inside(engine, image, "ls /opt/harness/runner").split())
    assert {path.name for path in (content_dir("sandboxes") / "runner").glob("*.py")} <= listed
