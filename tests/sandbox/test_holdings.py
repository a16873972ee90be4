"""Whatever a process makes and does not give back is counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own: what other tests hold, or are giving back just now, would be counted too.
SCRIPT = """
import json, os, subprocess, sys, tempfile, threading
from pathlib import Path
from harness.sandbox import open_sandbox
from harness.sandbox.holdings import holdings

before = holdings()
assert before.beyond(before) == {}
backend = open_sandbox(sys.argv[1], lambda line: None)
Path(tempfile.gettempdir(), "file").touch()
done = threading.Event()
thread = threading.Thread(target=done.wait)
thread.start()
reader, writer = os.pipe()
process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=reader)
box = backend.start(64)
held = holdings().beyond(before)
done.set()
thread.join()
os.close(writer)
process.wait()
os.close(reader)
box.close()
backend.close()
left = holdings()
print(json.dumps({"held": held, "left": left.beyond(before), "resident_mb": left.resident_mb}))
"""


@pytest.mark.engine
@pytest.mark.parametrize(("name", "processes", "containers"), [("docker", 1, 1), ("bubblewrap", 2, 0)])
def test_everything_that_is_held_counts(
    name: str, processes: int, containers: int, image: object, tmp_path: Path
) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, name]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    held = found["held"]
    # The box has a stream besides, the backend threads and perhaps control groups.
    assert held.pop("descriptors") >= 3
    assert held.pop("threads") >= 1
    assert held.pop("processes") == processes
    assert held.pop("containers", 0) == containers
    assert held.pop("temporary_files") == 1
    assert set(held) <= {"control_groups"}
    assert found["left"] == {"temporary_files": 1}
    assert found["resident_mb"] > 10


def test_control_groups_by_name(tmp_path: Path) -> None:
    from harness.sandbox.holdings import _control_groups

    (tmp_path / "memory" / f"harness-{os.getpid()}-1-2-3").mkdir(parents=True)
    (tmp_path / "memory" / f"harness-{os.getpid() + 1}-1-2-3").mkdir()
    assert _control_groups(tmp_path, 2) == 1
    assert _control_groups(tmp_path, 1) == 0
