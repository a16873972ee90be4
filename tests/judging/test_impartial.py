"""Judges that judge their own are named."""

from __future__ import annotations

import pytest

from harness.config import ModelProfile
from harness.judging.analysis.families import related
from harness.judging.impartial import conflicts, families


def entry(name: str, model: str = "", family: str = "") -> ModelProfile:
    return ModelProfile(name=name, provider="x", model=model, family=family)


@pytest.mark.parametrize(
    ("judge", "why"),
    [
        (entry("m", "big", "qwen"), "is a contestant itself"),
        (entry("j", "m-1"), "is the same model"),
        (entry("j", "big", "Qwen"), "is of the same family, Qwen"),
        (entry("j", "big", "gpt"), ""),
        (entry("j"), ""),
    ],
)
def test_conflicts(judge: ModelProfile, why: str) -> None:
    models = {"m": entry("m", "m-1", "qwen"), "n": entry("n", "n-1"), "o": entry("o")}
    assert conflicts({judge.name: judge}, models) == ({judge.name: {"m": why}} if why else {})


def test_families_are_what_conflicts_are_about() -> None:
    known = {
        "m": entry("m", "m-1", "Qwen"),
        "twin": entry("twin", "m-1"),
        "cousin": entry("cousin", "big", "qwen"),
        "alone": entry("alone", "x-1"),
        "copy": entry("copy", "y-1"),
        "other-copy": entry("other-copy", "y-1"),
        "reference": entry("reference"),
        "gpt": entry("gpt", "g-1", "gpt"),
    }
    found = families(known)
    assert found["m"] == found["twin"] == found["cousin"] == "qwen"
    assert found["copy"] == found["other-copy"]
    assert "alone" not in found
    assert "reference" not in found
    assert len({found["m"], found["copy"], found["gpt"]}) == 3
    for judge in known:
        told = conflicts({judge: known[judge]}, {name: one for name, one in known.items() if name != judge})
        for model in told.get(judge, {}):
            assert related(judge, model, found), (judge, model)
