"""The container engine: the real one of this machine, and a second daemon of our own for start and failure."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import EngineUnavailable
from harness.host import process_name
from harness.sandbox import engine as engine_module
from harness.sandbox.dockerd import Dockerd, has_ended, spawn_detached
from harness.sandbox.engine import NothingListens, connect, engine_info, ensure_engine

if TYPE_CHECKING:
    import docker

RUNC = {"Name": "runc", "Version": "1.3.3"}


@pytest.fixture
def fake_dockerd(tmp_path: Path) -> Iterator[int]:
    """Process id of something that the kernel calls dockerd."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = shutil.copy(sleep, tmp_path / "dockerd")
    with subprocess.Popen([program, "60"]) as process:
        # The kernel renames a process a moment after Popen sees it started.
        while process_name(process.pid) != "dockerd":
            time.sleep(0.01)
        yield process.pid
        process.kill()


# The real engine


@pytest.mark.engine
def test_describes_the_real_engine(engine: docker.APIClient) -> None:
    info = engine_info(engine)
    assert info.version
    assert info.cpus >= 1
    assert info.memory_mb > 100
    assert info.cgroup_version in ("1", "2")
    assert info.default_runtime in info.runtimes
    assert info.runtime in info.runtimes
    assert set(info.layers) == {"runtime", "user_namespace", "mandatory_access", "seccomp", "cgroup"}


@pytest.mark.engine
def test_an_engine_that_answers_is_not_touched(said: list[str]) -> None:
    client = ensure_engine(said.append)
    client.close()
    assert said == []


# Addresses that do not answer


def test_no_socket_names_the_address_and_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable, match=r"none\.sock: there is no such socket") as caught:
        connect()
    assert "docker.io" in caught.value.remedy
    assert "podman" in caught.value.remedy


def test_a_stale_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "stale.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/stale.sock")
    with pytest.raises(EngineUnavailable, match="nothing listens there"):
        connect()


def test_a_silent_engine_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "silent.sock"))
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/silent.sock")
        start = time.monotonic()
        with pytest.raises(EngineUnavailable, match="did not answer in time"):
            connect(timeout_s=1)
        assert time.monotonic() - start < 5


@pytest.mark.parametrize("address", ["nonsense", "ftp://somewhere", "tcp://"])
def test_a_wrong_docker_host_is_an_error_not_a_traceback(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineUnavailable):
        connect(timeout_s=1)


def test_no_engine_is_started_in_place_of_a_named_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable):
        ensure_engine(said.append)
    assert said == []


def test_without_root_the_remedy_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    """Not root and no engine can only be pretended on a machine that has both."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(engine_module, "USUAL_SOCKET", f"unix://{tmp_path}/none.sock")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NothingListens, match="no container engine answers") as caught:
        ensure_engine(said.append)
    assert "apt-get install docker.io" in caught.value.remedy
    assert said == []


# What an engine says of itself


@pytest.mark.parametrize(
    ("version", "known_escape"),
    [
        ("1.1.5+ds1", True),
        ("1.2.7", True),
        ("1.2.8", False),
        ("v1.3.2", True),
        ("1.3.3", False),
        ("1.3.0-rc.1", True),
        ("1.4.0-rc.2", True),
        ("1.4.0~rc.3", False),
        ("1.4.0", False),
        ("2.0.0", False),
        ("unknown", False),
    ],
)
def test_warns_of_runc_with_known_escapes(version: str, known_escape: bool) -> None:
    described = engine_module._describe(
        {"Components": [{"Name": "runc", "Version": version}]}, {"SecurityOptions": ["name=seccomp,profile=default"]}
    )
    assert any("CVE-2025-31133" in warning for warning in described.warnings) is known_escape


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"]}, {"user_namespace": "rootless"}),
        ({"SecurityOptions": ["name=seccomp", "name=userns"]}, {"user_namespace": "remapped"}),
        ({"SecurityOptions": ["name=apparmor", "name=seccomp"]}, {"mandatory_access": "apparmor"}),
        ({"SecurityOptions": ["seccomp", "selinux"]}, {"mandatory_access": "selinux", "seccomp": "available"}),
        ({"SecurityOptions": None}, {"seccomp": "none", "user_namespace": "none"}),
        ({"CgroupVersion": "2"}, {"cgroup": "v2"}),
    ],
)
def test_layers(info: dict[str, Any], expected: dict[str, str]) -> None:
    layers = engine_module._describe({"Components": [RUNC]}, info).layers
    assert layers["runtime"] == "runc 1.3.3"
    assert expected.items() <= layers.items()


@pytest.mark.parametrize(
    ("runtimes", "best"),
    [(["runc"], "runc"), (["crun", "runc"], "crun"), (["io.containerd.runc.v2", "runc", "runsc"], "runsc")],
)
def test_prefers_the_stronger_and_then_the_quicker_runtime(runtimes: list[str], best: str) -> None:
    described = engine_module._describe({}, {"Runtimes": {name: {} for name in runtimes}, "DefaultRuntime": "runc"})
    assert described.runtime == best
    assert "io.containerd.runc.v2" not in described.runtimes


def test_missing_limits_and_the_engines_own_warnings_are_passed_on() -> None:
    described = engine_module._describe(
        {}, {"MemoryLimit": False, "PidsLimit": True, "Warnings": ["WARNING: No swap limit support"]}
    )
    assert "the kernel does not let the engine set a memory limit" in described.warnings
    assert "No swap limit support" in described.warnings
    assert not any("process limit" in warning for warning in described.warnings)


def test_podman_is_recognised() -> None:
    described = engine_module._describe({"Components": [{"Name": "Podman Engine", "Version": "5.0"}]}, {})
    assert described.name == "podman"


# Pid files, processes and locks


@pytest.fixture
def marks(tmp_path: Path) -> Dockerd:
    """A daemon whose pid files lie in a temporary directory; were it started, it would do no harm."""
    return Dockerd(
        command=("false",),
        pid_file=tmp_path / "docker.pid",
        containerd_pid_file=tmp_path / "containerd.pid",
        log_file=tmp_path / "log",
        deadline_s=0.3,
    )


def test_pid_files_of_dead_processes_are_removed(marks: Dockerd, said: list[str]) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    marks.pid_file.write_text(f"{process.pid}\n")
    marks.containerd_pid_file.write_text(str(process.pid))
    marks.clear_stale_pids(said.append)
    assert not marks.pid_file.exists()
    assert not marks.containerd_pid_file.exists()
    assert ["left behind" in line for line in said] == [True, True]


@pytest.mark.parametrize("content", ["", "not a number"])
def test_a_broken_pid_file_is_removed(marks: Dockerd, content: str) -> None:
    marks.pid_file.write_text(content)
    marks.clear_stale_pids(print)
    assert not marks.pid_file.exists()


def test_ids_that_now_belong_to_other_programs_are_stale(marks: Dockerd) -> None:
    for path in (marks.pid_file, marks.containerd_pid_file):
        path.write_text(str(os.getpid()))
    assert marks.running() is None
    marks.clear_stale_pids(print)
    assert not marks.pid_file.exists()
    assert not marks.containerd_pid_file.exists()


def test_a_pid_file_of_a_living_dockerd_stays(marks: Dockerd, fake_dockerd: int, said: list[str]) -> None:
    marks.pid_file.write_text(str(fake_dockerd))
    assert marks.running() == fake_dockerd
    marks.clear_stale_pids(said.append)
    assert marks.pid_file.exists()
    assert said == []


def test_a_starting_dockerd_is_waited_for_not_doubled(marks: Dockerd, fake_dockerd: int, said: list[str]) -> None:
    marks.pid_file.write_text(str(fake_dockerd))

    def nothing() -> docker.APIClient:
        raise EngineUnavailable("nothing listens there")

    with pytest.raises(EngineUnavailable, match=r"did not answer within 0 s \(nothing listens there\)"):
        marks.start(said.append, nothing)
    assert said == [f"dockerd is already starting, process {fake_dockerd}"]
    assert not marks.log_file.exists()


def test_a_detached_program_has_its_own_session_and_log(tmp_path: Path) -> None:
    pid = spawn_detached(["sh", "-c", "ps -o sid= -p $$; echo trouble >&2"], tmp_path / "log")
    deadline = time.monotonic() + 10
    while not has_ended(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    session, trouble = (tmp_path / "log").read_text().split()
    assert int(session) == pid
    assert trouble == "trouble"
    assert has_ended(pid), "asking again is no error"


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no-such-daemon is not installed"):
        spawn_detached(["no-such-daemon"], tmp_path / "log")


# A daemon of our own


@pytest.fixture
def own_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Dockerd]]:
    """Makes a `Dockerd` with its data, socket and pid file in a temporary directory; stops it afterwards."""
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        pytest.skip("a daemon of our own needs dockerd and root")
    # Names of sockets are short, and those of pytest's own directories may not be.
    place = Path(tempfile.mkdtemp(prefix="engine-"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/own.sock")
    made: list[Dockerd] = []

    def make(*more: str) -> Dockerd:
        # In namespaces of its own: a daemon without a bridge removes docker0, the real engine's, and its mounts would
        # outlive it where it fails early.
        command: tuple[str, ...] = ("unshare", "--net", "--mount", "dockerd", "--bridge=none", "--iptables=false")
        places = {"--data-root": "data", "--exec-root": "exec", "--pidfile": "pid"}
        command += tuple(f"{option}={place / name}" for option, name in places.items())
        daemon = Dockerd(
            command=(*command, f"--host=unix://{place}/own.sock", *more),
            pid_file=place / "pid",
            containerd_pid_file=place / "exec/containerd/containerd.pid",
            log_file=place / "log",
            systemd=False,
            deadline_s=60,
        )
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        pid = daemon.running()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 30
            while not has_ended(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
    shutil.rmtree(place)


@pytest.mark.engine
def test_starts_a_daemon_that_answers(own_daemon: Callable[..., Dockerd], said: list[str]) -> None:
    daemon = own_daemon()
    daemon.pid_file.write_text("999999999")
    daemon.containerd_pid_file.parent.mkdir(parents=True)
    daemon.containerd_pid_file.write_text(str(os.getpid()))
    client = daemon.start(said.append, connect)
    try:
        assert engine_info(client).version
    finally:
        client.close()
    pid = daemon.running()
    assert pid is not None
    assert said == [
        f"removing {daemon.pid_file}, left behind by a dockerd that is gone",
        f"removing {daemon.containerd_pid_file}, left behind by a containerd that is gone",
        f"dockerd started, process {pid}, log in {daemon.log_file}",
    ]


@pytest.mark.engine
def test_a_daemon_that_dies_shows_the_end_of_its_log(own_daemon: Callable[..., Dockerd], said: list[str]) -> None:
    start = time.monotonic()
    with pytest.raises(EngineUnavailable, match="dockerd ended at once") as caught:
        own_daemon("--storage-driver=no-such-driver").start(said.append, connect)
    assert "no-such-driver" in caught.value.message
    assert time.monotonic() - start < 30
