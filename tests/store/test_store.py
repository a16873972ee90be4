"""The run directory: one row an attempt, raw.jsonl its mirror, one writer, and disks that are full or read-only."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.store import Store
from harness.types import (
    Attempt,
    AttemptKey,
    Candidate,
    CaseResult,
    Extraction,
    Outcome,
    Reply,
    Selection,
    Usage,
    Verdict,
)


def attempt(number: int = 0, outcome: Outcome | None = Outcome.passed, *, model: str = "m", size: int = 10) -> Attempt:
    """An attempt; `outcome` None is a provider failure."""
    text = "x" * size
    case = CaseResult(id="a", outcome=outcome or Outcome.passed, visible=True, points=float(outcome == "passed"))
    verdict = None if outcome is None else Verdict(outcome=outcome, points=case.points, max_points=1.0, cases=(case,))
    return Attempt(
        task=f"s/t{number // 5:05d}", suite="s", category="general", kind="function", model=model, repeat=0,
        attempt=number % 5, seed=number, solver="single_shot", verdict=verdict, task_hash="h",
        error="" if outcome else "503", started="2025-01-01T00:00:00.000+00:00", cost_usd=0.25,
        reply=Reply(text=text, usage=Usage(prompt_tokens=7)) if outcome else None,
        extraction=Extraction(candidate=Candidate(files={"solution.py": text}), choice="all") if outcome else None,
    )  # fmt: skip


def lines(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / "raw.jsonl").read_text().splitlines()]


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A run directory with ten attempts, one of them failed."""
    with Store(tmp_path) as store:
        for number in range(10):
            store.save(attempt(number, None if number == 3 else Outcome.passed))
    return tmp_path


@contextlib.contextmanager
def mounted_disk(place: Path, options: str) -> Iterator[Path]:
    """A small file system of its own. Skips the test where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def remount(place: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", place], check=True)


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


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    with mounted_disk(tmp_path / "disk", "size=1m") as place:
        yield place


def test_a_directory_that_cannot_be_written(disk: Path) -> None:
    with Store(disk / "run") as store:
        store.save(attempt())
        store.set_fact("x", 1)
    remount(disk, "ro")
    for place in (disk / "run", disk / "new"):
        with pytest.raises(StoreError, match="Read-only file system") as caught:
            Store(place)
        assert "--out" in caught.value.remedy
    with Store(disk / "run", write=False) as store:
        assert (list(store.attempts()), store.fact("x")) == ([attempt()], 1)


def fill(store: Store) -> int:
    """Save until the disk is full; how many were saved."""
    for number in count():
        try:
            store.save(attempt(number, size=3000))
        except StoreError as error:
            if "free space" not in error.remedy:
                raise
            return number
    raise AssertionError


def test_a_full_disk_keeps_every_attempt_and_resumes(disk: Path) -> None:
    with Store(disk / "run") as store:
        saved = fill(store)
        assert saved > 10
        kept = list(store.attempts())
    # The attempt that did not fit may have been committed before its line failed.
    assert len(kept) in (saved, saved + 1)
    assert kept == [attempt(number, size=3000) for number in range(len(kept))]
    with Store(disk / "run", write=False) as store:
        assert list(store.attempts()) == kept
    remount(disk, "size=8m")
    with Store(disk / "run") as store:
        assert len(store.done()) == len(kept)
        store.save(attempt(len(kept), size=3000))
        store.finish()
    assert len(lines(disk / "run")) == len(kept) + 1
    assert not list((disk / "run").glob("*.new"))


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A directory where waiting for the disk costs nothing, as each attempt does wait for it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as place:
        yield Path(place)


def test_many_attempts_take_little_memory(in_memory: Path) -> None:
    with Store(in_memory) as store:
        for number in range(5000):
            store.save(attempt(number, size=1000))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(1 for _ in store.attempts()) == 5000
        assert len(store.done()) == 5000
        store.finish()
    with Store(in_memory) as store:
        assert store.done()[AttemptKey(task="s/t00999", model="m", repeat=0, attempt=4)] == "h"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (in_memory / "raw.jsonl").stat().st_size > 14_000_000
    assert grown < 12_000, "kilobytes: less than the attempts themselves"
