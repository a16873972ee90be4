"""Control groups of our own: limits in force, used again when empty, removed by whoever may."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.sandbox import cgroups, profile
from harness.sandbox.cgroups import Cgroups, open_cgroups, reap

HOLD = "import sys; sys.stdin.read()"


@pytest.fixture
def groups() -> Iterator[Cgroups]:
    found = open_cgroups()
    if found is None:
        pytest.skip("this user may make no control groups here")
    yield found
    found.close()


def enter(group: cgroups.Cgroup, code: str) -> subprocess.Popen[bytes]:
    """A process in the group, started as bubblewrap is."""
    command = [sys.executable, "-c", code]
    if group.starter is not None:
        made: subprocess.Popen[bytes] = group.starter.submit(subprocess.Popen, command, stdin=subprocess.PIPE).result()
        return made
    joins = "".join(f"echo 0 > {path} && " for path in group.join)
    return subprocess.Popen(["/bin/sh", "-c", f'{joins}exec "$@"', "sh", *command], stdin=subprocess.PIPE)


def inside(group: cgroups.Cgroup) -> set[int]:
    return {int(pid) for path in group.directories for pid in (path / "cgroup.procs").read_text().split()}


def test_a_group_holds_what_is_started_in_it(groups: Cgroups) -> None:
    group = groups.take(64)
    process = enter(group, HOLD)
    try:
        for path in group.directories:
            assert str(process.pid) in (path / "cgroup.procs").read_text().split()
        file = "memory.max" if groups.version == "2" else "memory.limit_in_bytes"
        assert int((group.directories[0] / file).read_text()) == 64 << 20
        pids = group.directories[0] if groups.version == "2" else group.directories[1]
        assert int((pids / "pids.max").read_text()) == profile.PIDS
    finally:
        process.communicate()
    assert not group.ran_out_of_memory()


def test_a_kill_for_memory_is_counted_for_one_sandbox_only(groups: Cgroups) -> None:
    group = groups.take(64)
    process = enter(group, "x = bytearray(256 << 20)")
    process.communicate()
    assert process.returncode == -9
    assert group.ran_out_of_memory()
    groups.give_back(group)
    again = groups.take(64)
    assert not again.ran_out_of_memory()
    assert (again is group) == (group.starter is not None)
    assert groups.take(80) is not group


def test_what_is_left_inside_is_killed(groups: Cgroups) -> None:
    group = groups.take(64)
    process = enter(group, "import signal, sys; signal.signal(15, signal.SIG_IGN); sys.stdin.read()")
    groups.give_back(group)
    assert process.wait(10) == -9
    process.communicate()
    assert inside(group) <= {os.getpid()} if group.directories[0].exists() else True


def test_idle_groups_do_not_add_up(groups: Cgroups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "KEPT", 2)
    made = [groups.take(64) for _ in range(5)]
    for group in made:
        groups.give_back(group)
    assert sum(group.directories[0].exists() for group in made) <= 2
    groups.close()
    assert not any(path.exists() for group in made for path in group.directories)


def test_only_the_groups_of_the_dead_are_reaped(groups: Cgroups) -> None:
    bases = cgroups._bases_v1() or cgroups._base_v2()
    assert bases is not None
    alive, namespace = groups.take(64), cgroups._own_name().split("-")[3]
    names = {
        "dead": f"harness-{os.getpid()}-1-{namespace}-1",  # the id is in use again, by a process that started later
        "elsewhere": f"harness-{os.getpid()}-1-99-1",
        "not ours": "harness-of-somebody",
    }
    try:
        for name in names.values():
            (bases[0] / name / "1").mkdir(parents=True)
        assert reap(bases) == 1
        assert not (bases[0] / names["dead"]).exists()
        assert (bases[0] / names["elsewhere"]).exists()
        assert (bases[0] / names["not ours"]).exists()
        assert alive.directories[0].exists()
    finally:
        for name in names.values():
            for path in (bases[0] / name / "1", bases[0] / name):
                if path.exists():
                    path.rmdir()


def test_the_second_version(tmp_path: Path) -> None:
    """Plain files stand in for a hierarchy of v2: a machine has the controllers in one version or the other."""
    group = Cgroups((tmp_path,) * 3, "2").take(100)
    assert group.directories == (tmp_path / "1",)
    assert group.join == (str(tmp_path / "1" / "cgroup.procs"),)
    assert (tmp_path / "1" / "memory.max").read_text() == str(100 << 20)
    assert (tmp_path / "1" / "memory.swap.max").read_text() == "0"
    assert (tmp_path / "1" / "pids.max").read_text() == str(profile.PIDS)
    assert (tmp_path / "1" / "cpu.max").read_text() == "100000 100000"
    (tmp_path / "1" / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n")
    assert group.ran_out_of_memory()
    assert group.kills() == 1


def test_a_group_of_the_second_version_is_divided_where_that_is_allowed(tmp_path: Path) -> None:
    """See above."""
    for name, text in (("cgroup.controllers", "cpuset cpu memory pids"), ("cgroup.procs", "")):
        (tmp_path / name).write_text(text)
    assert not cgroups._can_divide(tmp_path)  # no file to say so in
    (tmp_path / "cgroup.subtree_control").write_text("")
    assert cgroups._can_divide(tmp_path)
    (tmp_path / "cgroup.controllers").write_text("memory pids")
    assert not cgroups._can_divide(tmp_path)
