"""Servers that misbehave, over real HTTP, against every wire format: what is tried again, said and kept."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

from harness.errors import ProviderError
from harness.models import wire as wire_module
from tests.models.conftest import KEY, opened
from tests.servers.scripted import PATIENCE_S, Exchange, Step, scripted
from tests.servers.wires import LITELLM, LITELLM_MARKS, TEXT, USAGE, WIRES, LiteLLMChat, Wire

every_wire = pytest.mark.parametrize(
    "wire",
    [*(pytest.param(w, id=str(w)) for w in WIRES), *(pytest.param(w, id=str(w), marks=LITELLM_MARKS) for w in LITELLM)],
)
own_wires = pytest.mark.parametrize("wire", [pytest.param(w, id=str(w)) for w in WIRES])


def status(code: int, message: str = "no", **headers: str) -> Step:
    """A step that refuses."""
    return lambda exchange: exchange.json({"error": {"message": message}}, code, **headers)


@every_wire
def test_the_reply_arrives_as_it_was_said(wire: Wire) -> None:
    with scripted(wire.says(TEXT, "Let me think ∑", finish="length")) as server:
        with opened(wire.profile(server.url)) as provider:
            reply = provider.complete(wire.request())
        assert server.requests[0].path == wire.path
    assert (reply.text, reply.thinking, reply.finish_reason) == (TEXT, "Let me think ∑", "length")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == USAGE
    # The raw body of a stream is the body that would have come without one.
    assert "return a + b" in json.dumps(reply.raw)


@every_wire
def test_the_seed_reaches_the_server(wire: Wire) -> None:
    with scripted(wire.says()) as server, opened(wire.profile(server.url)) as provider:
        for seed in (1, 4_000_000_000):
            provider.complete(wire.request(seed=seed))
        assert [wire.seed_of(request.body) for request in server.requests] == [1, 4_000_000_000]


@every_wire
def test_slow_server_times_out_and_is_tried_again(wire: Wire) -> None:
    with scripted(lambda exchange: void(exchange.until_gone()), wire.says()) as server:
        with opened(wire.profile(server.url, timeout_s=0.3, retries=1)) as provider:
            reply = provider.complete(wire.request())
        assert server.gone.wait(PATIENCE_S)
    assert (reply.text, reply.tries) == (TEXT, 2)


@own_wires
def test_cut_off_in_the_middle_is_tried_again(wire: Wire) -> None:
    with scripted(wire.cut(), wire.says()) as server, opened(wire.profile(server.url)) as provider:
        reply = provider.complete(wire.request())
        assert (reply.text, reply.tries, len(server.requests)) == (TEXT, 2, 2)


@every_wire
def test_cut_off_every_time_is_an_error(wire: Wire) -> None:
    with scripted(wire.cut()) as server, opened(wire.profile(server.url, retries=2)) as provider:
        with pytest.raises(ProviderError, match="3 tries"):
            provider.complete(wire.request())
        assert len(server.requests) == 3


@own_wires
def test_hung_up_without_an_answer_is_tried_again(wire: Wire) -> None:
    with scripted(Exchange.drop, wire.says()) as server, opened(wire.profile(server.url)) as provider:
        assert provider.complete(wire.request()).tries == 2


@own_wires
@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"x": NaN}', b"[" * 100_000, b"\xff\xfe", b"{}", b""])
def test_wrong_json_is_an_error_not_a_crash(wire: Wire, body: bytes) -> None:
    with (
        scripted(lambda exchange: exchange.send(200, body)) as server,
        opened(wire.profile(server.url, retries=1)) as provider,
        pytest.raises(ProviderError, match="2 tries"),
    ):
        provider.complete(wire.request())


@own_wires
def test_a_broken_line_in_a_stream_is_tried_again(wire: Wire) -> None:
    broken = b"data: {nonsense\n\n" if wire.kind == "text/event-stream" else b"{nonsense\n"
    with (
        scripted(lambda exchange: exchange.stream([broken], wire.kind), wire.says()) as server,
        opened(wire.profile(server.url)) as provider,
    ):
        assert provider.complete(wire.request()).tries == 2


@own_wires
def test_a_web_page_is_a_wrong_address(wire: Wire) -> None:
    with (
        scripted(lambda exchange: exchange.send(200, b"<html>hello", "text/html")) as server,
        opened(wire.profile(server.url)) as provider,
        pytest.raises(ProviderError, match="web page") as caught,
    ):
        provider.complete(wire.request())
    assert "base_url" in caught.value.remedy
    assert len(server.requests) == 1


@every_wire
def test_500_then_ok(wire: Wire) -> None:
    with scripted(status(500), status(503), wire.says()) as server, opened(wire.profile(server.url)) as provider:
        assert provider.complete(wire.request()).tries == 3


@every_wire
def test_429_then_ok(wire: Wire) -> None:
    with scripted(status(429, Retry_After="0.01"), wire.says()) as server, opened(wire.profile(server.url)) as provider:
        assert provider.complete(wire.request()).tries == 2


@every_wire
def test_a_wait_longer_than_we_would_is_given_up_at_once(wire: Wire) -> None:
    with (
        scripted(status(429, Retry_After="3600")) as server,
        opened(wire.profile(server.url)) as provider,
        pytest.raises(ProviderError, match="asks to wait 3600 s"),
    ):
        provider.complete(wire.request())
    assert len(server.requests) == 1


@every_wire
@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_is_not_tried_again_and_names_its_variable(wire: Wire, code: int) -> None:
    with (
        scripted(status(code)) as server,
        opened(wire.profile(server.url, api_key_env="TESTED_KEY")) as provider,
        pytest.raises(ProviderError) as caught,
    ):
        provider.complete(wire.request())
    assert "TESTED_KEY" in caught.value.remedy
    assert caught.value.status == code
    assert len(server.requests) == 1
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@every_wire
def test_an_empty_reply_is_a_reply(wire: Wire) -> None:
    with scripted(wire.says("")) as server, opened(wire.profile(server.url)) as provider:
        reply = provider.complete(wire.request())
    assert (reply.text, reply.thinking, reply.finish_reason, reply.tries) == ("", "", "stop", 1)


@every_wire
def test_thinking_alone_is_a_reply(wire: Wire) -> None:
    with scripted(wire.says("", "hm, hm")) as server, opened(wire.profile(server.url)) as provider:
        reply = provider.complete(wire.request())
    assert (reply.text, reply.thinking) == ("", "hm, hm")
    assert (reply.first_token_s is not None) == wire.stream


@own_wires
def test_no_usage_is_unknown_not_zero(wire: Wire) -> None:
    with scripted(wire.says(usage=False)) as server, opened(wire.profile(server.url)) as provider:
        usage = provider.complete(wire.request()).usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (None, None)


@own_wires
def test_a_huge_body_is_cut_off(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MAX_BODY", 1 << 20)

    def endless(exchange: Exchange) -> None:
        kind = wire.kind if wire.stream else "application/json"
        exchange.begin(kind)
        while True:
            exchange.chunk(b"x" * 65536)

    with (
        scripted(endless) as server,
        opened(wire.profile(server.url)) as provider,
        pytest.raises(ProviderError, match="more than 1 MiB"),
    ):
        provider.complete(wire.request())
    assert len(server.requests) == 1


@own_wires
def test_closing_frees_the_slot_of_a_request_under_way(wire: Wire) -> None:
    caught: list[BaseException] = []

    with scripted(lambda exchange: void(exchange.until_gone())) as server:
        profile = wire.profile(server.url, timeout_s=PATIENCE_S)
        with opened(profile) as provider:

            def ask() -> None:
                try:
                    provider.complete(wire.request())
                except BaseException as error:  # noqa: BLE001  handed to the test
                    caught.append(error)

            thread = threading.Thread(target=ask)
            thread.start()
            assert server.arrived.wait(PATIENCE_S)
            provider.close()
            assert server.gone.wait(PATIENCE_S)
            thread.join(PATIENCE_S)
    assert isinstance(caught[0], ProviderError)
    assert "closed" in caught[0].message
    assert len(server.requests) == 1


@every_wire
def test_the_key_is_nowhere(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """A server that echoes the key in an error, in the body and in the text."""
    caplog.set_level(logging.DEBUG)
    text = f"you sent Bearer {KEY}, thank you"
    with (
        scripted(status(500, text), wire.says(text, text), status(400, text)) as server,
        opened(wire.profile(server.url, api_key_env="TESTED_KEY")) as provider,
    ):
        reply = provider.complete(wire.request())
        with pytest.raises(ProviderError) as caught:
            provider.complete(wire.request())
        identity = provider.identity()
    assert "you sent Bearer ***" in reply.text
    assert "you sent" in caught.value.message
    kept = [reply.model_dump_json(), repr(reply), str(caught.value), repr(caught.value), json.dumps(identity)]
    if not isinstance(wire, LiteLLMChat):
        # litellm's own loggers at DEBUG are not ours.
        kept.append(caplog.text)
    assert KEY not in "".join(kept)


@own_wires
def test_identity_of_a_dead_server_says_so(wire: Wire) -> None:
    with scripted(wire.says()) as server:
        url = server.url
    with opened(wire.profile(url)) as provider:
        identity = provider.identity()
    assert "no answer" in identity["status"]
    assert identity["base_url"].startswith(url)


@every_wire
def test_an_unreachable_server(wire: Wire) -> None:
    with scripted(wire.says()) as server:
        url = server.url
    with opened(wire.profile(url, retries=1)) as provider, pytest.raises(ProviderError, match="cannot reach") as caught:
        provider.complete(wire.request())
    assert "2 tries" in caught.value.message


def void(_: Any) -> None:
    """Steps return nothing."""
