"""What is installed: pinned requirements, and a wheel that carries everything a checkout has."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from harness import __version__

CONTENT = ("fixtures", "sandboxes", "verifiers", "reports", "hostile")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, dict[str, list[str]]]:
    """The `[project]` table."""
    table: dict[str, dict[str, list[str]]] = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return table


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built of this checkout, offline."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", name, maxsplit=1)[0]).lower()


@pytest.mark.parametrize("file", ["constraints.txt", "sandboxes/python/requirements.txt"])
def test_every_pin_has_a_hash_and_no_address(root: Path, file: str) -> None:
    text = (root / file).read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "options such as index addresses do not belong here"
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"^[a-z0-9_.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_every_requirement_is_pinned(root: Path, project: dict[str, dict[str, list[str]]]) -> None:
    pinned = {normal(line) for line in (root / "constraints.txt").read_text().splitlines() if "==" in line}
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["local"], *extras["dev"]]
    assert {normal(name) for name in wanted} <= pinned


def test_every_requirement_is_explained(root: Path, project: dict[str, dict[str, list[str]]]) -> None:
    text = (root / "docs" / "dependencies.md").read_text().lower()
    wanted = {normal(name) for names in project["optional-dependencies"].values() for name in names}
    wanted |= {normal(name) for name in project["dependencies"]}
    assert {name for name in wanted if f"`{name}`" not in text} == set()


def test_the_wheel_carries_what_the_checkout_has(root: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    listed = [
        "git",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
        "--",
        "harness",
        *CONTENT,
        "tests/hostile",
    ]
    tracked = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, tracked):
        if (root / name).exists():
            place = name.removeprefix("tests/")
            assert (name if name.startswith("harness/") else f"harness/_content/{place}") in inside
    tops = {name.partition("/")[0] for name in inside}
    assert tops == {"harness", f"harness_eval-{__version__}.dist-info"}
    assert not [name for name in inside if name.endswith(".pyc")]


def test_the_wheel_finds_its_content(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from harness.content import content_dir\n"
        "from harness.sandbox.image import image_tag\n"
        f"print(*[content_dir(name) for name in {CONTENT!r}], image_tag(), sep='\\n')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    *directories, tag = done.stdout.split()
    assert directories == [str(tmp_path / "site/harness/_content" / name) for name in CONTENT]

    from harness.sandbox.image import image_tag

    assert tag == image_tag(), "checkout and wheel must share one image"
