"""Cells for spreadsheets: nothing runs, nothing is lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cells import guarded, results_text, safe, table_text, unguarded, write_whole
from harness.errors import WorkError


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert guarded(text) == "'" + text
    assert unguarded("'" + text) == text


@pytest.mark.parametrize(
    "text", ["42", "3.50", "1/2", "007", "TRUE", "1E5", "12:30", "March 1", "2-Mar", "5 %", "SEPT2"]
)
def test_what_a_spreadsheet_would_change_stays(text: str) -> None:
    assert guarded(text) == "'" + text
    assert unguarded("'" + text) == text


@pytest.mark.parametrize("name", ["llama3", "glm-5", "gpt-4", "2.5", "may 1", "'quoted", "a=1"])
def test_names_in_results_can_be_joined(name: str) -> None:
    assert safe(name) == name


@pytest.mark.parametrize("name", ["=2+3", "+1", "-1", "@x", "\tx", "\rx"])
def test_results_run_nothing_either(name: str) -> None:
    assert safe(name) == "'" + name
    assert results_text(["m", "n"], [[name, -1.5]]) == table_text(["m", "n"], [[name, -1.5]])


def test_every_file_of_results_names_a_model_alike() -> None:
    assert results_text(["model"], [["llama3"], [None]]) == '\ufeffmodel\r\nllama3\r\n""\r\n'


def test_words_are_left_alone() -> None:
    assert [guarded(text) for text in ("yes", "two words", "def f():", "it's", "")] == [
        "yes", "two words", "def f():", "it's", "",
    ]  # fmt: skip


@given(st.text(max_size=20))
def test_nothing_is_lost(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")


@given(st.text("'=+-0123456789./ eETRUEmar", max_size=8))
def test_nothing_is_lost_of_what_looks_odd(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=2, max_size=2)))
def test_a_table_is_read_back(rows: list[list[str]]) -> None:
    text = table_text(["a", "b"], rows)
    assert text.startswith("\ufeffa,b\r\n")
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1:]
    assert [[unguarded(cell) for cell in row] for row in found] == rows


def test_numbers_stay_numbers() -> None:
    assert table_text(["a"], [[-1.5], [None]]).splitlines()[1:] == ["-1.5", '""']


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.csv", "x\r\n")
    assert (tmp_path / "a.csv").read_bytes() == b"x\r\n"
    with pytest.raises(WorkError, match="cannot be written"):
        write_whole(tmp_path / "a.csv" / "b.csv", "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]
    write_whole(tmp_path / "new" / "below" / "a.csv", "x")
    assert [path.name for path in (tmp_path / "new" / "below").iterdir()] == ["a.csv"]
