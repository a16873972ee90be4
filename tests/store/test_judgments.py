"""Judgments and labels in a run's store."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from harness.store import Store
from harness.types import Judgment, Reading, Reply
from tests.judging.courtroom import judgment, labelled, marks

ACCEPTED = Reading(marks=(marks("A"),), repaired=True)


def one(identity: str = "1", **keys: Any) -> Judgment:
    given: dict[str, Any] = {"reading": ACCEPTED, "cost_usd": 0.25, "request": {"messages": ["x"]}, **keys}
    return judgment(identity, **given)


def rows(directory: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(directory / "store.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_judgments_come_back_in_order_and_apart_from_their_labels(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_judgment(one("2", task="s/z"), labelled(["m1", "m2"]))
        store.save_judgment(one("1"), labelled(["m2"]))
        store.save_judgment(one("3", reading=None), ())
        assert [item.id for item in store.judgments()] == ["1", "3", "2"]
        assert store.judgment("2") == one("2", task="s/z")
        assert store.judgment("9") is None
        assert store.labels() == {"1": labelled(["m2"]), "2": labelled(["m1", "m2"])}
        bare = next(store.judgments(bare=True))
        assert (bare.request, bare.reply) == ({}, None)
        assert bare.reading == ACCEPTED
    assert all("m1" not in data and "m2" not in data for (data,) in rows(tmp_path, "select data from judgments"))


def test_columns_are_there_for_other_programs(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_judgment(one("1", purpose="select", part="p", seconds=1.5, rubric="r@1"), ())
        store.save_judgment(one("2", reading=Reading(reason="no_json")), labelled(["m"]))
        store.save_judgment(one("3", reading=None, cost_usd=None), ())
        status = store.judgment_status()
    assert [(item.status, item.reason, item.repaired) for item in status.values()] == [
        ("rejected", "no_json", 0), ("failed", "", 0), ("accepted", "", 1),
    ]  # fmt: skip
    assert status["1"] == ("1", "select", "listwise", "j", "s/t", 0, "p", "accepted", "", 1, 0.25, "r@1")
    assert rows(tmp_path, "select id, seconds, started from judgments order by id")[0] == (
        "1",
        1.5,
        "2025-01-01T00:00:01",
    )
    assert rows(tmp_path, "select * from labels") == [("2", "A", "m", 0, "", 0)]


def test_what_is_asked_again_keeps_the_reply_before_and_its_cost(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        first = one("1", reading=Reading(reason="no_json"), reply=Reply(text="first"))
        second = one("1", started="later", reading=ACCEPTED)
        for item, names in ((first, ["a", "b"]), (second, ["a"])):
            store.save_judgment(item, labelled(names))
        assert [item.reply.text for item in store.replaced_judgments() if item.reply] == ["first"]
        assert store.labels() == {"1": labelled(["a"])}
        assert store.spent() == store.spent_on_judges() == 0.5
        store.save_judgment(second, labelled(["a"]))
        assert len(list(store.replaced_judgments())) == 1, "read again is not asked again"
        store.save_judgment(one("2", reading=None, cost_usd=None), ())
        store.save_judgment(one("2", reading=None, cost_usd=None, started="later"), ())
        assert len(list(store.replaced_judgments())) == 1, "a failure has no reply to be kept"


def test_long_labels_come_in_their_order(tmp_path: Path) -> None:
    from harness.judging.questions import label
    from harness.types import Labelled

    many = tuple(Labelled(label=label(number), model=str(number), attempt=0) for number in range(60))
    with Store(tmp_path) as store:
        store.save_judgment(one("1"), many)
        assert store.labels()["1"] == many


def test_stores_from_before_there_were_judges(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.set_fact("x", 1)
    connection = sqlite3.connect(tmp_path / "store.db")
    for table in ("judgments", "labels", "replaced_judgments"):
        connection.execute(f"drop table {table}")
    connection.commit()
    connection.close()
    with Store(tmp_path, write=False) as store:
        assert list(store.judgments()) == []
        assert list(store.replaced_judgments()) == []
        assert store.labels() == {}
        assert store.judgment_status() == {}
        assert store.spent() == 0.0
    with Store(tmp_path) as store:
        store.save_judgment(one("1"), ())
        assert json.loads(store.judgments().__next__().model_dump_json())["id"] == "1"


def test_judgments_are_read_in_order_without_sorting_them(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_judgment(one("1"), ())
    query = "explain query plan select data from judgments order by task, repeat, judge, mode, part"
    assert not any("TEMP B-TREE" in str(row) for row in rows(tmp_path, query))
