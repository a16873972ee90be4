"""Where replies come from: one protocol, one factory, a module a provider.

    catalogue  names -> profiles          governor   concurrency, rate, retries: one layer around every provider
    wire       HTTP of a model server     bodies     the OpenAI shapes, streamed or whole
    streams    bytes of a body -> events  messages   as the wires want them: text, pictures
    caller     who waits for a reply      failures   of a server -> ProviderError
    storable   as databases take it       cost       tokens -> dollars
    openai_compatible  ollama  litellm  local  reference  replay       the providers: wire knowledge only
    llama      llama.cpp on this machine: its process (llama_server), what it needs (runtime), its weights
    smoke      one small question         located    YAML that knows its lines

A provider that is not listed here is found through the entry point group `harness.models`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from harness.config import ModelProfile
from harness.errors import ConfigError
from harness.types import Reply, Request

if TYPE_CHECKING:
    from harness.models.governor import Backoff

__all__ = ["PROVIDERS", "Provider", "available", "open_provider"]

ENTRY_POINTS = "harness.models"

PROVIDERS = {
    "openai_compatible": "harness.models.openai_compatible:OpenAICompatible",
    "ollama": "harness.models.ollama:Ollama",
    "litellm": "harness.models.litellm:LiteLLM",
    "local": "harness.models.local:Local",
    "reference": "harness.models.reference:Reference",
    "replay": "harness.models.replay:Replay",
}
"""Name -> `module:Class`, imported when a model of that provider is opened. The class takes a ModelProfile."""


class Provider(Protocol):
    """A model that answers requests."""

    def complete(self, request: Request) -> Reply:
        """Answer one request. Blocks; may be called from many threads at once. Raises ProviderError."""

    def identity(self) -> dict[str, str]:
        """Who answers, for the manifest of a run: server, version, model id, address, weights.

        Never raises: a server that does not answer gives an entry `status` that says so.
        """

    def close(self) -> None:
        """Give everything back and end requests under way; a second call does nothing."""


def available() -> list[str]:
    """Names of all providers: built in and installed."""
    return sorted({*PROVIDERS, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def open_provider(profile: ModelProfile, *, backoff: Backoff | None = None) -> Provider:
    """The provider of a catalogue entry behind the shared layer for concurrency, rate limit and retries.

    Nothing is started and no connection is made before the first request. Use `contextlib.closing`. `backoff` replaces
    the usual waits between tries.
    Raises ConfigError for an unknown provider, a missing key, or an extra that is not installed.
    """
    from harness.models.catalogue import check_ready
    from harness.models.governor import Governor

    check_ready(profile)
    return Governor(_provider_class(profile)(profile), profile, backoff=backoff)


def _provider_class(profile: ModelProfile) -> Any:
    """The class behind `profile.provider`: built in first, so that a plugin cannot replace one unnoticed."""
    target = PROVIDERS.get(profile.provider)
    if target is not None:
        module, _, name = target.partition(":")
        return getattr(importlib.import_module(module), name)
    for point in entry_points(group=ENTRY_POINTS, name=profile.provider):
        return point.load()
    raise ConfigError(
        f"model {profile.name}: no provider {profile.provider!r}",
        remedy=f"available: {', '.join(available())}; others come through the entry point group {ENTRY_POINTS}",
    )
