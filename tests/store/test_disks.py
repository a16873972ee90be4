"""Disks that are full, read-only or slow, and how much memory a store takes."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.store import Store
from harness.types import (
    AttemptKey,
)
from tests.store.made import attempt, lines


@contextlib.contextmanager
def mounted_disk(place: Path, options: str) -> Iterator[Path]:
    """A small file system of its own. Skips the test where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def remount(place: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", place], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    with mounted_disk(tmp_path / "disk", "size=1m") as place:
        yield place


def test_a_directory_that_cannot_be_written(disk: Path) -> None:
    with Store(disk / "run") as store:
        store.save(attempt())
        store.set_fact("x", 1)
    remount(disk, "ro")
    for place in (disk / "run", disk / "new"):
        with pytest.raises(StoreError, match="Read-only file system") as caught:
            Store(place)
        assert "--out" in caught.value.remedy
    with Store(disk / "run", write=False) as store:
        assert (list(store.attempts()), store.fact("x")) == ([attempt()], 1)


def fill(store: Store) -> int:
    """Save until the disk is full; how many were saved."""
    for number in count():
        try:
            store.save(attempt(number, size=3000))
        except StoreError as error:
            if "free space" not in error.remedy:
                raise
            return number
    raise AssertionError


def test_a_full_disk_keeps_every_attempt_and_resumes(disk: Path) -> None:
    with Store(disk / "run") as store:
        saved = fill(store)
        assert saved > 10
        kept = list(store.attempts())
    # The attempt that did not fit may have been committed before its line failed.
    assert len(kept) in (saved, saved + 1)
    assert kept == [attempt(number, size=3000) for number in range(len(kept))]
    with Store(disk / "run", write=False) as store:
        assert list(store.attempts()) == kept
    remount(disk, "size=8m")
    with Store(disk / "run") as store:
        assert len(store.done()) == len(kept)
        store.save(attempt(len(kept), size=3000))
        store.finish()
    assert len(lines(disk / "run")) == len(kept) + 1
    assert not list((disk / "run").glob("*.new"))


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A directory where waiting for the disk costs nothing, as each attempt does wait for it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as place:
        yield Path(place)


def test_many_attempts_take_little_memory(in_memory: Path) -> None:
    with Store(in_memory) as store:
        for number in range(5000):
            store.save(attempt(number, size=1000))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(1 for _ in store.attempts()) == 5000
        assert len(store.done()) == 5000
        store.finish()
    with Store(in_memory) as store:
        assert store.done()[AttemptKey(task="s/t00999", model="m", repeat=0, attempt=4)] == "h"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (in_memory / "raw.jsonl").stat().st_size > 14_000_000
    assert grown < 12_000, "kilobytes: less than the attempts themselves"
