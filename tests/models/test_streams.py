"""Bytes to events and events to bodies: the same, wherever the network cuts."""

from __future__ import annotations

import contextlib
import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.models.bodies import Merged, plain, reply_of, usage_of
from harness.models.streams import parse_object, split_lines, sse_data
from harness.types import Reply, Usage

slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Other tests may have the processor."""

EVENTS = [{"choices": [{"delta": {"content": part}}]} for part in ("é", "∑\r", "\n", "🙂", "")]
STREAM = b": hello\r\n\r\n" + b"".join(
    f"event: x\r\ndata: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode() for event in EVENTS
)


@slowly
@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_do_not_depend_on_where_the_network_cuts(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[start:end] for start, end in pairwise(edges)]
    assert [parse_object(data) for data in sse_data(split_lines(chunks))] == EVENTS


@slowly
@given(st.lists(st.binary()))
def test_any_bytes_make_lines(chunks: list[bytes]) -> None:
    joined = b"".join(chunks)
    lines = list(split_lines(chunks))
    assert len(lines) == joined.count(b"\n") + (1 if joined and not joined.endswith(b"\n") else 0)
    list(sse_data(lines))


def test_one_event_may_have_several_data_lines_and_no_end() -> None:
    assert list(sse_data(["data: {", "data:}", "", "retry: 5", "", "data: last"])) == ["{\n}", "last"]


def test_llama_cpp_reports_failures_in_a_field_of_their_own() -> None:
    assert [parse_object(data) for data in sse_data(['error: {"code": 500}', ""])] == [{"error": {"code": 500}}]


@pytest.mark.parametrize("text", ["", "1", "[1]", "NaN", '{"a": Infinity}', "{'a': 1}", "[" * 100_000])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_object(text)


JUNK: list[object] = [None, True, -1, 0.5, "x", "", [], ["x"], [{}], {}, {"text": 1}, [{"text": "t"}], {"content": {}}]
junk = st.sampled_from(JUNK)


def objects(*keys: str, values: st.SearchStrategy[object] = junk) -> st.SearchStrategy[dict[str, object]]:
    """Objects with some of these keys."""
    return st.dictionaries(st.sampled_from(keys), values, max_size=len(keys))


messages = objects("content", "reasoning_content", "reasoning", "role", "tool_calls")
choices = objects("text", "finish_reason", "reasoning", "index") | st.builds(
    lambda key, message: {key: message}, st.sampled_from(["delta", "message"]), messages
)
bodies = objects("choices", "usage", "model", "object", values=junk | st.lists(choices, max_size=2))


@slowly
@given(st.lists(bodies, max_size=4))
def test_no_object_that_a_server_can_send_is_a_crash(chunks: list[dict[str, object]]) -> None:
    merged = Merged()
    for chunk in chunks:
        merged.add(chunk)
        with contextlib.suppress(ValueError):
            reply_of(chunk, seconds=0.0)
    reply = reply_of(merged.body(), seconds=0.0)
    assert Reply.model_validate_json(json.dumps(reply.model_dump(mode="json"))) == reply, "what is kept can be read"


def test_a_merged_stream_is_the_body_that_would_have_come() -> None:
    merged = Merged()
    for chunk in (
        {"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant"}}]},
        {"id": "1", "choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]},
        {"id": "1", "choices": [{"index": 0, "delta": {"content": "a"}}]},
        {"id": "1", "choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}]},
        {"id": "1", "choices": [], "usage": {"prompt_tokens": 1}, "timings": {"predicted_ms": 3}},
    ):
        merged.add(chunk)
    message = {"role": "assistant", "content": "ab", "reasoning_content": "hm"}
    assert merged.body() == {
        "id": "1",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1},
        "timings": {"predicted_ms": 3},
        "streamed_chunks": 5,
    }


def test_content_in_parts() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}, "x", {"type": "text", "text": "b"}]
    assert plain(parts) == "ab"


@pytest.mark.parametrize("bad", [None, "12", [], {"prompt_tokens": "12", "completion_tokens": -1}, {"x": True}])
def test_counts_that_are_none(bad: object) -> None:
    assert usage_of(bad) == Usage()


def test_counts_of_every_kind() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    assert usage_of(usage) == Usage(prompt_tokens=10, completion_tokens=20, cached_tokens=3, reasoning_tokens=4)
    assert usage_of({"prompt_tokens": 10, "prompt_cache_hit_tokens": 2}).cached_tokens == 2
