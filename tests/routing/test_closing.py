"""A gateway that is closed while one of its doors is being closed by somebody else."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from harness.routing.gateway import Gateway, Session
from harness.routing.gateway.listener import Listener


def test_whoever_closes_a_door_is_not_left_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    close = Listener._close

    async def slowly(self: Listener) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        await close(self)

    monkeypatch.setattr(Listener, "_close", slowly)
    gateway = Gateway()
    door = gateway.open_socket(tmp_path, Session({}))
    door.__enter__()
    leaving = threading.Thread(target=door.__exit__, args=(None, None, None), daemon=True)
    leaving.start()
    assert begun.wait(5)
    gateway.close()
    leaving.join(5)
    assert not leaving.is_alive()
