"""What tests of models share: a key, short waits, a home of their own, and one real llama.cpp server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.config import ModelProfile
from harness.models import Provider, open_provider
from harness.models.catalogue import load_catalogue
from harness.models.governor import Backoff

KEY = "sk-tested-0123456789abcdefghij"
"""The key in TESTED_KEY; no test may see it in anything that is kept."""

REAL_CTX = 1024
"""Context of the real server's slots, tokens."""

FAST = Backoff(base_s=0.001, cap_s=0.002)


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No catalogue of whoever runs the tests, a key to lose."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TESTED_KEY", KEY)
    monkeypatch.chdir(tmp_path)


def opened(profile: ModelProfile) -> closing[Provider]:
    """The provider of a profile with waits too short to notice."""
    return closing(open_provider(profile, backoff=FAST))


@dataclass(frozen=True)
class RealServer:
    """llama.cpp with SmolLM2, by address and key."""

    url: str
    """Ends in /v1."""
    key: str
    profile: ModelProfile
    """The shipped `smollm2`."""
    weights: Path


@pytest.fixture(scope="session")
def real_server() -> Iterator[RealServer]:
    """A llama.cpp server for the whole session, with two slots."""
    pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
    from harness.models.llama import LlamaSettings, release, share
    from harness.models.weights import ensure_weights

    profile = load_catalogue().get("smollm2")
    assert profile.weights is not None
    path = ensure_weights(profile.weights)
    server = share(LlamaSettings(name="smollm2", path=path, ctx_per_slot=REAL_CTX, slots=2))
    try:
        yield RealServer(url=server.base_url(), key=server.api_key, profile=profile, weights=path)
    finally:
        release(server)
