"""The nouns of harness as frozen types: what travels from a task directory to a report.

Suite -> Task -> Case                              what is asked            (tasks/)
Request -> Reply -> Extraction -> Candidate        what a model answered    (models/, solvers/, grading/)
Job -> Evidence                                    what a sandbox saw       (sandbox/)
Verdict -> CaseResult                              what that is worth       (verifiers/)
ModelCall, AgentRecord                             what an agent did        (routing/gateway, solvers/)
Attempt, Selection                                 what the store keeps     (store, runner)
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Base of every type here: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(StrEnum):
    """What became of a candidate or of one case, mildest first; `worst` picks the most telling one."""

    passed = "passed"
    wrong_answer = "wrong_answer"
    runtime_error = "runtime_error"
    crash = "crash"
    output_limit = "output_limit"
    timeout = "timeout"
    oom = "oom"
    artifact_rejected = "artifact_rejected"
    tampered = "tampered"
    no_candidate = "no_candidate"
    infra_error = "infra_error"

    @classmethod
    def worst(cls, outcomes: list[Outcome]) -> Outcome:
        """The outcome that stands for several cases together; `passed` needs at least one case, all passed."""
        order = list(cls)
        return max(outcomes, key=order.index) if outcomes else cls.runtime_error


Kind = Literal["function", "program", "write_tests", "workspace", "conversation"]
Assurance = Literal["proof", "tamper-evident"]
IsolationLevel = Literal["candidate", "task"]


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


class Limits(Frozen):
    """What one case may use."""

    timeout_s: float = Field(default=10.0, gt=0, le=3600)
    """Seconds a case may take, wall time without what it had to wait for a processor, and processor time."""
    memory_mb: int = Field(default=256, ge=32, le=65536)
    """Memory of the whole container, MiB."""
    output_kb: int = Field(default=1024, ge=1, le=65536)
    """Bytes a case may write to stdout and stderr together, KiB."""


class Returns(Frozen):
    """The call must return exactly this value: same types, same nesting."""

    value: Any
    """A Python value made of literals."""


class Raises(Frozen):
    """The call must raise this exception."""

    type_name: str
    """`type(exception).__name__`, exactly."""
    message: str | None = None
    """A prefix of `str(exception)`; one more point when given."""


class CallCase(Frozen):
    """One call of the entry function."""

    type: Literal["call"] = "call"
    id: str
    visible: bool = False
    source: str
    """The call as the author wrote it, for people."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    expect: Returns | Raises

    @property
    def points(self) -> int:
        return 2 if isinstance(self.expect, Raises) and self.expect.message is not None else 1


class ProgramCase(Frozen):
    """One run of a script."""

    type: Literal["program"] = "program"
    id: str
    visible: bool = False
    argv: tuple[str, ...] = ()
    stdin: str = ""
    files: dict[str, str] = {}
    stdout: str | None = None
    """Exact text, or None when it is not compared."""
    exit_code: int = 0
    writes: dict[str, str] = {}
    """Files that must exist afterwards, with exactly this content."""
    points: int = 1


class PytestCase(Frozen):
    """One hidden or visible test function, e.g. `tests/test_shop.py::test_total`."""

    type: Literal["pytest"] = "pytest"
    id: str
    visible: bool = False
    points: int = 1


class MutantCase(Frozen):
    """One implementation that tests written by the model are run against."""

    type: Literal["mutant"] = "mutant"
    id: str
    visible: bool = False
    files: dict[str, str]
    should_pass: bool
    points: int = 1


Case = Annotated[CallCase | ProgramCase | PytestCase | MutantCase, Field(discriminator="type")]


class Answer(Frozen):
    """An answer that ships with a task: its reference, a wrong one, a cheat."""

    name: str
    files: dict[str, str]
    """The whole candidate: relative path -> text."""
    fails: tuple[str, ...] = ()
    """Globs of the case ids that must fail; empty for a reference."""
    outcome: Outcome | None = None
    why: str = ""
    cheat: bool = False
    path: Path | None = None


class Task(Frozen):
    """One problem, read from a directory or a dataset record."""

    id: str
    """`<suite>/<name>`."""
    suite: str
    name: str
    kind: Kind
    title: str = ""
    category: str = "general"
    tags: tuple[str, ...] = ()
    instruction: str
    entry: str | None = None
    """Name of the function the cases call (kind function)."""
    signature: str | None = None
    """First line of that function, for completion-style prompts."""
    solution: str = "solution.py"
    """The file a single-file answer becomes."""
    fresh: bool = False
    """A new process for every call."""
    tolerance: float | None = None
    """Relative or absolute tolerance for floats; None compares exactly."""
    limits: Limits = Limits()
    select_on: Literal["visible", "vote"] = "visible"
    cases: tuple[Case, ...] = ()
    editable: tuple[str, ...] = ()
    """Globs of the files a workspace answer may change."""
    workspace: dict[str, str] = {}
    """What the model is shown of a workspace: relative path -> text."""
    feedback: Literal["none", "hidden"] = "none"
    """`hidden`: an agent is told which hidden tests its first answer failed, and may try again."""
    stub_may_pass: bool = False
    """The files it comes with may pass already (a refactoring): who hands them in as they are has done nothing."""
    by_value: bool = False
    """`tests_pass: values`: only values go between tests and candidate, so each can have a box of its own."""
    tests: dict[str, str] = {}
    visible_tests: dict[str, str] = {}
    reference: Answer | None = None
    flawed: tuple[Answer, ...] = ()
    """The wrong/ and cheat/ entries."""
    directory: Path | None = None
    content_hash: str = ""
    """SHA-256 of every file of the task, first 16 hex digits."""

    @property
    def single_file(self) -> bool:
        return self.kind in ("function", "program", "write_tests")

    @property
    def points(self) -> int:
        return sum(case.points for case in self.cases)


class Suite(Frozen):
    """A directory of tasks."""

    name: str
    title: str = ""
    description: str = ""
    path: Path
    tasks: tuple[Task, ...]


class Message(Frozen):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Sampling(Frozen):
    """How tokens are drawn; None leaves the server's default."""

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    repeat_penalty: float | None = Field(default=None, gt=0)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    """Base seed; every attempt derives its own from it and sends that."""
    think: bool | None = None
    """Whether a thinking model may think; None leaves it to the server."""
    stop: tuple[str, ...] = ()
    num_ctx: int | None = Field(default=None, ge=1)
    """Context window to ask for, tokens (Ollama, local)."""


class Usage(Frozen):
    """Tokens as the server counted them; None where it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Request(Frozen):
    """What is asked of a provider: `messages` (style chat) or `prompt` (style completion)."""

    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    sampling: Sampling = Sampling()
    task: Task | None = Field(default=None, exclude=True)
    """For providers that answer from a task or a recording; never sent anywhere."""
    repeat: int = 0
    attempt: int = 0
    passed: dict[str, Any] = {}
    """Keys of an OpenAI-shaped body that a client of the gateway asked for and that nothing above has a place for
    (`tools`, `response_format`, `messages` with images, ...): sent as they are, or refused, never dropped."""
    caller: Any = Field(default=None, exclude=True, repr=False)
    """A `models.caller.Caller` that hears the reply while it is written and may give it up."""


class Reply(Frozen):
    """What came back, all of it."""

    text: str
    thinking: str = ""
    finish_reason: str = ""
    """`stop`, `length`, `content_filter`, ... in the words of the server."""
    usage: Usage = Usage()
    seconds: float = 0.0
    first_token_s: float | None = None
    model: str = ""
    """The model's name as the server reports it."""
    tries: int = 1
    raw: Any = None
    """The server's body, parsed JSON where it was JSON, otherwise text."""


class Candidate(Frozen):
    """What an attempt submits: relative path -> text."""

    files: dict[str, str]

    @property
    def hash(self) -> str:
        """SHA-256 of paths and contents, 16 hex digits: equal candidates, equal hashes."""
        return hashlib.sha256(json.dumps(sorted(self.files.items())).encode()).hexdigest()[:16]


class Extraction(Frozen):
    """How a candidate was found in a reply."""

    candidate: Candidate | None
    """None: nothing to run, for the reason in `choice`."""
    choice: str
    """Which part was taken and why, in one sentence."""
    fenced: bool = False
    """The reply used markdown fences."""
    blocks: int = 0
    prose: bool = False
    """There was text beside the code."""
    thinking: bool = False
    """Thinking was cut out of the reply's text."""
    unclosed: bool = False
    rejected: tuple[str, ...] = ()
    """Files of the answer that were not taken, with the reason."""
    counts_as: Outcome = Outcome.no_candidate
    """What an answer is worth that has no candidate."""
    handed_over: bool = False
    """The solver made the candidate itself: there is nothing to look for in the reply."""


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


class CaseResult(Frozen):
    """Verdict on one case."""

    id: str
    outcome: Outcome
    visible: bool = False
    points: float = 0.0
    max_points: float = 1.0
    expected: str = ""
    """For people; reports hide it for hidden cases unless asked."""
    got: str = ""
    output: str = ""
    """stdout and stderr, clipped."""
    detail: str = ""
    seconds: float = 0.0


class Verdict(Frozen):
    """Outcome and score of one candidate."""

    outcome: Outcome
    points: float = 0.0
    max_points: float = 0.0
    cases: tuple[CaseResult, ...] = ()
    assurance: Assurance = "proof"
    isolation: IsolationLevel = "candidate"
    backend: str = ""
    layers: dict[str, str] = {}
    seconds: float = 0.0
    detail: str = ""

    @property
    def score(self) -> float:
        """Share of the points, 0..1."""
        return self.points / self.max_points if self.max_points else 0.0

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.passed

    @property
    def visible_score(self) -> float | None:
        """Share of the points of visible cases; None without any."""
        shown = [case for case in self.cases if case.visible]
        total = sum(case.max_points for case in shown)
        return sum(case.points for case in shown) / total if total else None


class AttemptKey(Frozen):
    """Identity of an attempt within a run."""

    task: str
    model: str
    repeat: int
    attempt: int


class ModelCall(Frozen):
    """One request that came through the gateway, and what became of it: one row of a run's calls."""

    session: str
    """Which of the sessions: a name for its token, not the token."""
    number: int
    """1 for the first request of its session."""
    attempt: AttemptKey | None = None
    """None for calls of people's own tools."""
    asked: str
    """The model's name as the client wrote it."""
    model: str = ""
    """The model that was asked, as the catalogue calls it; empty where the request was refused before."""
    request: Any = None
    """The body as it came, parsed JSON."""
    reply: Reply | None = None
    status: int = 200
    """HTTP status of the answer; 499 where the client hung up first."""
    error: str = ""
    """What the client was told instead of a reply: code and message."""
    cost_usd: float | None = None
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0


class AgentEnding(StrEnum):
    """Why an agent stopped. What its files are worth is the verdict's business."""

    finished = "finished"
    """By itself, with something changed."""
    no_edit = "no_edit"
    """By itself, with every file as it was."""
    timeout = "timeout"
    """At the limit of its wall time."""
    crash = "crash"
    """Its process ended as none should that is done."""
    refused = "refused"
    """The gateway refused its calls: a budget of the attempt was spent."""
    context_exhausted = "context_exhausted"
    """What it had to say no longer fitted into the model's window."""


class Try(Frozen):
    """A round of an agent before its last one, and what it was told of it."""

    candidate: Candidate | None
    verdict: Verdict
    told: str
    """The failures of hidden tests, as the agent got them."""
    seconds: float = 0.0
    """The agent's own time."""


class AgentRecord(Frozen):
    """What an agent did in its container, beside its candidate."""

    agent: str
    """Name and version."""
    image: str = ""
    session: str = ""
    """Joins the attempt's calls (`ModelCall.session`)."""
    ending: AgentEnding
    detail: str = ""
    earlier: tuple[Try, ...] = ()
    """Tries before the last, whose verdict is the attempt's."""
    calls: int = 0
    """Requests that the gateway answered with a reply."""
    refused: int = 0
    """Requests that it refused."""
    counts: dict[str, int] = {}
    """What the agent counts of itself: `reflections`, `edit_errors`, `test_runs`, ...; see docs/agents.md."""
    transcript: str = ""
    diff: str = ""
    """Unified, between the task's files and the candidate; made on the host."""
    left: tuple[str, ...] = ()
    """What it changed beside the declared files, which is not taken."""
    start_s: float = 0.0
    """Until the agent's process ran, seconds."""
    first_call_s: float | None = None
    """Until its first request to a model, seconds from the same moment."""
    wall_s: float = 0.0


class Attempt(Frozen):
    """One sample drawn from one model for one task in one repeat: the row everything after grading works on."""

    task: str
    suite: str
    category: str
    kind: Kind
    model: str
    repeat: int
    attempt: int
    seed: int | None
    solver: str
    request: dict[str, Any] = {}
    """`Request` as JSON, without the task."""
    prefix: str = ""
    """Code the prompt ended with (style completion), which the reply continues."""
    reply: Reply | None = None
    extraction: Extraction | None = None
    verdict: Verdict | None = None
    """None only for a provider failure."""
    error: str = ""
    """Provider failure: neither dropped from a rate nor scored as a wrong answer."""
    signature: str = ""
    """Hash of the outputs on the inputs, for selection by agreement; empty where there are none. Of the files, after
    `files-`, where only hidden tests would give outputs."""
    agent: AgentRecord | None = None
    """Where an agent made the candidate; `reply` then holds the sum of its calls, and no text."""
    cost_usd: float | None = None
    """At the catalogue's price when the run was made; None where no price is known."""
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0
    task_hash: str = ""

    @property
    def key(self) -> AttemptKey:
        return AttemptKey(task=self.task, model=self.model, repeat=self.repeat, attempt=self.attempt)

    @property
    def candidate_hash(self) -> str:
        """Hash of the candidate, empty when there is none."""
        found = self.extraction.candidate if self.extraction else None
        return found.hash if found else ""

    @property
    def outcome(self) -> Outcome:
        return self.verdict.outcome if self.verdict else Outcome.infra_error

    @property
    def first_verdict(self) -> Verdict | None:
        """The verdict before an agent was told anything of hidden tests; `verdict` where it never was."""
        return self.agent.earlier[0].verdict if self.agent and self.agent.earlier else self.verdict


class Selection(Frozen):
    """The attempt that best-of-N picked for (task, model, repeat)."""

    task: str
    model: str
    repeat: int
    attempt: int
    method: Literal["verifier", "vote", "first", "judge"]
    reason: str
