"""Short ways to run a candidate in a real container."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from harness.content import content_package
from harness.sandbox.pool import Pool
from harness.types import CallInput, CaseEvidence, ExecInput, Job, Limits

_values = importlib.import_module(f"{content_package('sandboxes')}.runner.values")

Calls = Callable[..., list[CaseEvidence]]
Program = Callable[..., CaseEvidence]


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
def plain() -> Callable[[CaseEvidence], Any]:
    """The value that a case returned."""

    def decoded(seen: CaseEvidence) -> Any:
        assert seen.ending == "value", (seen.ending, seen.detail, seen.exception, seen.stderr[-2000:])
        return _values.decode(seen.value)

    return decoded
