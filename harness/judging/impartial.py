"""Judges that judge their own: themselves, the same model under another name, or one of their family."""

from __future__ import annotations

from collections.abc import Mapping

from harness.config import ModelProfile

PLACEHOLDERS = frozenset({
    "any", "custom", "default", "gguf", "llama.cpp", "llm", "local", "local-llm", "local-model", "local_model",
    "model", "my-model", "none", "served-model", "test", "tgi", "vllm",
})  # fmt: skip
"""Ids that servers of a single model take, or ignore, instead of its name: they say nothing of what answers."""


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
    if _same_model(judge, model):
        return "is the same model"
    if _same_family(judge, model):
        return f"is of the same family, {judge.family.strip()}"
    return ""


def families(profiles: Mapping[str, ModelProfile]) -> dict[str, str]:
    """Name -> family, of models and judges together: those that `conflicts` would tell apart from others.

    Entries of one served model are one family, whatever they are called and whether the catalogue says so. An entry
    without family and without a twin has none.
    """
    label: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for name, profile in profiles.items():
        kin = [
            other
            for other, known in profiles.items()
            if other != name and (_same_model(profile, known) or _same_family(profile, known))
        ]
        if _family(profile) or kin:
            members[name] = [name, *kin]
    for name in members:
        group = {name}
        # Kin of kin: an entry with a family may be the twin of one that has none.
        while grown := {other for one in group for other in members[one]} - group:
            group |= grown
        label[name] = min(_family(profiles[one]) or f"~{one}" for one in group).removeprefix("~")
    return label


def _same_model(one: ModelProfile, other: ModelProfile) -> bool:
    """Whatever serves it: Ollama is asked in its own way and in that of OpenAI."""
    both = _served(one) & _served(other)
    return bool(both - PLACEHOLDERS) or (bool(both) and _server(one) == _server(other))


def _served(profile: ModelProfile) -> frozenset[str]:
    """The ids of its model: `qwen2.5` is what `qwen2.5:latest` is, and litellm puts a provider before it."""
    name = profile.model.strip().casefold().removesuffix(":latest")
    names = {name, name.partition("/")[2]} if profile.provider == "litellm" else {name}
    return frozenset(names - {""})


def _server(profile: ModelProfile) -> str:
    """Its address; without one it is the provider's own."""
    return profile.base_url.strip().rstrip("/").removesuffix("/v1").casefold() or f"({profile.provider})"


def _same_family(one: ModelProfile, other: ModelProfile) -> bool:
    return bool(_family(one)) and _family(one) == _family(other)


def _family(profile: ModelProfile) -> str:
    return profile.family.strip().casefold()
