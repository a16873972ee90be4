"""Models on this machine: weights found or fetched, a llama.cpp server started on demand, spoken to as any other."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from harness.config import ModelProfile
from harness.errors import ConfigError, ProviderError
from harness.models.llama import LlamaServer, LlamaSettings, release, share
from harness.models.openai_compatible import OpenAICompatible
from harness.models.runtime import ensure_runtime
from harness.models.weights import ensure_weights, file_sha256
from harness.types import Reply, Request

_log = logging.getLogger(__name__)

CTX_PER_SLOT = 4096
"""Tokens of context a request gets where the profile's `num_ctx` does not say."""


class Local:
    """One model file. Profiles with the same file and context share a server process."""

    PASSES = True
    """Sends `Request.passed`."""

    def __init__(self, profile: ModelProfile) -> None:
        if profile.weights is None:
            raise ConfigError(f"model {profile.name}: provider local needs `weights`")
        self._profile = profile
        self._weights = profile.weights
        self._lock = threading.Lock()
        self._server: LlamaServer | None = None
        # A server that died comes back at another address.
        self._clients: dict[str, OpenAICompatible] = {}
        self._closed = False

    def complete(self, request: Request) -> Reply:
        """Answer; the first call fetches weights and starts the server. Raises ProviderError."""
        return self._client().complete(request)

    def identity(self) -> dict[str, str]:
        """The weights and how they are served; starts nothing, fetches nothing."""
        weights, server = self._weights, self._server
        if server is None:
            path = weights.path or Path(weights.files[0])
            settings, status = self._settings(path), "started with the first request"
        else:
            settings, status = server.settings, "runs" if server.pid else "does not run"
        digest = weights.sha256
        if not digest and weights.path is not None and weights.path.is_file():
            digest = file_sha256(weights.path)
        # The joined file of several parts is called like the first of them, without its number.
        file = weights.path.name if weights.path else Path(weights.files[0]).name.partition(".part")[0]
        origin = {"file": file, "sha256": digest, "packages": ", ".join(weights.packages)}
        return {**settings.describe(), **origin, "status": status}

    def close(self) -> None:
        """End requests under way; the last profile of a server stops it."""
        with self._lock:
            self._closed = True
            server, self._server = self._server, None
            for client in self._clients.values():
                client.close()
        if server is not None:
            release(server)

    def _client(self) -> OpenAICompatible:
        # The lock is held while the server starts: whoever comes in the meantime needs the same server.
        with self._lock:
            if self._closed:
                raise ProviderError(f"{self._profile.name} was closed")
            if self._server is None:
                ensure_runtime(_log.info)
                self._server = share(self._settings(ensure_weights(self._weights)))
            address = self._server.base_url()
            if address not in self._clients:
                self._clients[address] = OpenAICompatible(self._profile, base_url=address, api_key=self._server.api_key)
            return self._clients[address]

    def _settings(self, path: Path) -> LlamaSettings:
        profile = self._profile
        return LlamaSettings(
            name=profile.model or path.stem,
            path=path,
            ctx_per_slot=profile.sampling.num_ctx or CTX_PER_SLOT,
            slots=profile.concurrency,
        )
