"""Frames between host and box: whole, or broken."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import content_package
from harness.sandbox import wire

runner = importlib.import_module(f"{content_package('sandboxes')}.runner.wire")

_finite = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=5).filter(lambda name: name != "blobs"), _finite, max_size=3),
    st.dictionaries(st.text(max_size=5), st.binary(max_size=50), max_size=4),
)
def test_a_frame_comes_back(header: dict[str, Any], blobs: dict[str, bytes]) -> None:
    frame = wire.pack(header, blobs)
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    again, same_blobs = wire.unpack(frame[4:])
    assert json.dumps(again) == json.dumps(header)
    assert same_blobs == blobs


@given(st.data())
def test_a_damaged_frame_is_broken(data: st.DataObject) -> None:
    frame = bytearray(wire.pack({"op": "x", "n": [1, 2]}, {"a": b"123", "b": b""})[4:])
    how = data.draw(st.sampled_from(["cut", "longer", "flip"]))
    if how == "cut":
        frame = frame[: data.draw(st.integers(0, len(frame) - 1))]
    elif how == "longer":
        frame += data.draw(st.binary(min_size=1, max_size=5))
    else:
        frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        header, blobs = wire.unpack(bytes(frame))
    except wire.Broken:
        return
    assert how == "flip"
    assert isinstance(header, dict)
    assert sum(map(len, blobs.values())) == 3


@given(st.binary(max_size=80))
def test_garbage_is_broken(garbage: bytes) -> None:
    try:
        header, blobs = wire.unpack(garbage)
    except wire.Broken:
        return
    assert isinstance(header, dict)
    assert isinstance(blobs, dict)


@pytest.mark.parametrize(
    "head",
    [
        b"[]",
        b"1",
        b'{"blobs":1}',
        b'{"blobs":[["a",-1]]}',
        b'{"blobs":[["a",99]]}',
        b'{"blobs":[["a"]]}',
        b'{"blobs":[[["a"],1]]}',
        b'{"blobs":[["a","1"]]}',
        b'{"blobs":[["a",1.5]]}',
        b'{"blobs":[["a",2],["a",-2]]}',
        b"{}",
        b'{"blobs":[]',
        "{é}".encode(),
        b"[" * 100_000,
    ],
)
def test_odd_headers_are_broken(head: bytes) -> None:
    with pytest.raises(wire.Broken):
        wire.unpack(len(head).to_bytes(4, "big") + head)


def pipe_with(data: bytes) -> int:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0", b"\0\0\0\5abc", (runner.MAX_FRAME + 1).to_bytes(4, "big") + b"x", b"\xff\xff\xff\xff", b"\0\0\0\0"],
    ids=["empty", "no length", "cut off", "too long", "absurd", "no header"],
)
def test_a_stream_that_ends_or_lies_is_broken(data: bytes) -> None:
    reader = pipe_with(data)
    try:
        with pytest.raises(wire.Broken):
            runner.receive(reader)
    finally:
        os.close(reader)


def test_reading_a_frame_leaves_the_next_one() -> None:
    reader = pipe_with(wire.pack({"n": 1}, {"a": b"x"}) + wire.pack({"n": 2}, {}) + b"rest")
    try:
        assert runner.receive(reader) == ({"n": 1}, {"a": b"x"})
        assert runner.receive(reader) == ({"n": 2}, {})
        assert os.read(reader, 10) == b"rest"
    finally:
        os.close(reader)


# comparison ----------------------------------------------------------------------------------------------------------
