"""The files a bubblewrap sandbox shows: made once, complete, readable by anybody, and nothing but them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import host
from harness.sandbox import rootfs
from harness.sandbox.rootfs import Root, clean_roots, find_root, root_in_use


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


def test_what_a_killed_process_left_half_made_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """Into an empty cache; only the wheels, which are another file's concern, are those at hand."""
    at_hand = host.cache()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for path in at_hand.glob("wheels-*"):
        shutil.copytree(path, host.cache() / path.name)
    left = host.cache() / f"making-{rootfs.PREFIX}abc"
    (left / "root").mkdir(parents=True)
    with root_in_use(said.append) as made:
        assert made.path.is_relative_to(tmp_path)
        assert not left.exists()
        assert len(said) == 1
        older = host.cache() / f"{rootfs.PREFIX}0123456789abcdef"
        older.mkdir()
        assert clean_roots() == 1
        assert not older.exists()
        assert clean_roots(keep_current=False) == 0, "somebody uses it"
        assert made.path.is_dir()
    assert clean_roots(keep_current=False) == 1
    assert find_root() is None
