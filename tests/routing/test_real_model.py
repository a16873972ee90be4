"""A real model behind the gateway: its words flow, and whoever hangs up frees its only slot."""

from __future__ import annotations

import time

import pytest

from harness.models.catalogue import load_catalogue
from tests.routing.conftest import HELLO, OpenDoor, events_of

LONG = {"stream": True, "max_tokens": 3000, "temperature": 0, "logit_bias": {"2": -100}}
"""Without its end token the model writes until it is stopped, a minute or more."""


@pytest.mark.model
def test_words_flow_and_a_slot_is_freed(open_door: OpenDoor) -> None:
    pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
    profile = load_catalogue().get("smollm2").model_copy(update={"concurrency": 1})
    with open_door(profile) as door, door.client(follow_redirects=False) as client:
        client.timeout = 120
        small = HELLO | {"max_tokens": 4, "temperature": 0}
        answer = client.post("/chat/completions", json=small).json()
        assert answer["usage"]["completion_tokens"] <= 4
        assert answer["choices"][0]["message"]["content"]
        with client.stream("POST", "/chat/completions", json=HELLO | LONG) as response:
            lines = response.iter_lines()
            said = events_of("\n".join(next(lines) for _ in range(20)))
            assert sum(bool(event["choices"][0]["delta"].get("content")) for event in said) > 3
        began = time.monotonic()
        assert client.post("/chat/completions", json=small).status_code == 200
        assert time.monotonic() - began < 10, "the slot was not waited for"
        # Its record may come after the next call's, which waits for the slot and not for the record.
        assert sorted(call.status for call in door.calls.told) == [200, 200, 499]
