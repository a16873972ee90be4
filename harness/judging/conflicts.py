"""Judges that judge their own: themselves, the same model under another name, or one of their family."""

from __future__ import annotations

from collections.abc import Mapping

from harness.config import ModelProfile


def conflicts(judges: Mapping[str, ModelProfile], models: Mapping[str, ModelProfile]) -> dict[str, dict[str, str]]:
    """Judge -> contestant -> why the judge is not impartial; judges without a conflict are left out."""
    found = {
        name: {model: why for model, profile in models.items() if (why := _conflict(judge, profile))}
        for name, judge in judges.items()
    }
    return {name: whom for name, whom in found.items() if whom}


def _conflict(judge: ModelProfile, model: ModelProfile) -> str:
    if judge.name == model.name:
        return "is a contestant itself"
    if judge.model and (judge.provider, judge.model) == (model.provider, model.model):
        return "is the same model"
    if judge.family and judge.family.lower() == model.family.lower():
        return f"is of the same family, {judge.family}"
    return ""
