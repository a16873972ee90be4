"""Whatever a process makes and does not give back is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from harness.sandbox import Sandbox
from harness.sandbox.holdings import holdings


def test_everything_that_is_held_counts(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = holdings()
    assert before.beyond(before) == {}
    (tmp_path / "file").touch()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=reader)
    box = sandbox.start(64)
    try:
        more = holdings().beyond(before)
        # The box has a stream besides.
        assert more.pop("descriptors") >= 3
        # Its threads, control groups and, of one that is no container, its process are the sandbox's affair.
        assert more.pop("threads") >= 1
        assert more.pop("temporary_files") >= 1
        assert more.pop("processes") == (1 if sandbox.name == "docker" else 2)
        assert more.pop("containers", 0) == (1 if sandbox.name == "docker" else 0)
        assert set(more) <= {"control_groups"}
    finally:
        done.set()
        thread.join()
        os.close(writer)
        process.wait()
        os.close(reader)
        box.close()
    assert holdings().resident_mb > 10


def test_control_groups_by_name(tmp_path: Path) -> None:
    from harness.sandbox.holdings import _control_groups

    (tmp_path / "memory" / f"harness-{os.getpid()}-1-2-3").mkdir(parents=True)
    (tmp_path / "memory" / f"harness-{os.getpid() + 1}-1-2-3").mkdir()
    assert _control_groups(tmp_path, 2) == 1
    assert _control_groups(tmp_path, 1) == 0
