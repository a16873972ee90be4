"""Reads the file of `--solver-config`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from harness.config import AgentSettings
from harness.errors import ConfigError
from harness.models.located import load_located


def read_settings(path: Path) -> AgentSettings:
    """The settings in a YAML file. Raises ConfigError naming file, line and key."""
    document = load_located(path)
    if document.value is None:
        return AgentSettings()
    if not isinstance(document.value, dict):
        raise ConfigError(f"{document.at(())}: expected a mapping; the keys are {_keys()}")
    try:
        return AgentSettings.model_validate(document.value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = tuple(first["loc"])
        told = f"unknown key; known: {_keys()}" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(f"{document.at(place)}: {'.'.join(map(str, place))}: {told}") from None


def _keys() -> str:
    return ", ".join(AgentSettings.model_fields)
