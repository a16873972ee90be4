"""Ollama's own wire: what is sent, and what its identity says."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import ProviderError
from harness.types import Sampling
from tests.models.conftest import opened
from tests.servers.scripted import Step, scripted
from tests.servers.wires import TEXT, OllamaChat, OllamaGenerate

CHAT, GENERATE = OllamaChat(stream=True), OllamaGenerate(stream=False)
SAMPLING = Sampling(
    temperature=0.5,
    top_p=0.9,
    top_k=20,
    repeat_penalty=1.1,
    max_tokens=99,
    seed=3,
    stop=("a",),
    num_ctx=16384,
    think=False,
)
OPTIONS = {
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 20,
    "repeat_penalty": 1.1,
    "num_predict": 99,
    "num_ctx": 16384,
    "seed": 3,
    "stop": ["a"],
}


@pytest.mark.parametrize("wire", [CHAT, GENERATE], ids=str)
def test_everything_a_profile_says_is_sent(wire: OllamaChat) -> None:
    with scripted(wire.says()) as server:
        with opened(wire.profile(server.url, sampling=SAMPLING, extra={"keep_alive": "5m"})) as provider:
            provider.complete(wire.request())
        body: dict[str, Any] = server.requests[0].body
    asked = {"prompt": "def add(a, b):\n", "raw": True} if wire is GENERATE else {"messages": body["messages"]}
    assert body == {
        "model": "m-1", "stream": wire.stream, "think": False, "options": OPTIONS, "keep_alive": "5m", **asked,
    }  # fmt: skip


@pytest.mark.parametrize("end", ["/v1", "/v1/", "/api", "/", ""])
def test_the_address_of_the_other_door_is_understood(end: str) -> None:
    with (
        scripted(CHAT.says()) as server,
        opened(CHAT.profile(server.url).model_copy(update={"base_url": server.url + end})) as provider,
    ):
        assert provider.complete(CHAT.request()).text == TEXT


def test_a_model_that_cannot_think_is_told_as_it_is() -> None:
    refuse: Step = lambda exchange: exchange.json({"error": '"m-1" does not support thinking'}, 400)  # noqa: E731
    with (
        scripted(refuse) as server,
        opened(CHAT.profile(server.url)) as provider,
        pytest.raises(ProviderError, match="does not support thinking") as caught,
    ):
        provider.complete(CHAT.request(think=True))
    assert "`sampling`" in caught.value.remedy


def test_an_error_in_the_middle_of_a_stream_is_tried_again() -> None:
    parts = [CHAT.parts(TEXT, "", "stop", True)[0], b'{"error": "out of memory"}\n']
    breaks: Step = lambda exchange: exchange.stream(parts, CHAT.kind)  # noqa: E731
    with (
        scripted(breaks) as server,
        opened(CHAT.profile(server.url, retries=1)) as provider,
        pytest.raises(ProviderError, match=r"out of memory.*2 tries"),
    ):
        provider.complete(CHAT.request())


def test_identity() -> None:
    tags = {
        "models": [
            {"name": "other", "digest": "1"},
            {"name": "m-1:latest", "digest": "2", "details": {"parameter_size": "8B", "quantization_level": "Q4_K_M"}},
        ]
    }
    with scripted(CHAT.says(), documents={"/api/version": {"version": "0.12.3"}, "/api/tags": tags}) as server:
        with opened(CHAT.profile(server.url)) as provider:
            assert provider.identity() == {
                "provider": "ollama",
                "model": "m-1",
                "base_url": server.url,
                "server": "ollama",
                "status": "answers",
                "version": "0.12.3",
                "parameter_size": "8B",
                "quantization_level": "Q4_K_M",
                "served": "m-1:latest",
                "digest": "2",
            }
        with opened(CHAT.profile(server.url, model="absent")) as provider:
            assert "ollama pull absent" in provider.identity()["status"]
