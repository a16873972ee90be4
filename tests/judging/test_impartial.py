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


def served(name: str, provider: str, model: str, base_url: str = "") -> ModelProfile:
    return ModelProfile(name=name, provider=provider, model=model, base_url=base_url)


@pytest.mark.parametrize(
    ("judge", "model", "same"),
    [
        (served("j", "ollama", "qwen2.5:7b"), served("m", "openai_compatible", "qwen2.5:7b", "http://h/v1"), True),
        (served("j", "ollama", "qwen2.5"), served("m", "ollama", "Qwen2.5:latest "), True),
        (served("j", "litellm", "openai/gpt-4.1"), served("m", "openai_compatible", "GPT-4.1", "http://h/v1"), True),
        (served("j", "ollama", "qwen2.5:7b"), served("m", "ollama", "qwen2.5:14b"), False),
        (served("j", "x", "default", "http://h:1/v1"), served("m", "x", "default", "http://h:2/v1"), False),
        (served("j", "x", "default", "http://h:1/v1"), served("m", "y", "Default", "http://h:1/"), True),
        (served("j", "x", "local-model"), served("m", "y", "local-model"), False),
        (served("j", "x", "local"), served("m", "x", "local"), True),
    ],
)
def test_a_model_is_the_same_through_any_provider(judge: ModelProfile, model: ModelProfile, *, same: bool) -> None:
    assert conflicts({"j": judge}, {"m": model}) == ({"j": {"m": "is the same model"}} if same else {})
    assert related("j", "m", families({"j": judge, "m": model})) is same


def test_families_are_compared_as_words() -> None:
    judge, model = entry("j", "big", "Qwen "), entry("m", "m-1", "qwen")
    assert conflicts({"j": judge}, {"m": model}) == {"j": {"m": "is of the same family, Qwen"}}
    assert related("j", "m", families({"j": judge, "m": model}))
    blank = {name: entry(name, name, " ") for name in ("j", "m")}
    assert not conflicts({"j": blank["j"]}, {"m": blank["m"]})
    assert not families(blank)


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
