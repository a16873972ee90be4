"""Tables on stdout: what is not ours cannot leave its cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.tables import printable, show, table
from tests.cli.conftest import Harness

ODD = "new\nline\x1b[31m [red]x[/red] :smile:"
SHOWN = "new?line?[31m [red]x[/red] :smile:"


def test_a_name_stays_in_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    made = table("t", "model", "n")
    made.add_row(ODD, "1")
    made.add_row("plain", "2")
    show(made)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert len(rows) == 2
    assert SHOWN in rows[0]


def test_everything_inside_is_made_printable() -> None:
    assert printable({"a\n": ["b\x07", ("c", 1)]}) == {"a?": ["b?", ["c", 1]]}


def test_the_list_of_models_holds_any_name(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text('models: {"new\\nline [red]x": {provider: reference, note: n}}\n')
    out = harness("models", "--catalogue", tmp_path / "models.yaml").out
    assert out.count("new?line [red]x") == 2, "in the table and before its note"
    assert "new\nline" not in out
