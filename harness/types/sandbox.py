"""What a sandbox is asked and what it saw: Job -> Evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.types.base import Frozen
from harness.types.tasks import Limits


class SandboxLevel(StrEnum):
    """How strongly a sandbox holds a candidate, weakest first; `require_isolation` names the weakest that will do."""

    namespaces = "namespaces"
    """Namespaces and a system call filter, made by harness itself (bubblewrap)."""
    container = "container"
    """A container of an engine (runc, crun) with a system call filter."""
    userns = "userns"
    """A container whose root is nobody on the host: rootless engine, or users remapped."""
    gvisor = "gvisor"
    """A kernel of its own in user space."""
    vm = "vm"
    """A virtual machine: Kata Containers, Firecracker."""

    def reaches(self, wanted: SandboxLevel) -> bool:
        """Whether this is at least as strong as `wanted`."""
        order = list(SandboxLevel)
        return order.index(self) >= order.index(wanted)


class CallInput(Frozen):
    """Input of one call case: what goes in, never what should come out."""

    type: Literal["call"] = "call"
    id: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class ExecInput(Frozen):
    """Input of one program case: a script, run in a fresh working directory."""

    type: Literal["exec"] = "exec"
    id: str
    files: dict[str, str]
    argv: tuple[str, ...]
    """Arguments of the interpreter, script first."""
    stdin: str = ""
    collect: tuple[str, ...] = ()
    """Names of the files to hand back afterwards."""


class PytestInput(Frozen):
    """Input of one pytest process."""

    type: Literal["pytest"] = "pytest"
    id: str
    files: dict[str, str]
    targets: tuple[str, ...]
    """Test files to run, relative."""
    candidate: dict[str, str] | None = None
    """The candidate's files where it has a box of its own and the tests, which are `files`, another one."""
    modules: tuple[str, ...] = ()
    """Top-level names of the modules that tests get from the candidate's box."""


JobInput = Annotated[CallInput | ExecInput | PytestInput, Field(discriminator="type")]


class Job(Frozen):
    """What a sandbox is asked to do with one candidate: no expected value anywhere in it."""

    source: str | None = None
    """The module of a function candidate."""
    module: str = "solution"
    entry: str | None = None
    fresh: bool = False
    limits: Limits = Limits()
    inputs: tuple[JobInput, ...]


Ending = Literal["value", "exception", "exit", "signal", "timeout", "oom", "output_limit", "rejected", "lost"]


class CaseEvidence(Frozen):
    """What one input did in the sandbox. Never a verdict."""

    id: str
    ending: Ending
    """value/exception: the call answered; exit/signal: the process ended; rejected: an answer that breaks the
    protocol or a file that may not be copied out; lost: the container was gone before it answered."""
    value: Any = None
    """Wire form of the returned value, still encoded; see `sandbox.values`."""
    exception: tuple[str, str] | None = None
    """(class name, message)."""
    exit_code: int | None = None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    records: tuple[Any, ...] = ()
    """What the pytest plugin wrote on its own descriptor, unverified."""
    files: dict[str, bytes] = {}
    detail: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0


class Evidence(Frozen):
    """What a sandbox returned for one job: one entry an input, in order."""

    cases: tuple[CaseEvidence, ...]
    clean: bool = True
    """Nothing of the candidate was left behind."""
    backend: str = ""
    isolation: dict[str, str] = {}
    """The layers that were in force: runtime, seccomp, network, user namespace, ..."""
    seconds: float = 0.0
    tries: int = 1
    """Containers used: more than one after an infrastructure failure."""
    run_again: int = 0
    """Inputs that were run a second time, alone, after a time-out in the company of others."""
    infra: str = ""
    """Why the sandbox, not the candidate, failed; empty otherwise."""
