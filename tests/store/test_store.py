"""The run directory: one row an attempt, raw.jsonl its mirror, one writer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.store import Store
from harness.types import Outcome, Reply, Selection, Usage
from tests.store.made import attempt, lines


def test_one_row_an_attempt(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for number in (4, 1, 3, 0, 2):
            store.save(attempt(number))
        store.save(attempt(1, Outcome.timeout))
        assert [item.attempt for item in store.attempts()] == [0, 1, 2, 3, 4]
        assert [item.outcome for item in store.attempts()][1] is Outcome.timeout
        assert next(store.attempts()) == attempt(0)
        store.finish()
    assert [line["attempt"] for line in lines(tmp_path)] == [0, 1, 2, 3, 4]


def test_columns_are_there_for_other_programs(filled: Path) -> None:
    with sqlite3.connect(filled / "store.db") as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("select * from attempts order by task, attempt").fetchall()
    connection.close()
    assert (rows[0]["outcome"], rows[0]["score"], rows[0]["visible_score"], rows[0]["failed"]) == ("passed", 1, 1, 0)
    assert (rows[0]["prompt_tokens"], rows[0]["completion_tokens"]) == (7, None)
    assert (rows[3]["outcome"], rows[3]["score"], rows[3]["failed"]) == (None, None, 1)


def test_failures_are_not_done_and_are_replaced(filled: Path) -> None:
    key = attempt(3).key
    with Store(filled) as store:
        assert len(store.done()) == 9
        assert key not in store.done()
        assert [item[:3] for item in store.failures()] == [("m", "provider_failure", 1)]
        store.save(attempt(3, Outcome.infra_error))
        assert key not in store.done()
        assert [item[:3] for item in store.failures()] == [("m", "infra_error", 1)]
        store.save(attempt(3, Outcome.wrong_answer))
        assert store.done()[key] == "h"
        assert store.failures() == []
        assert len(list(store.attempts())) == 10


def test_money_spent_on_a_failure_stays_spent(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save(attempt(0, Outcome.infra_error))
        store.save(attempt(0).model_copy(update={"started": "later"}))
        assert store.spent() == 0.5
        store.save(attempt(0, Outcome.timeout).model_copy(update={"started": "later"}))
        assert store.spent() == 0.5, "graded again, not asked again"
        store.save(attempt(1).model_copy(update={"cost_usd": None}))
        assert store.spent() == 0.5


def test_selections_are_replaced_together(filled: Path) -> None:
    def pick(number: int) -> Selection:
        return Selection(task="s/t", model="m", repeat=number, attempt=0, method="first", reason="the first")

    def broken() -> Iterator[Selection]:
        yield pick(7)
        raise RuntimeError("cut off")

    with Store(filled) as store:
        store.replace_selections([pick(1), pick(0)])
        store.replace_selections([pick(2), pick(1)])
        with pytest.raises(RuntimeError):
            store.replace_selections(broken())
        assert store.selections() == [pick(1), pick(2)]


def test_facts(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert store.fact("x") is None
        store.set_fact("x", {"a": [1, None]})
        store.set_fact("x", {"a": [2, "ü"]})
    with Store(tmp_path, write=False) as store:
        assert store.fact("x") == {"a": [2, "ü"]}


def test_numbers_no_column_takes(tmp_path: Path) -> None:
    reply = Reply(text="", usage=Usage(prompt_tokens=10**30, completion_tokens=-5))
    with Store(tmp_path) as store:
        store.save(attempt(0).model_copy(update={"reply": reply}))
        (kept,) = store.attempts()
        assert kept.reply == reply


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_store import attempt
from harness.store import Store
store = Store(Path(sys.argv[1]))
for number in range(10, 14):
    store.save(attempt(number))
store._put("attempts", store._row(attempt(14), attempt(14).model_dump_json()))
os.kill(os.getpid(), 9)
"""


def test_a_killed_process_loses_what_it_had_not_committed_and_nothing_else(filled: Path) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", KILLED, filled, here], check=False)
    assert done.returncode == -9
    with (filled / "raw.jsonl").open("a") as raw:
        raw.write('{"task": "s/t0')
    with Store(filled) as store:
        assert len(list(store.attempts())) == 14
        assert len(store.done()) == 13
    assert len(lines(filled)) == 14


def test_another_version_is_left_alone(filled: Path) -> None:
    with Store(filled) as store:
        store.set_fact("schema", 99)
    before = (filled / "store.db").read_bytes()
    for write in (True, False):
        with pytest.raises(StoreError, match="has layout 99, this harness writes 1"):
            Store(filled, write=write)
    assert (filled / "store.db").read_bytes() == before
    with pytest.raises(StoreError, match="has layout 99"):
        Store(filled)  # the lock of the first refusal was given back


def test_a_database_of_someone_else(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.executescript("create table notes (text); insert into notes values ('mine')")
    connection.close()
    for write in (True, False):
        with pytest.raises(StoreError, match="has layout unknown"):
            Store(tmp_path, write=write)


def test_a_store_that_was_killed_at_birth_is_made_anew(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.executescript("create table facts (name text primary key, value text)")
    connection.close()
    with Store(tmp_path) as store:
        store.save(attempt())
        assert store.fact("schema") == 1


@pytest.mark.parametrize("write", [True, False])
def test_a_file_that_is_no_database(tmp_path: Path, write: bool) -> None:
    (tmp_path / "store.db").write_bytes(b"no database at all, but text" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(tmp_path, write=write)


def test_a_row_that_cannot_be_read(filled: Path) -> None:
    with sqlite3.connect(filled / "store.db") as connection:
        connection.execute("""update attempts set data = '{"task_hash": "h"}' where attempt = 2""")
    connection.close()
    with Store(filled) as store, pytest.raises(StoreError, match="an attempt cannot be read"):
        list(store.attempts())


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store\.db"):
        Store(tmp_path, write=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match=r"File exists|Not a directory") as caught:
            Store(place)
        assert "--out" in caught.value.remedy
