"""What every provider promises, run against every provider: scripted servers, a real llama.cpp server, files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models import Provider
from harness.types import Answer, Message, Reply, Request, Sampling, Task
from tests.models.conftest import KEY, REAL_CTX, RealServer, opened
from tests.servers.scripted import scripted
from tests.servers.wires import LITELLM, LITELLM_MARKS, WIRES, Wire

TASK = Task(
    id="s/add",
    suite="s",
    name="add",
    kind="function",
    instruction="Write add.",
    reference=Answer(name="reference", files={"solution.py": "def add(a, b):\n    return a + b\n"}),
)


@dataclass
class Subject:
    """A provider under test, open, and a request that it can answer."""

    provider: Provider
    request: Request
    streams: bool
    counts: bool = True
    """It reports tokens."""


@contextmanager
def _on_script(wire: Wire, _: pytest.FixtureRequest) -> Iterator[Subject]:
    with scripted(wire.says()) as server, opened(wire.profile(server.url, retries=0)) as provider:
        yield Subject(provider, wire.request(seed=7), wire.stream)


@contextmanager
def _on_llama(style: str, stream: bool, fixtures: pytest.FixtureRequest) -> Iterator[Subject]:
    real: RealServer = fixtures.getfixturevalue("real_server")
    os.environ["REAL_KEY"] = real.key
    profile = ModelProfile(
        name="real", provider="openai_compatible", base_url=real.url, api_key_env="REAL_KEY", stream=stream
    )
    sampling = Sampling(seed=7, max_tokens=12, temperature=0.7)
    message = Message(role="user", content="Name three colours.")
    chat, completion = (
        Request(messages=(message,), sampling=sampling),
        Request(prompt="def add(a, b):\n", sampling=sampling),
    )
    try:
        with opened(profile) as provider:
            yield Subject(provider, chat if style == "chat" else completion, stream)
    finally:
        del os.environ["REAL_KEY"]


@contextmanager
def _local(fixtures: pytest.FixtureRequest) -> Iterator[Subject]:
    real: RealServer = fixtures.getfixturevalue("real_server")
    sampling = real.profile.sampling.model_copy(update={"num_ctx": REAL_CTX, "max_tokens": 12})
    # The context of `real_server`: one more user of its process, no second one.
    profile = real.profile.model_copy(update={"sampling": sampling, "concurrency": 2})
    with opened(profile) as provider:
        yield Subject(provider, Request(messages=(Message(role="user", content="Name three colours."),)), True)


@contextmanager
def _reference(_: pytest.FixtureRequest) -> Iterator[Subject]:
    with opened(ModelProfile(name="reference", provider="reference")) as provider:
        yield Subject(provider, Request(messages=(), task=TASK), False, counts=False)


@contextmanager
def _replay(fixtures: pytest.FixtureRequest) -> Iterator[Subject]:
    path: Path = fixtures.getfixturevalue("tmp_path") / "raw.jsonl"
    reply = Reply(text="recorded", finish_reason="stop", model="m", seconds=1.5, raw={"id": 1})
    key: dict[str, Any] = {"task": TASK.id, "model": "m", "repeat": 0, "attempt": 0}
    path.write_text(json.dumps({**key, "reply": reply.model_dump()}) + "\n")
    with opened(ModelProfile(name="replay:x", provider="replay", recording=path)) as provider:
        yield Subject(provider, Request(task=TASK), False, counts=False)


def _subjects() -> Iterator[Any]:
    for wire in WIRES:
        yield pytest.param(lambda fixtures, wire=wire: _on_script(wire, fixtures), id=str(wire))
    for wire in LITELLM:
        yield pytest.param(lambda fixtures, wire=wire: _on_script(wire, fixtures), id=str(wire), marks=LITELLM_MARKS)
    for style in ("chat", "completion"):
        for stream in (True, False):
            yield pytest.param(
                lambda fixtures, style=style, stream=stream: _on_llama(style, stream, fixtures),
                id=f"llama-{style}-{'stream' if stream else 'whole'}",
                marks=pytest.mark.model,
            )
    yield pytest.param(_local, id="local", marks=pytest.mark.model)
    yield pytest.param(_reference, id="reference")
    yield pytest.param(_replay, id="replay")


@pytest.fixture(params=list(_subjects()))
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    with request.param(request) as made:
        yield made


def test_a_reply_is_whole(subject: Subject) -> None:
    reply = subject.provider.complete(subject.request)
    assert reply.text
    assert reply.finish_reason
    assert reply.model
    assert reply.tries == 1
    assert reply.seconds >= 0
    # It is stored: nothing in it may resist.
    assert Reply.model_validate_json(reply.model_dump_json()) == reply


def test_time_to_the_first_token_where_there_is_a_stream(subject: Subject) -> None:
    reply = subject.provider.complete(subject.request)
    if subject.streams:
        assert reply.first_token_s is not None
        assert 0 <= reply.first_token_s <= reply.seconds
    else:
        assert reply.first_token_s is None


def test_tokens_are_counted(subject: Subject) -> None:
    usage = subject.provider.complete(subject.request).usage
    if subject.counts:
        assert usage.prompt_tokens
        assert usage.completion_tokens


def test_many_threads_at_once(subject: Subject) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(subject.provider.complete, [subject.request] * 8))
    assert all(reply.text for reply in replies)


def test_identity_says_who_answers(subject: Subject) -> None:
    subject.provider.complete(subject.request)
    identity = subject.provider.identity()
    assert {"provider", "model", "status"} <= set(identity)
    assert all(isinstance(value, str) for value in identity.values())
    assert KEY not in json.dumps(identity)


def test_closed_means_closed(subject: Subject) -> None:
    subject.provider.complete(subject.request)
    subject.provider.close()
    subject.provider.close()
    with pytest.raises(ProviderError, match="closed"):
        subject.provider.complete(subject.request)
    # The manifest is written at the end of a run, too.
    assert subject.provider.identity()
