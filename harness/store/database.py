"""The connection to a run's database: opening, transactions, rows, facts."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import sqlite_utils
from pydantic import ValidationError

from harness.errors import StoreError
from harness.jsonl import Lines, disk_errors
from harness.rundir import RunPaths, only_one
from harness.store.tables import JUDGMENTS_BY, SCHEMA, TABLES
from harness.types import Attempt, Frozen, Judgment, ModelCall

INSERT = "insert or replace into {} ({}) values ({})"
NOUNS = {Attempt: "an attempt", ModelCall: "a model call", Judgment: "a judgment"}

Kept = TypeVar("Kept", bound=Frozen)


class Database:
    """One run's database. Written by one thread of one process, one transaction each."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        """Open a run directory, made if it is to be written. Raises StoreError."""
        self.paths = RunPaths(root)
        self._lock: IO[str] | None = None
        self._raw: Lines | None = None
        self._connection: sqlite3.Connection | None = None
        self._together = False
        if not write and not self.paths.store.is_file():
            raise StoreError(
                f"no run in {root}: there is no store.db", remedy="give the directory that `harness run` printed"
            )
        try:
            with disk_errors(root):
                self._open(write)
        except BaseException:
            self.close()
            raise

    def _open(self, write: bool) -> None:
        if not write:
            self._connection = _read_only(self.paths.store)
            self._db = sqlite_utils.Database(self._connection)
            self._check_layout()
            return
        self.paths.root.mkdir(parents=True, exist_ok=True)
        self._lock = only_one(self.paths)
        # One driver thread writes, but tests and services may close from another.
        self._connection = sqlite3.connect(self.paths.store, check_same_thread=False, timeout=30)
        self._db = sqlite_utils.Database(self._connection)
        self._check_layout()
        self._db.enable_wal()
        self._tables()
        self._raw = Lines(self.paths.raw, self._lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give files and lock back."""
        if self._raw is not None:
            self._raw.close()
        if self._connection is not None:
            self._connection.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # facts about the run ---------------------------------------------------------------------------------------------

    def fact(self, name: str) -> Any:
        """A stored fact (configuration, manifest, ...), or None."""
        rows = list(self._rows("select value from facts where name = ?", name))
        return json.loads(rows[0]["value"]) if rows else None

    def set_fact(self, name: str, value: Any) -> None:
        """Keep a JSON-able fact. Raises StoreError."""
        with self._transaction():
            self._put("facts", {"name": name, "value": json.dumps(value)})

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Whatever is kept inside is one transaction: all of it or nothing, and much faster for many rows."""
        with self._transaction():
            self._together = True
            try:
                yield
            finally:
                self._together = False

    # inside ----------------------------------------------------------------------------------------------------------

    def _rows(self, query: str, *values: Any) -> Iterator[dict[str, Any]]:
        with disk_errors(self.paths.root):
            yield from self._db.query(query, values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        assert self._connection is not None
        if self._together:
            yield
            return
        with disk_errors(self.paths.root), self._connection:
            yield

    def _put(self, table: str, row: dict[str, Any]) -> None:
        # Not sqlite-utils' upsert, which commits: several of these are one transaction.
        self._execute(INSERT.format(table, ", ".join(row), ", ".join("?" * len(row))), *row.values())

    def _execute(self, statement: str, *values: Any) -> None:
        assert self._connection is not None
        self._connection.execute(statement, values)

    def _read(self, kind: type[Kept], lines: Iterable[str]) -> Iterator[Kept]:
        for line in lines:
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                found = error.errors(include_url=False, include_input=False)[0]
                raise StoreError(
                    f"{self.paths.store}: {NOUNS[kind]} cannot be read: {found['loc']}: {found['msg']}: {line[:120]}",
                    remedy="the store is damaged or another version's: restore it, or make the run anew",
                ) from None

    def _has(self, table: str) -> bool:
        """Stores that were made before there were agents or judges have no table for them."""
        with disk_errors(self.paths.root):
            return table in self._db.table_names()

    def _lines(self, *, failed_only: bool = False) -> Iterator[str]:
        query = "select data from attempts where failed >= ? order by task, model, repeat, attempt"
        return (row["data"] for row in self._rows(query, int(failed_only)))

    def _check_layout(self) -> None:
        """Refuse what another version wrote before anything in it is touched."""
        tables = set(self._db.table_names())
        known = self.fact("schema") if "facts" in tables else None
        # A kill between the making of the tables and the fact leaves them empty.
        if known == SCHEMA or (known is None and not any(self._db[name].count for name in tables)):
            return
        raise StoreError(
            f"{self.paths.store} has layout {known or 'unknown'}, this harness writes {SCHEMA}",
            remedy="use the version that made it, or make the run anew under another name",
        )

    def _tables(self) -> None:
        for name, columns, key in TABLES:
            self._db.create_table(name, columns, pk=key, if_not_exists=True)
        # Judgments are read in this order; sorting them would copy every reply.
        self._execute(f"create index if not exists judgments_by on judgments ({', '.join(JUDGMENTS_BY)})")
        self.set_fact("schema", SCHEMA)


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, also where nothing can be changed: a disk that is mounted read-only."""
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, check_same_thread=False, timeout=30)
    try:
        connection.execute("select 1 from sqlite_master").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        # Without a log beside it the file is complete, and no lock can or need be made.
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True, check_same_thread=False)
    return connection
