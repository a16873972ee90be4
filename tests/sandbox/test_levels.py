"""How strong a sandbox is, what is refused as too weak, and what `auto` takes."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.grade import command as grade_command
from harness.config import RunConfig
from harness.errors import EngineUnavailable, UsageError
from harness.sandbox import open_sandbox
from harness.sandbox.bubblewrap import BubblewrapSandbox
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.levels import check_level, engine_level
from harness.types import SandboxLevel


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")


@pytest.mark.parametrize(
    ("runtime", "seccomp", "own_users", "level"),
    [
        ("runc", True, False, "container"),
        ("crun", True, False, "container"),
        ("runc", True, True, "userns"),
        ("runc", False, True, "namespaces"),
        ("runsc", True, False, "gvisor"),
        ("runsc-kvm", True, True, "gvisor"),
        ("kata-runtime", True, False, "vm"),
        ("io.containerd.kata.v2", True, False, "vm"),
    ],
)
def test_the_level_of_an_engine(runtime: str, seccomp: bool, own_users: bool, level: str) -> None:
    assert engine_level(runtime, seccomp=seccomp, own_users=own_users) == level


def test_levels_rise() -> None:
    order = list(SandboxLevel)
    assert order == ["namespaces", "container", "userns", "gvisor", "vm"]
    for place, level in enumerate(order):
        assert [level.reaches(wanted) for wanted in order] == [True] * (place + 1) + [False] * (4 - place)


def test_too_weak_says_what_is_there_and_what_would_do() -> None:
    check_level("docker", {"level": "gvisor"}, SandboxLevel.userns)
    with pytest.raises(UsageError) as caught:
        check_level("docker", {"level": "container", "runtime": "runc 1.1"}, SandboxLevel.userns)
    assert "userns is required, and the sandbox docker has container (runc 1.1)" in caught.value.message
    assert "rootless" in caught.value.remedy
    assert "gVisor" in caught.value.remedy
    assert "container:" not in caught.value.remedy
    for layers in ({}, {"level": "titanium"}):
        with pytest.raises(UsageError):
            check_level("plugin", layers, SandboxLevel.namespaces)


def test_auto_takes_the_engine_that_answers(docker_sandbox: DockerSandbox) -> None:
    with contextlib.closing(open_sandbox("auto", print, SandboxLevel.container)) as backend:
        assert backend.name == "docker"
        assert SandboxLevel(backend.layers()["level"]).reaches(SandboxLevel.container)


def test_auto_without_an_engine_takes_bubblewrap_and_says_so(
    no_engine: None, bubblewrap_sandbox: BubblewrapSandbox, said: list[str]
) -> None:
    with contextlib.closing(open_sandbox("auto", said.append)) as backend:
        assert backend.name == "bubblewrap"
        assert backend.layers()["level"] == "namespaces"
    (line,) = said
    assert "weaker" in line


def test_auto_with_neither_names_both_remedies(no_engine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.errors import SandboxError
    from harness.sandbox import bubblewrap

    def nowhere() -> Path:
        raise SandboxError("bubblewrap is not installed", remedy="install it")

    monkeypatch.setattr(bubblewrap, "find_program", nowhere)
    with pytest.raises(EngineUnavailable, match=r"no container engine answers.*bubblewrap is not installed") as caught:
        open_sandbox("auto")
    assert "docker.io" in caught.value.remedy
    assert "install it" in caught.value.remedy


def test_too_weak_is_refused_before_anything_runs(
    no_engine: None, bubblewrap_sandbox: BubblewrapSandbox, root: Path, tmp_path: Path
) -> None:
    candidates = tmp_path / "candidates.jsonl"
    candidates.write_text(json.dumps({"task": "add", "code": "def add(a, b):\n    return a + b\n"}) + "\n")
    flags = [str(next((root / "fixtures" / "warmup").iterdir())), "--candidates", str(candidates)]
    candidates.write_text(json.dumps({"task": Path(flags[0]).name, "code": "x = 1\n"}) + "\n")
    for sandbox in ("auto", "bubblewrap"):
        wanted = ["--sandbox", sandbox, "--require-isolation", "container"]
        with pytest.raises(UsageError, match=r"container is required, and the sandbox bubblewrap has namespaces") as no:
            CliRunner().invoke(grade_command, [*flags, *wanted], catch_exceptions=False, standalone_mode=False)
        assert no.value.exit_code == 2
    enough = [*flags, "--sandbox", "bubblewrap", "--require-isolation", "namespaces", "--json"]
    done = CliRunner().invoke(grade_command, enough, catch_exceptions=False, standalone_mode=False)
    assert len(json.loads(done.stdout)["results"]) == 1


def test_a_run_keeps_what_it_requires() -> None:
    config = RunConfig.model_validate({"paths": ["x"], "require_isolation": "gvisor"})
    assert config.require_isolation is SandboxLevel.gvisor
    assert RunConfig.model_validate(config.model_dump(mode="json")) == config
    assert "require_isolation" not in config.identity()
