"""Servers differ in what they take: what is learned from a refusal, and what is never dropped."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from typing import Any

import httpx
import pytest

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models.openai_compatible import OpenAICompatible, sampling_keys
from harness.types import Message, Request, Sampling
from tests.models.conftest import RealServer, opened
from tests.servers.scripted import Exchange, Step, scripted
from tests.servers.wires import TEXT, Chat, Completion

STREAMED, WHOLE = Chat(stream=True), Chat(stream=False)


def picky(*keys: str, message: str = "Unrecognized request argument supplied: {}", status: int = 400) -> Step:
    """A server that refuses these keys, one at a time, and answers as it was asked to."""

    def step(exchange: Exchange) -> None:
        found = next((key for key in keys if key in exchange.request.body), None)
        if found:
            exchange.json({"error": {"message": message.format(found), "param": found}}, status)
        else:
            (STREAMED if exchange.request.body.get("stream") else WHOLE).says()(exchange)

    return step


def test_everything_a_profile_says_is_sent() -> None:
    sampling = Sampling(
        temperature=0.5, top_p=0.9, top_k=20, repeat_penalty=1.1, max_tokens=99, seed=3, stop=("a", "b"), think=False
    )
    with scripted(STREAMED.says()) as server:
        with opened(STREAMED.profile(server.url, sampling=sampling, extra={"min_p": 0.05})) as provider:
            provider.complete(STREAMED.request(seed=4))
        body = server.requests[0].body
    messages = body.pop("messages")
    assert [message["role"] for message in messages] == ["system", "user"]
    assert body == {
        "model": "m-1",
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "repeat_penalty": 1.1,
        "repetition_penalty": 1.1,
        "max_tokens": 99,
        "seed": 4,
        "stop": ["a", "b"],
        "chat_template_kwargs": {"enable_thinking": False},
        "stream": True,
        "stream_options": {"include_usage": True},
        "min_p": 0.05,
    }


def test_nothing_is_sent_that_was_not_said() -> None:
    with scripted(WHOLE.says()) as server:
        with opened(WHOLE.profile(server.url)) as provider:
            provider.complete(WHOLE.request())
        assert set(server.requests[0].body) == {"model", "messages"}
        assert "authorization" not in server.requests[0].headers


def test_the_task_is_never_sent() -> None:
    wire = Completion(stream=False)
    with scripted(wire.says()) as server:
        with opened(wire.profile(server.url)) as provider:
            provider.complete(wire.request())
        assert set(server.requests[0].body) == {"model", "prompt"}


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_without_stream_options(status: int) -> None:
    with scripted(picky("stream_options", status=status)) as server:
        with opened(STREAMED.profile(server.url)) as provider:
            first, second = (provider.complete(STREAMED.request()) for _ in range(2))
        assert [len(server.requests), first.tries, second.tries] == [3, 1, 1]
        assert [("stream_options" in request.body, request.body["stream"]) for request in server.requests] == [
            (True, True),
            (False, True),
            (False, True),
        ]
    assert first.text == second.text == TEXT


def test_a_server_without_streams() -> None:
    message = "Your organization must be verified to stream this model. (param: {})"
    with scripted(picky("stream", message=message)) as server:
        with opened(STREAMED.profile(server.url)) as provider:
            reply = provider.complete(STREAMED.request())
        assert "stream_options" not in server.requests[1].body
    assert (reply.text, reply.first_token_s) == (TEXT, None)


def test_max_tokens_by_its_newer_name() -> None:
    message = "Unsupported parameter: '{}' is not supported with this model. Use 'max_completion_tokens' instead."
    with scripted(picky("max_tokens", message=message)) as server:
        with opened(STREAMED.profile(server.url)) as provider:
            provider.complete(STREAMED.request(max_tokens=5))
        assert server.requests[1].body["max_completion_tokens"] == 5


def test_one_of_two_names_for_a_penalty_is_enough() -> None:
    with scripted(picky("repeat_penalty")) as server:
        with opened(STREAMED.profile(server.url)) as provider:
            provider.complete(STREAMED.request(repeat_penalty=1.1))
        assert server.requests[1].body["repetition_penalty"] == 1.1
        assert "repeat_penalty" not in server.requests[1].body


@pytest.mark.parametrize(
    ("keys", "sampling"),
    [
        (("repeat_penalty", "repetition_penalty"), {"repeat_penalty": 1.1}),
        (("top_k",), {"top_k": 5}),
        (("seed",), {"seed": 5}),
        (("temperature",), {"temperature": 0.5}),
    ],
)
def test_a_setting_that_decides_the_text_is_never_dropped(keys: tuple[str, ...], sampling: dict[str, Any]) -> None:
    with (
        scripted(picky(*keys)) as server,
        opened(STREAMED.profile(server.url)) as provider,
        pytest.raises(ProviderError, match=keys[-1]) as caught,
    ):
        provider.complete(STREAMED.request(**sampling))
    assert "sampling" in caught.value.remedy


def test_a_long_prompt_is_not_mistaken_for_another_dialect() -> None:
    message = "This model's context is 4096 tokens; reduce the length of the messages or max_tokens."
    refuse: Step = lambda exchange: exchange.json({"error": {"message": message}}, 400)  # noqa: E731
    with scripted(refuse) as server, opened(STREAMED.profile(server.url)) as provider:
        with pytest.raises(ProviderError, match="context"):
            provider.complete(STREAMED.request(max_tokens=5))
        assert len(server.requests) == 1


def test_a_server_that_does_not_stream_although_it_was_asked() -> None:
    with scripted(WHOLE.says()) as server, opened(STREAMED.profile(server.url)) as provider:
        assert provider.complete(STREAMED.request()).text == TEXT


def test_an_error_in_the_middle_of_a_stream_is_tried_again() -> None:
    parts = [
        *STREAMED.parts("half", "", "stop", False)[:2],
        b'data: {"error": {"message": "overloaded", "code": 503}}\n\n',
    ]
    breaks: Step = lambda exchange: exchange.stream(parts, "text/event-stream")  # noqa: E731
    with scripted(breaks, STREAMED.says()) as server, opened(STREAMED.profile(server.url)) as provider:
        assert provider.complete(STREAMED.request()).tries == 2


def test_a_stream_that_is_cut_off_after_its_end_is_whole() -> None:
    parts = STREAMED.parts(TEXT, "", "stop", False)[:-1]
    step: Step = lambda exchange: exchange.stream(parts, "text/event-stream", end=False)  # noqa: E731
    with scripted(step) as server, opened(STREAMED.profile(server.url)) as provider:
        reply = provider.complete(STREAMED.request())
    assert (reply.text, reply.tries) == (TEXT, 1)


def test_no_money_left_is_not_tried_again() -> None:
    refuse: Step = lambda exchange: exchange.json({"error": {"message": "x", "code": "insufficient_quota"}}, 429)  # noqa: E731
    with (
        scripted(refuse) as server,
        opened(STREAMED.profile(server.url)) as provider,
        pytest.raises(ProviderError),
    ):
        provider.complete(STREAMED.request())
    assert len(server.requests) == 1


def test_keep_alives_do_not_hold_a_slot_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.models.wire.PATIENCE", 0.0)
    with (
        scripted(STREAMED.says()) as server,
        opened(STREAMED.profile(server.url)) as provider,
        pytest.raises(ProviderError, match="still sending"),
    ):
        provider.complete(STREAMED.request())


def test_placeholder_keys_of_local_servers_are_left_in_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_KEY", "EMPTY")
    with scripted(STREAMED.says("EMPTY = ()")) as server:
        with opened(STREAMED.profile(server.url, api_key_env="TESTED_KEY")) as provider:
            assert provider.complete(STREAMED.request()).text == "EMPTY = ()"
        assert server.requests[0].headers["authorization"] == "Bearer EMPTY"


def test_openrouter_has_its_own_word_for_thinking() -> None:
    assert sampling_keys(Sampling(think=True), "https://openrouter.ai/api/v1") == {"reasoning": {"enabled": True}}


def test_identity_of_servers_that_say_who_they_are() -> None:
    documents = {
        "/v1/models": {"data": [{"id": "other", "owned_by": "vllm"}, {"id": "m-1", "owned_by": "vllm"}]},
        "/version": {"version": "0.9.1"},
    }
    with scripted(STREAMED.says(), documents=documents) as server:
        with opened(STREAMED.profile(server.url)) as provider:
            assert provider.identity() | {"server": ""} == {
                "provider": "openai_compatible",
                "model": "m-1",
                "base_url": f"{server.url}/v1",
                "status": "answers",
                "server": "",
                "served": "m-1",
                "version": "0.9.1",
            }
        with opened(STREAMED.profile(server.url, model="absent")) as provider:
            assert "does not list absent" in provider.identity()["status"]


def test_passwords_in_addresses_are_masked() -> None:
    profile = ModelProfile(
        name="m", provider="openai_compatible", base_url="http://me:hunter22@127.0.0.1:9/v1", retries=0
    )
    with opened(profile) as provider:
        with pytest.raises(ProviderError) as caught:
            provider.complete(Request(prompt="x"))
        assert "hunter22" not in str(caught.value) + json.dumps(provider.identity())


@pytest.mark.model
def test_a_given_up_request_frees_its_slot_of_a_real_server(real_server: RealServer) -> None:
    profile = ModelProfile(name="real", provider="openai_compatible", base_url=real_server.url)
    endless = Request(messages=(Message(role="user", content="Count."),), sampling=Sampling(max_tokens=100_000))
    root, headers = real_server.url.removesuffix("/v1"), {"authorization": f"Bearer {real_server.key}"}

    def busy() -> int:
        slots = httpx.get(f"{root}/slots", headers=headers, trust_env=False).json()
        return sum(slot["is_processing"] for slot in slots)

    def wait_for(number: int) -> None:
        deadline = time.monotonic() + 30
        while busy() != number:
            assert time.monotonic() < deadline

    def ask(provider: OpenAICompatible) -> None:
        with pytest.raises(ProviderError, match="closed"):
            provider.complete(endless.model_copy(update={"sampling": Sampling(max_tokens=900, stop=("\0",))}))

    wait_for(0)
    body = {"ignore_eos": True}
    with closing(OpenAICompatible(profile.model_copy(update={"extra": body}), api_key=real_server.key)) as provider:
        thread = threading.Thread(target=ask, args=(provider,))
        thread.start()
        wait_for(1)
        provider.close()
        thread.join(30)
        wait_for(0)


@pytest.mark.model
def test_the_seed_decides_what_a_real_model_says(real_server: RealServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAL_KEY", real_server.key)
    profile = ModelProfile(
        name="real",
        provider="openai_compatible",
        base_url=real_server.url,
        api_key_env="REAL_KEY",
        sampling=Sampling(temperature=1.0, max_tokens=16),
    )
    with opened(profile) as provider:

        def say(seed: int) -> str:
            return provider.complete(Request(prompt="Once upon a time", sampling=Sampling(seed=seed))).text

        assert say(1) == say(1)
        assert len({say(seed) for seed in range(4)}) > 1
