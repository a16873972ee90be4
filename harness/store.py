"""The run directory and its database: the only SQL of the project."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import sqlite_utils

from harness.errors import StoreError
from harness.types import Attempt, AttemptKey, Selection

SCHEMA = 1
COLUMNS = {
    "task": str,
    "model": str,
    "repeat": int,
    "attempt": int,
    "suite": str,
    "category": str,
    "kind": str,
    "outcome": str,
    "score": float,
    "visible_score": float,
    "candidate": str,
    "signature": str,
    "prompt_tokens": int,
    "completion_tokens": int,
    "cost_usd": float,
    "seconds": float,
    "started": str,
    "failed": int,
    "data": str,
}
KEY = ("task", "model", "repeat", "attempt")


class RunPaths:
    """One run's directory.

    <out>/<run>/
      manifest.json    versions, machine, engine, image, models, content hashes
      store.db         every attempt and selection (SQLite, WAL)
      raw.jsonl        the attempts again, one JSON object a line
      report.html  report.md  scores.csv  scores.json
      lock             held while a harness works here
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = root / "manifest.json"
        self.store = root / "store.db"
        self.raw = root / "raw.jsonl"
        self.report = root / "report.html"
        self.lock = root / "lock"


class Store:
    """The attempts of one run. Written by one thread of one process, one transaction an attempt."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        """Open a run directory, made if it is to be written. Raises StoreError."""
        self.paths = RunPaths(root)
        self._lock: IO[str] | None = None
        self._raw: IO[str] | None = None
        if not write and not self.paths.store.is_file():
            raise StoreError(f"no run in {root}: there is no store.db", remedy="give the directory that `harness run` printed")
        with _disk(root):
            if write:
                root.mkdir(parents=True, exist_ok=True)
                self._lock = self._alone()
            # One driver thread writes, but tests and services may close from another.
            self._connection = sqlite3.connect(self.paths.store, check_same_thread=False, timeout=30)
            self._db = sqlite_utils.Database(self._connection)
            if write:
                self._db.enable_wal()
                self._tables()
                self._mend_raw()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give files and lock back."""
        with contextlib.suppress(OSError):
            if self._raw is not None:
                self._raw.close()
        self._connection.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # facts about the run ---------------------------------------------------------------------------------------------

    def fact(self, name: str) -> Any:
        """A stored fact (configuration, manifest, ...), or None."""
        rows = list(self._db.query("select value from facts where name = ?", [name])) if "facts" in self._db.table_names() else []
        return json.loads(rows[0]["value"]) if rows else None

    def set_fact(self, name: str, value: Any) -> None:
        """Keep a JSON-able fact. Raises StoreError."""
        with _disk(self.paths.root), self._connection:
            self._table("facts").upsert({"name": name, "value": json.dumps(value)}, pk="name")

    # attempts --------------------------------------------------------------------------------------------------------

    def save(self, attempt: Attempt) -> None:
        """Keep an attempt, replacing an earlier failed one of the same key. Raises StoreError."""
        line = attempt.model_dump_json()
        usage = attempt.reply.usage if attempt.reply else None
        row = {
            **attempt.key.model_dump(),
            "suite": attempt.suite,
            "category": attempt.category,
            "kind": attempt.kind,
            "outcome": attempt.outcome.value if attempt.verdict else None,
            "score": attempt.verdict.score if attempt.verdict else None,
            "visible_score": attempt.verdict.visible_score if attempt.verdict else None,
            "candidate": attempt.candidate_hash,
            "signature": attempt.signature,
            "prompt_tokens": usage.prompt_tokens if usage else None,
            "completion_tokens": usage.completion_tokens if usage else None,
            "cost_usd": attempt.cost_usd,
            "seconds": attempt.seconds,
            "started": attempt.started,
            "failed": int(attempt.verdict is None or attempt.outcome == "infra_error"),
            "data": line,
        }
        with _disk(self.paths.root):
            with self._connection:
                self._table("attempts").upsert(row, pk=KEY)
            if self._raw is not None:
                self._raw.write(line + "\n")
                self._raw.flush()

    def done(self) -> dict[AttemptKey, str]:
        """Keys of the attempts that need not be made again, with the hash of the task they were made on."""
        query = "select task, model, repeat, attempt, json_extract(data, '$.task_hash') as hash from attempts where not failed"
        return {AttemptKey(**{name: row[name] for name in KEY}): row["hash"] for row in self._db.query(query)}

    def attempts(self) -> Iterator[Attempt]:
        """All attempts, by task, model, repeat, attempt; one in memory at a time."""
        for row in self._db.query("select data from attempts order by task, model, repeat, attempt"):
            yield Attempt.model_validate_json(row["data"])

    def counts(self) -> dict[str, int]:
        """Attempts by outcome; `provider_failure` for those without a verdict."""
        query = "select coalesce(outcome, 'provider_failure') as name, count(*) as n from attempts group by 1"
        return {row["name"]: row["n"] for row in self._db.query(query)}

    def spent(self) -> float:
        """Dollars of all attempts with a known cost."""
        return float(next(self._db.query("select coalesce(sum(cost_usd), 0) as usd from attempts"))["usd"])

    # selections ------------------------------------------------------------------------------------------------------

    def replace_selections(self, selections: Iterable[Selection]) -> None:
        """Keep these selections and no others, in one transaction. Raises StoreError."""
        with _disk(self.paths.root), self._connection:
            self._table("selections").delete_where()
            self._table("selections").insert_all((item.model_dump() for item in selections), pk=KEY[:3])

    def selections(self) -> list[Selection]:
        return [Selection.model_validate(row) for row in self._db.query("select * from selections order by task, model, repeat")]

    def finish(self) -> None:
        """Make raw.jsonl exactly the attempts of the store, in order: resumed failures had left two lines."""
        self._mend_raw(always=True)

    # inside ----------------------------------------------------------------------------------------------------------

    def _table(self, name: str) -> sqlite_utils.db.Table:
        return cast(sqlite_utils.db.Table, self._db[name])

    def _tables(self) -> None:
        self._table("facts").create({"name": str, "value": str}, pk="name", if_not_exists=True)
        self._table("attempts").create(COLUMNS, pk=KEY, if_not_exists=True)
        shape = {"task": str, "model": str, "repeat": int, "attempt": int, "method": str, "reason": str}
        self._table("selections").create(shape, pk=KEY[:3], if_not_exists=True)
        known = self.fact("schema")
        if known not in (None, SCHEMA):
            raise StoreError(
                f"{self.paths.store} has layout {known}, this harness writes {SCHEMA}", remedy="use the version that made it"
            )
        self.set_fact("schema", SCHEMA)

    def _alone(self) -> IO[str]:
        lock = self.paths.lock.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise StoreError(
                f"another harness (pid {owner or 'unknown'}) works in {self.paths.root}", remedy="wait for it, or choose another --name"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _mend_raw(self, *, always: bool = False) -> None:
        """The database is the truth: after a kill between its commit and the line, the lines are written anew."""
        if self._raw is not None:
            self._raw.close()
        count = next(self._db.query("select count(*) as n from attempts"))["n"]
        if always or not self._raw_is_whole(count):
            with _disk(self.paths.root):
                draft = self.paths.raw.with_suffix(".jsonl.new")
                with draft.open("w", encoding="utf-8") as file:
                    for row in self._db.query("select data from attempts order by task, model, repeat, attempt"):
                        file.write(row["data"] + "\n")
                draft.replace(self.paths.raw)
        self._raw = self.paths.raw.open("a", encoding="utf-8")

    def _raw_is_whole(self, count: int) -> bool:
        if not self.paths.raw.is_file():
            return False
        with self.paths.raw.open("rb") as file:
            lines = 0
            line = b"\n"
            for line in file:
                lines += 1
        return lines == count and line.endswith(b"\n")


@contextlib.contextmanager
def _disk(root: Path) -> Iterator[None]:
    """What the disk and SQLite refuse, as StoreError with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        full = "full" in str(error)
        raise StoreError(
            f"{root}: the store cannot be written or read: {error}",
            remedy="free space on that disk; the same command then resumes" if full else "every finished attempt is kept; choose another --out if this disk is bad",
        ) from error
    except OSError as error:
        raise StoreError(
            f"{root}: {error.strerror or error}",
            remedy="free space on that disk; the same command then resumes" if error.errno == 28 else "choose another directory with --out",
        ) from error
