"""A run's directory: its layout, and one writer at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.rundir import RunPaths
from harness.store import Store

HOLD = """
import sys
from pathlib import Path
from harness.store import Store
with Store(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    Store(tmp_path).close()
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=rf"another harness \(pid {other.pid}\) works in") as caught:
            Store(tmp_path)
        assert "--name" in caught.value.remedy
        with Store(tmp_path, write=False) as store:
            assert list(store.attempts()) == [], "reading is possible meanwhile"
        other.communicate()
    Store(tmp_path).close()


def test_the_layout_of_a_run_directory(tmp_path: Path) -> None:
    names = [path.name for path in vars(RunPaths(tmp_path)).values() if path != tmp_path]
    assert all(name in (RunPaths.__doc__ or "") for name in names)
