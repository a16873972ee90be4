"""Model calls in a run's store, and what a run has spent with them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.store import Store
from harness.types import AgentEnding, AgentRecord, Attempt, AttemptKey, ModelCall, Reply, Usage

KEY = AttemptKey(task="s/t", model="m", repeat=0, attempt=1)


def call(
    number: int = 1, session: str = "a", *, cost: float | None = 0.5, attempt: AttemptKey | None = KEY
) -> ModelCall:
    reply = Reply(text="x", usage=Usage(prompt_tokens=3, completion_tokens=2**70)) if cost is not None else None
    return ModelCall(
        session=session, number=number, attempt=attempt, asked="gw", model="m",
        request={"messages": ["é"]}, reply=reply,
        status=200 if reply else 502, cost_usd=cost, seconds=1.5, started="2025-01-01T00:00:00.000+00:00",
    )  # fmt: skip


def attempt(session: str = "", cost: float | None = 1.0, started: str = "1") -> Attempt:
    agent = AgentRecord(agent="x", session=session, ending=AgentEnding.finished) if session else None
    return Attempt(
        task="s/t", suite="s", category="c", kind="function", model="m", repeat=0, attempt=1, seed=1, solver="x",
        error="failed", agent=agent, cost_usd=cost, started=started,
    )  # fmt: skip


def without_calls(directory: Path) -> None:
    """A store as it was before there was a gateway."""
    connection = sqlite3.connect(directory / "store.db")
    connection.execute("drop table calls")
    connection.commit()
    connection.close()


def test_calls_come_back_by_session_and_number(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for one in (call(2), call(1, "b", attempt=None), call(1), call(2, cost=None)):
            store.save_call(one)
        assert list(store.calls()) == [call(1), call(2, cost=None), call(1, "b", attempt=None)]
        assert list(store.calls("b")) == [call(1, "b", attempt=None)]
        assert list(store.calls("c")) == []
        assert list(store.attempts()) == []
    with Store(tmp_path, write=False) as store:
        assert len(list(store.calls())) == 3
    assert (tmp_path / "raw.jsonl").read_text() == ""


def test_columns_are_there_for_other_programs(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_call(call(1))
        store.save_call(call(1, "b", attempt=None, cost=None))
    connection = sqlite3.connect(tmp_path / "store.db")
    names = "session, number, task, model, repeat, attempt, status, prompt_tokens, completion_tokens, cost_usd, seconds"
    rows = connection.execute(f"select {names} from calls order by session").fetchall()
    connection.close()
    assert rows == [
        ("a", 1, "s/t", "m", 0, 1, 200, 3, None, 0.5, 1.5),
        ("b", 1, None, "m", None, None, 502, None, None, None, 1.5),
    ]


def test_an_older_store_has_no_calls_and_gets_the_table(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save(attempt())
    without_calls(tmp_path)
    with Store(tmp_path, write=False) as store:
        assert list(store.calls()) == []
        assert store.spent() == 1.0
    with Store(tmp_path) as store:
        store.save_call(call())
        assert list(store.calls()) == [call()]
        assert store.spent() == 1.5


def test_a_call_is_paid_once(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_call(call(1))
        store.save_call(call(2))
        assert store.spent() == 1.0, "of an attempt that has not ended"
        store.save(attempt("a", cost=1.0))
        assert store.spent() == 1.0, "the attempt has the sum"
        store.save_call(call(1, "b", attempt=None, cost=0.25))
        store.save_call(call(2, "b", attempt=None, cost=None))
        assert store.spent() == 1.25, "and a person's tools"
        store.save_call(call(1, "c", cost=2.0))
        store.save(attempt("c", cost=2.0, started="2"))
        assert store.spent() == 3.25, "the calls of an attempt that was replaced stay spent, once"
        store.save(attempt(cost=4.0, started="3"))
        assert store.spent() == 7.25


def test_a_call_of_unknown_cost_does_not_hide_the_others(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_call(call(1))
        store.save_call(call(2, cost=None))
        store.save(attempt("a", cost=None))
        assert store.spent() == 0.5


def test_a_damaged_call_is_named(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_call(call())
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("update calls set data = '{}'")
    connection.commit()
    connection.close()
    with Store(tmp_path, write=False) as store, pytest.raises(StoreError, match="a model call cannot be read"):
        list(store.calls())
