"""raw.jsonl follows the store, whatever became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.store import Store
from tests.store.made import attempt, lines


def torn(raw: bytes) -> bytes:
    return raw[:-40]


def missing(raw: bytes) -> bytes:
    return b"".join(raw.splitlines(True)[:-1])


def missing_in_the_middle(raw: bytes) -> bytes:
    parts = raw.splitlines(True)
    return b"".join([*parts[:4], *parts[5:]])


def extra(raw: bytes) -> bytes:
    return raw + raw.splitlines(True)[0]


def exchanged(raw: bytes) -> bytes:
    parts = raw.splitlines(True)
    return b"".join([*parts[:-1], parts[0]])


def stale(raw: bytes) -> bytes:
    return raw.replace(b'"error":"503"', b'"error":"504"')


def empty(raw: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [torn, missing, missing_in_the_middle, extra, exchanged, stale, empty, None])
def test_raw_jsonl_is_mended(damage: Callable[[bytes], bytes] | None, filled: Path) -> None:
    raw = filled / "raw.jsonl"
    whole = raw.read_bytes()
    if damage is None:
        raw.unlink()
    else:
        raw.write_bytes(damage(whole))
    with Store(filled) as store:
        assert raw.read_bytes() == whole
        store.save(attempt(10))
    assert len(lines(filled)) == 11
    assert sorted(item.name for item in filled.iterdir()) == ["lock", "raw.jsonl", "store.db"]


def test_whole_lines_in_any_order_are_left_as_they_are(filled: Path) -> None:
    raw = filled / "raw.jsonl"
    turned = b"".join(reversed(raw.read_bytes().splitlines(True)))
    raw.write_bytes(turned)
    Store(filled).close()
    assert raw.read_bytes() == turned
