"""The command line as a user meets it: exit code, stdout, stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.cli.recorded import Write


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


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Rows -> a file of them."""

    def written(rows: Sequence[dict[str, Any]], name: str = "r.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return written


@pytest.fixture
def imported(harness: Harness, write: Write, tmp_path: Path) -> Callable[..., Path]:
    """Import rows as the run `r`; its directory."""

    def made(rows: Sequence[dict[str, Any]], *more: object) -> Path:
        done = harness("import", write(rows), "--name", "r", "--out", tmp_path / "runs", "--quiet", *more)
        assert done.code == 0, done
        return tmp_path / "runs" / "r"

    return made
