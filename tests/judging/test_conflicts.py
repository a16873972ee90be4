"""Judges that judge their own are named."""

from __future__ import annotations

import pytest

from harness.config import ModelProfile
from harness.judging.conflicts import conflicts


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
