"""The corpus: replies as judges write them, each with its reading."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.judging.parse import FLAGS, REASONS, parse
from harness.types import DIMENSIONS

CORPUS = Path(__file__).parent / "corpus"
CASES: list[dict[str, Any]] = [
    case for path in sorted(CORPUS.glob("*.yaml")) for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def verdict(first: int, second: int) -> dict[str, Any]:
    scores = {"A": dict.fromkeys(DIMENSIONS, first), "B": dict.fromkeys(DIMENSIONS, second)}
    return {"scores": scores, "ranking": ["A", "B"] if first > second else ["B", "A"]}


def scores(found: re.Match[str]) -> str:
    """@8@ as numbers; @8'@, @8“@ and @8bare@ with those quotes round the keys; any other text as text."""
    number, how = re.fullmatch(r"(\d+(?:\.\d+)?)?(.*)", found[1]).groups()  # type: ignore[union-attr]
    quotes = {"'": "''", "“": "“”", "bare": ("", "")}.get(how, '""')
    value = number if number and how in ("", "'", "“", "bare") else json.dumps(found[1])
    return ", ".join(f"{quotes[0]}{name}{quotes[1]}: {value}" for name in DIMENSIONS)


def expanded(text: str) -> str:
    text = text.replace("@V@", json.dumps(verdict(8, 6))).replace("@W@", json.dumps(verdict(3, 9)))
    text = text.replace("@W spaced@", json.dumps(verdict(3, 9), indent=3))
    return re.sub("@([^@]+)@", scores, text.replace("@long@", "long " * 60))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_reply_is_read(case: dict[str, Any]) -> None:
    mode = case.get("mode", "listwise")
    labels = case.get("labels", ["A"] if mode == "rubric" else ["A", "B"])
    reading = parse(
        expanded(case["text"]),
        labels,
        mode,
        finish_reason=case.get("finish", "stop"),
        nonce=case.get("nonce", ""),
        prompt=expanded(case.get("prompt", "")),
        material=expanded(case["material"]) if "material" in case else None,
    )
    assert reading.reason == case.get("reason", ""), reading.detail
    if "reason" in case:
        assert reading.marks == ()
        return
    assert [mark.label for mark in reading.marks] == labels
    assert list(reading.flags) == case.get("flags", [])
    assert reading.repaired == case.get("repaired", False)
    if "rubric" in case:
        assert [mark.rubric for mark in reading.marks] == [case["rubric"]]
    else:
        assert [mark.rank for mark in reading.marks] == case["ranks"]
    if "first" in case:
        assert [mark.scores["accuracy"] for mark in reading.marks] == case["first"]
    for key in ("notes", "passes"):
        if key in case:
            assert [getattr(mark, key.removesuffix("s") if key == "notes" else key) for mark in reading.marks] == case[
                key
            ]


def test_the_corpus_has_every_code() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert {case["reason"] for case in CASES if "reason" in case} | {"too_long"} == set(REASONS)
    assert {flag for case in CASES for flag in case.get("flags", [])} == set(FLAGS)


def test_a_reply_beyond_any_verdict_is_not_read() -> None:
    assert parse('{"score": 2}' + " x" * 200_001, ["A"], "rubric").reason == "too_long"
    assert parse("<think>" + "{" * 500_000 + '</think>{"score": 2}', ["A"], "rubric").accepted


@pytest.mark.parametrize(
    ("labels", "mode"), [([], "listwise"), (["A", "a"], "listwise"), (["A", "B"], "rubric"), (["A"], "pairwise")]
)
def test_labels_must_fit_the_mode(labels: list[str], mode: Any) -> None:
    with pytest.raises(ValueError, match="labels"):
        parse("{}", labels, mode)


def test_a_note_is_clipped_and_encodable() -> None:
    reading = parse('{"score": 1, "note": "' + "\\ud800x" * 900 + '"}', ["A"], "rubric")
    assert len(reading.marks[0].note) == 500
    reading.model_dump_json().encode()


def test_numbers_of_thousands_of_digits_and_deep_nests_have_their_codes() -> None:
    assert parse('{"score": ' + "9" * 5000 + "}", ["A"], "rubric").reason == "out_of_range"
    assert parse('{"score": 2, "x": ' + "[" * 40 + "]" * 40 + "}", ["A"], "rubric").reason == "malformed"


def test_what_is_quoted_in_the_innermost_object_that_can_be_opened_is_no_verdict() -> None:
    reply = "{'id': 'k7', 'output': {'answer': {'response': {'score': 3.0,}}}}"
    shown = "{'score': 3.0,}"
    found = parse(reply, ["A"], "rubric", nonce="k7", prompt=f"Judge this: {shown}", material=shown)
    assert (found.reason, found.marks) == ("quoted", ())
    assert parse(reply, ["A"], "rubric", nonce="k7", prompt="Judge this", material="").marks[0].rubric == 3
