"""The errors of harness, one tree.

    HarnessError                 carries a remedy: what the reader can do about it
    ├── UsageError               exit code 2: the command or the configuration is wrong
    │   ├── ConfigError          a configuration file, variable or flag
    │   └── TaskError            a task directory or dataset file: names file, line, key
    └── WorkError                exit code 1: the work could not be completed
        ├── HostError            this machine: its packages, its cache directory
        ├── ProviderError        a model's server: unreachable, refused, cut off
        │   └── BudgetExceeded   the run's spending limit was reached
        ├── SandboxError         the engine or a container, never the candidate in it
        │   └── EngineUnavailable
        └── StoreError           the run directory or its database

What a candidate does wrong is never an exception: it is an outcome in a verdict.
"""

from __future__ import annotations

from pathlib import Path


class HarnessError(Exception):
    """Base of all errors: `message` says what was expected and what came, `remedy` what to do."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message


class UsageError(HarnessError):
    """The command cannot be carried out as it was given."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file, environment variable or flag is wrong."""


class TaskError(UsageError):
    """A task does not follow the format: where it stands, down to line and key."""

    def __init__(
        self, message: str, *, path: Path | str, line: int | None = None, key: str = "", remedy: str = ""
    ) -> None:
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {key + ': ' if key else ''}{message}", remedy=remedy)
        self.path = Path(path)
        self.line = line
        self.key = key


class WorkError(HarnessError):
    """The work could not be completed; what was done is kept."""


class HostError(WorkError):
    """This machine lacks something and it could not be installed, or its cache directory cannot be used."""


class ProviderError(WorkError):
    """A model's server failed: the trial is recorded as a provider failure, not as a wrong answer."""

    def __init__(self, message: str, *, remedy: str = "", retryable: bool = False, status: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retryable = retryable
        self.status = status


class BudgetExceeded(ProviderError):
    """The run's spending limit was reached; no further model call is made."""


class SandboxError(WorkError):
    """The engine or a container failed; the trial is retried in a fresh container."""


class EngineUnavailable(SandboxError):
    """No container engine answers, or it cannot run the hardened profile."""


class StoreError(WorkError):
    """The run directory or its database cannot be read or written."""
