"""docs/models.md is true: its examples load, its table has every key."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from harness.config import ModelProfile
from harness.models import PROVIDERS, Provider
from harness.models.catalogue import load_catalogue
from harness.types import Sampling

DOCS = Path(__file__).parents[2] / "docs" / "models.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_example_is_a_catalogue(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert len(load_catalogue(path).names()) > len(load_catalogue().names())


def test_the_table_has_every_key() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCS.read_text(), flags=re.MULTILINE))
    assert documented == set(ModelProfile.model_fields) - {"name"}


def test_every_provider_and_setting_is_described() -> None:
    text = DOCS.read_text()
    assert all(f"**`{name}`**" in text for name in PROVIDERS)
    assert all(f"`{name}`" in text for name in Sampling.model_fields)


def test_the_protocol_is_the_one_that_is_shown() -> None:
    shown = set(re.findall(r"def (\w+)\(self", "".join(blocks("python"))))
    assert shown == {name for name, _ in inspect.getmembers(Provider, inspect.isfunction) if not name.startswith("_")}
