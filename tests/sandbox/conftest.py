"""The backends, each of which runs the same tests, and short ways to run a candidate in one."""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from harness.content import content_package
from harness.sandbox import Box, Sandbox
from harness.sandbox.childbox import ChildBox
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.dockerbox import DockerBox
from harness.sandbox.pool import Pool
from harness.types import CallInput, CaseEvidence, Evidence, ExecInput, Job, Limits

_values = importlib.import_module(f"{content_package('sandboxes')}.runner.values")

Calls = Callable[..., list[CaseEvidence]]
Plain = Callable[[CaseEvidence], Any]
Program = Callable[..., CaseEvidence]


@pytest.fixture(scope="session", params=["docker", "bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Every backend in turn. What is about one of them only takes `docker_sandbox` or `bubblewrap_sandbox`."""
    backend: Sandbox = request.getfixturevalue(f"{request.param}_sandbox")
    return backend


@pytest.fixture(scope="session")
def pool(sandbox: Sandbox) -> Iterator[Pool]:
    """Boxes made ahead."""
    with Pool(sandbox, size=3) as boxes:
        yield boxes


@pytest.fixture(scope="session")
def layers(sandbox: Sandbox) -> dict[str, str]:
    """What is in force, for the few tests whose outcome depends on it."""
    return sandbox.layers()


@pytest.fixture(scope="session")
def one_user(layers: dict[str, str]) -> bool:
    """Whether candidates and supervisor are one user, kept apart by namespaces alone: bubblewrap without root."""
    return layers["user_namespace"] == "one uid"


@pytest.fixture(scope="session")
def take_away() -> Callable[[Box], None]:
    """End a box from outside, as another program might."""

    def end(box: Box) -> None:
        if isinstance(box, DockerBox):
            assert isinstance(box._sandbox, DockerSandbox)
            box._sandbox.remove(box.name)
        else:
            assert isinstance(box, ChildBox)
            with contextlib.suppress(ProcessLookupError):
                os.kill(box.pid, signal.SIGKILL)
            if box.open:
                hung_up = select.poll()
                hung_up.register(box._stream._socket, 0)
                assert hung_up.poll(10_000), "the supervisor outlives bubblewrap"

    return end


def ends(evidence: Evidence) -> list[str]:
    """How each input ended."""
    return [case.ending for case in evidence.cases]


def job_of(source: str, args: Sequence[tuple[Any, ...]] = ((),), *, fresh: bool = False, **limits: Any) -> Job:
    """Calls of `f` in a module, one a tuple of arguments."""
    inputs = tuple(CallInput(id=f"case-{n}", args=one, kwargs={}) for n, one in enumerate(args, 1))
    return Job(source=source, entry="f", fresh=fresh, limits=Limits(**limits), inputs=inputs)


@pytest.fixture
def make_job() -> Callable[..., Job]:
    return job_of


@pytest.fixture
def calls(pool: Pool) -> Calls:
    """Evidence of calls of `f`: `calls(source, [(1,), (2,)], timeout_s=2)`."""

    def run(source: str, args: Sequence[tuple[Any, ...]] = ((),), *, share: str = "", **options: Any) -> Any:
        evidence = pool.run(job_of(source, args, **options), share)
        assert not evidence.infra
        return list(evidence.cases)

    return run


@pytest.fixture
def program(pool: Pool) -> Program:
    """Evidence of one program: `program(source, stdin="x", collect=("out.txt",))`."""

    def run(source: str, *, collect: Sequence[str] = (), stdin: str = "", **limits: Any) -> CaseEvidence:
        item = ExecInput(id="run", files={"main.py": source}, argv=("main.py",), stdin=stdin, collect=tuple(collect))
        evidence = pool.run(Job(limits=Limits(**limits), inputs=(item,)))
        assert not evidence.infra
        return evidence.cases[0]

    return run


@pytest.fixture
def plain() -> Plain:
    """The value that a case returned."""

    def decoded(seen: CaseEvidence) -> Any:
        assert seen.ending == "value", (seen.ending, seen.detail, seen.exception, seen.stderr[-2000:])
        return _values.decode(seen.value)

    return decoded
