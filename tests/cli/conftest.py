"""The command line as a user meets it: exit code, stdout, stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness.cli import main


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    def refused(self, code: int = 2) -> str:
        """The one message of a command that could not be carried out."""
        assert self.code == code, self
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.count("error:") + self.err.count("Error:") == 1, self.err
        return self.err


Harness = Callable[..., Done]


@pytest.fixture
def harness(capfd: pytest.CaptureFixture[str]) -> Harness:
    """`harness("check", path)`: the whole command line but for the start of a process."""

    def run(*arguments: object) -> Done:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, out, err)

    return run
