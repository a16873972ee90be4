"""What every test gets: a clean environment, and the real engine where one is asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import docker
    from xdist.scheduler import LoadScopeScheduling

    from harness.sandbox import Sandbox
    from harness.sandbox.bubblewrap import BubblewrapSandbox
    from harness.sandbox.docker import DockerSandbox
    from harness.sandbox.image import Image
    from harness.sandbox.pool import Pool

# The first example may import scipy, and a machine may be busy: time is no failure.
settings.register_profile("harness", deadline=None)
settings.load_profile("harness")

# What a shell's background jobs and `nohup` ignore, all processes that they start ignore as well. This one still does,
# but by a function: the commands that tests start, and interrupt, begin with the default.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

FREE = ("importing", "judging", "models", "reports", "routing", "stats", "store", "tasks", "verifiers")
AGENTS = ("solvers/agents", "e2e/test_agents")
FAULTS = ("faults",)

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How `make test` shares tests out to its two processes: those that need the machine's engine, a model or most of
    its time are not run beside each other. Agents have containers of their own, faults an engine of their own."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            place = file.removeprefix("tests/")
            for group, places in (("agents", AGENTS), ("faults", FAULTS)):
                if place.startswith(places):
                    return group
            return file if place.startswith(FREE) else "machine"

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _no_settings_of_this_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither harness settings nor API keys of whoever runs the tests may decide their result."""
    for name in list(os.environ):
        if name.startswith("HARNESS_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def said() -> list[str]:
    """Where a test collects log lines: pass `said.append` as the log."""
    return []


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """A client of the real container engine. Without one the test fails: `make setup` sees to it."""
    from harness.sandbox.engine import connect

    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(engine: docker.APIClient) -> Image:
    """The real sandbox image."""
    from harness.sandbox.image import ensure_image

    return ensure_image(engine, print)


@pytest.fixture(scope="session")
def docker_sandbox(image: Image) -> Iterator[DockerSandbox]:
    """The container engine as a backend."""
    from harness.sandbox.docker import DockerSandbox

    backend = DockerSandbox(log=print)
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def bubblewrap_sandbox() -> Iterator[BubblewrapSandbox]:
    """Namespaces made by bubblewrap. Where the kernel makes none for this user there is nothing to be tested."""
    if not namespaces_allowed():
        pytest.skip("the kernel makes no user namespaces for this user")
    from harness.sandbox.bubblewrap import BubblewrapSandbox

    backend = BubblewrapSandbox(log=print)
    yield backend
    backend.close()


def namespaces_allowed() -> bool:
    """Whether a process of this user may make what bubblewrap needs; asked of the kernel, not of our own code."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            import ctypes

            flags = 0x20000000 | 0x00020000 | (0 if os.geteuid() == 0 else 0x10000000)
            status = 0 if ctypes.CDLL(None).unshare(flags) == 0 else 1
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


@pytest.fixture(scope="session")
def sandbox(docker_sandbox: DockerSandbox) -> Sandbox:
    """The real backend."""
    return docker_sandbox


@pytest.fixture(scope="session")
def pool(sandbox: Sandbox) -> Iterator[Pool]:
    """Boxes of the real backend, made ahead."""
    from harness.sandbox.pool import Pool

    with Pool(sandbox, size=3) as boxes:
        yield boxes
