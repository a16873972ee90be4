"""What harness asks of the machine, and what it says when the machine refuses."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness import host
from harness.errors import HostError
from harness.host import file_lock, process_start


@pytest.fixture
def said() -> list[str]:
    return []


def test_two_processes_do_not_hold_a_lock_at_once(tmp_path: Path, said: list[str]) -> None:
    lock = tmp_path / "lock"
    code = (
        "import sys, pathlib\nfrom harness.host import file_lock\n"
        "with file_lock(pathlib.Path(sys.argv[1]), print, ''):\n    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        # Killed while it holds the lock, as a process may be at any moment.
        threading.Timer(0.3, holder.kill).start()
        start = time.monotonic()
        with file_lock(lock, said.append, "it is building"):
            assert time.monotonic() - start > 0.2
    assert said == ["waiting for another process: it is building"]


def test_a_process_is_told_by_its_start_time() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        started = process_start(process.pid)
        assert started is not None
        assert started == process_start(process.pid)
        process.kill()
    assert process_start(process.pid) is None
    assert process_start(os.getpid()) != started


def test_a_dead_process_that_nobody_reaped_has_no_name() -> None:
    with subprocess.Popen(["sleep", "300"]) as process:
        while host.process_name(process.pid) != "sleep":
            assert process.poll() is None
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and left a zombie
        assert host.process_name(process.pid) == ""
    assert host.process_name(process.pid) == ""


def test_a_cache_that_cannot_be_made_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(HostError, match="cannot make the cache directory") as caught:
        host.cache()
    assert "XDG_CACHE_HOME" in caught.value.remedy


def test_a_lock_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot open the lock file"), file_lock(tmp_path / "no" / "lock", print, ""):
        pytest.fail("it was not held")


@pytest.fixture
def apt_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of apt-get, which would change the machine: keeps its arguments, refuses to install `nonsense`."""
    script = tmp_path / "apt-get"
    script.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\ncase "$*" in *nonsense*) echo cannot; exit 100;; esac\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "calls"


def test_packages_are_installed_without_questions(apt_get: Path, said: list[str]) -> None:
    host.apt_install(["one", "two"], said.append)
    update, install = apt_get.read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith("install -y --no-install-recommends one two")
    assert said == ["apt-get install one two (without recommended packages)"]


def test_a_failed_installation_shows_what_apt_said(apt_get: Path) -> None:
    with pytest.raises(HostError, match=r"failed with exit code 100:\n    cannot") as caught:
        host.apt_install(["nonsense"], print)
    assert "network" in caught.value.remedy
