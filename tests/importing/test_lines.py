"""Lines of an import: whatever is wrong is named with file, line and key, and nothing else is ever raised."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.importing.lines import Place, Refused, read
from harness.importing.records import JudgmentLine, ReplyLine, line_of
from harness.types import DIMENSIONS

PLACE = Place(Path("r.jsonl"), 7)
LEAST = {"task": "s/t", "model": "m"}


def reply(**keys: Any) -> ReplyLine:
    found = line_of({**LEAST, **keys}, PLACE)
    assert isinstance(found, ReplyLine)
    return found


def judgment(**keys: Any) -> JudgmentLine:
    found = line_of({"task": "s/t", "judge": "J", **keys}, PLACE)
    assert isinstance(found, JudgmentLine)
    return found


def rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    return [(place.line, record) for place, record in read(path, hashlib.sha256())]


def test_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n   \n{"b": "\\ud83d\\ude00 \\ud800"}\n{"c": "no end"}')
    assert rows(path) == [(1, {"a": 1}), (4, {"b": "😀 ?"}), (5, {"c": "no end"})]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "r.jsonl:2: not JSON"),
        (b"[1]", "r.jsonl:2: expected a JSON object, found list"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1, "a": 2}', "r.jsonl:2: a: stands there twice"),
        (b'{"a": "\xff"}', "r.jsonl:2: not UTF-8 text: byte 8 is 0xff"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_lines_that_are_refused(tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"fine": 1}\n' + line + b"\n")
    with pytest.raises(Refused) as refused:
        rows(path)
    assert said in str(refused.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "is no file"), (tmp_path / "gone", "No such file")):
        with pytest.raises(UsageError, match=said):
            rows(path)


def test_a_line_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.importing.lines.LONGEST", 100)
    (tmp_path / "r.jsonl").write_text('{"a": "' + "x" * 100 + '"}\n')
    with pytest.raises(Refused, match=r"r.jsonl:1: a line has at most"):
        rows(tmp_path / "r.jsonl")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"toks": 3}, "toks: unknown key"),
        ({"tokens": "3", "reply": ""}, "tokens: input should be a valid integer, found '3'"),
        ({"tokens": -1, "reply": ""}, "tokens: input should be greater than or equal to 0, found -1"),
        ({"tokens": True, "reply": ""}, "tokens: input should be a valid integer, found True"),
        ({"tokens": 3}, "tokens: is about a reply, and there is none"),
        ({"seconds": 1e999}, "seconds: input should be a finite number"),
        ({"repeat": 1.5}, "repeat: input should be a valid integer"),
        ({"repeat": 1000}, "repeat: input should be less than or equal to 999"),
        ({"task": ""}, "task: a name is printable"),
        ({"model": "a\nb"}, "model: a name is printable"),
        ({"kind": "essay"}, "kind: input should be 'function'"),
        ({"outcome": "great"}, "outcome: input should be 'passed'"),
        ({"score": 3}, "max_score: missing"),
        ({"max_score": 3}, "score: missing"),
        ({"score": 3, "max_score": 2}, "score: 3 is more than max_score, 2"),
        ({"score": 0, "max_score": 0}, "max_score: input should be greater than 0"),
        ({"score": 2, "max_score": 3, "passed": True}, "passed: contradicts `score`"),
        ({"passed": False, "outcome": "passed"}, "passed: contradicts `outcome`"),
        ({"error": "503", "passed": False}, "error: says that no reply came"),
        ({"reply": "a", "replies": ["a"]}, "replies: there is `reply` already"),
        ({"replies": []}, "replies: list should have at least 1 item"),
    ],
)
def test_replies_that_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        reply(**keys)
    assert f"r.jsonl:7: {said}" in str(refused.value)


def test_a_task_and_a_model_are_needed() -> None:
    with pytest.raises(Refused, match=r"r\.jsonl:7: model: missing"):
        line_of({"task": "t"}, PLACE)


def test_replies_that_are_taken() -> None:
    assert reply().judged is False
    assert reply(role="ingest").shown == "m (ingest)"
    assert reply(score=1, max_score=1, passed=True, outcome="passed").judged
    assert reply(seconds=1, cost_usd=0, family=None).seconds == 1.0
    assert reply(thinking="hm").replied


FIVE = dict.fromkeys(DIMENSIONS, 5)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "judge: said nothing"),
        ({"rubric": 4, "model": "m"}, "rubric: input should be less than or equal to 3, found 4"),
        ({"rubric": 2}, "model: missing: whose rubric is it?"),
        ({"winner": "a", "ranking": ["a"]}, "winner: there is `ranking` already"),
        ({"winner": "a", "model": "m"}, "model: belongs to a rubric only"),
        ({"winner": "a", "role": "r"}, "role: belongs to a rubric only"),
        ({"rubric": 2, "model": "m", "passes": {"m": True}}, "passes: does not go with a rubric"),
        ({"scores": {"a": {"accuracy": 5}}}, "scores: a: expected exactly accuracy, completeness"),
        ({"scores": {"a": {**FIVE, "accuracy": 11}}}, "scores.a.accuracy: input should be less than or equal to 10"),
        ({"ranking": []}, "ranking: list should have at least 1 item"),
    ],
)
def test_judgments_that_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        judgment(**keys)
    assert f"r.jsonl:7: {said}" in str(refused.value)


def test_judgments_that_are_taken() -> None:
    assert judgment(ranking=["a", ["b", "c"]], scores={"a": FIVE}).ranking == ["a", ["b", "c"]]
    assert judgment(winner=["a", "b"], passes={"a": True}).winner == ["a", "b"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted({*ReplyLine.model_fields, *JudgmentLine.model_fields, "other"}))


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_record_is_taken_or_refused(record: dict[str, Any]) -> None:
    said = ""
    try:
        line_of({"task": "t", **record}, PLACE)
    except Refused as refused:
        said = str(refused)
    assert not said or said.startswith("r.jsonl:7: ")


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_read_or_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)
    said, found = "", []
    try:
        found = rows(path)
    except Refused as refused:
        said = str(refused)
    assert not said or said.startswith(f"{path}:")
    assert all(isinstance(record, dict) for _, record in found)
