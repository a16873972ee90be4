"""A run's directory: what stands where, and that one harness at a time works in it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from harness.errors import StoreError


class RunPaths:
    """One run's directory.

    <out>/<run>/
      manifest.json    versions, machine, engine, image, models, content hashes
      store.db         every attempt, selection, judgment and model call through the gateway (SQLite, WAL)
      raw.jsonl        the attempts again, one JSON object a line
      report.html  report.md  scores.csv  scores.json
      lock             held while a harness works here
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = root / "manifest.json"
        self.store = root / "store.db"
        self.raw = root / "raw.jsonl"
        self.report = root / "report.html"
        self.lock = root / "lock"


def only_one(paths: RunPaths) -> IO[str]:
    """The lock of a run directory, held until it is closed. Raises StoreError when another process has it."""
    lock = paths.lock.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            lock.seek(0)
            owner = lock.read().strip()
        raise StoreError(
            f"another harness (pid {owner or 'unknown'}) works in {paths.root}",
            remedy="wait for it, or choose another --name",
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
