"""The files a bubblewrap sandbox shows: made once, complete, readable by anybody, and nothing but them."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import host
from harness.sandbox import rootfs
from harness.sandbox.bubblewrap import BubblewrapSandbox
from harness.sandbox.pool import Pool
from harness.sandbox.rootfs import Root, clean_roots, find_root, root_in_use
from harness.types import Job


@pytest.fixture
def tree() -> Iterator[Root]:
    with root_in_use(print) as found:
        yield found


def test_everything_can_be_read_and_nothing_is_set_uid(tree: Root) -> None:
    count = 0
    for top, folders, files in os.walk(tree.path):
        for name in (*folders, *files):
            facts = Path(top, name).lstat()
            if stat.S_ISLNK(facts.st_mode):
                continue
            count += 1
            assert facts.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH) == 0
            wanted = 0o555 if stat.S_ISDIR(facts.st_mode) else 0o444
            assert facts.st_mode & wanted == wanted, Path(top, name)
    assert count > 500


def test_links_stay_inside(tree: Root) -> None:
    for path in tree.path.rglob("*"):
        if path.is_symlink():
            target = str(path.readlink())
            inside = Path(os.path.normpath(path.parent / target)) if not target.startswith("/") else None
            assert target.startswith("/proc/self/fd") or (inside and inside.is_relative_to(tree.path)), path


def test_no_packages_of_the_host(tree: Root) -> None:
    names = {path.name for path in tree.path.rglob("*") if path.is_dir()}
    assert not names & {"site-packages", "dist-packages", "idlelib", "ensurepip"}
    assert {"runner", "site", "_pytest"} <= names
    runner = tree.path / "opt/harness/runner"
    assert {path.stem for path in runner.glob("*.py")} == {
        path.name.partition(".")[0] for path in (runner / "__pycache__").iterdir()
    }


def test_it_is_made_once_and_then_needs_nothing(tree: Root, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rootfs, "_make", lambda *_: pytest.fail("made again"))
    monkeypatch.setattr(rootfs, "wheels", lambda *_: pytest.fail("fetched again"))
    with root_in_use(said.append) as again:
        assert again == tree == find_root()
    assert said == []


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without a tree; the wheels, which are another file's concern, are those at hand."""
    at_hand = host.cache()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for path in at_hand.glob("wheels-*"):
        shutil.copytree(path, host.cache() / path.name)
    return host.cache()


def test_without_a_python_of_the_system_ours_is_copied_and_its_home_not_shown(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, make_job: Callable[..., Job], plain: Callable[..., Any]
) -> None:
    monkeypatch.setattr(rootfs, "SYSTEM_PYTHON", "/nonexistent")
    source = "import ctypes, sqlite3, ssl, sys\ndef f():\n    return sys.version, sys.prefix, sys.path\n"
    with contextlib.closing(BubblewrapSandbox(log=print)) as backend, Pool(backend, size=1) as pool:
        version, prefix, path = plain(pool.run(make_job(source)).cases[0])
    assert version == sys.version
    assert prefix == "/usr"
    assert all(entry.startswith("/usr/lib/") for entry in path)


def test_what_a_killed_process_left_half_made_is_removed(empty_cache: Path, said: list[str]) -> None:
    left = empty_cache / f"making-{rootfs.PREFIX}abc"
    (left / "root").mkdir(parents=True)
    with root_in_use(said.append) as made:
        assert made.path.is_relative_to(empty_cache)
        assert not left.exists()
        assert len(said) == 1
        older = empty_cache / f"{rootfs.PREFIX}0123456789abcdef"
        older.mkdir()
        assert clean_roots() == 1
        assert not older.exists()
        assert clean_roots(keep_current=False) == 0, "somebody uses it"
        assert made.path.is_dir()
    assert clean_roots(keep_current=False) == 1
    assert find_root() is None
