"""The database of a run: the only SQL of the project."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self, TypeVar

import sqlite_utils
from pydantic import ValidationError

from harness.errors import StoreError
from harness.jsonl import Lines, disk_errors
from harness.rundir import RunPaths, only_one
from harness.types import Attempt, AttemptKey, Frozen, ModelCall, Selection

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
FACT = {"name": str, "value": str}
SELECTION = {"task": str, "model": str, "repeat": int, "attempt": int, "method": str, "reason": str}
CALL = {
    "session": str,
    "number": int,
    "task": str,
    "model": str,
    "repeat": int,
    "attempt": int,
    "status": int,
    "prompt_tokens": int,
    "completion_tokens": int,
    "cost_usd": float,
    "seconds": float,
    "started": str,
    "data": str,
}
"""Task, repeat and attempt are null for calls that no attempt made; model is the one that was asked."""
INSERT = "insert or replace into {} ({}) values ({})"
SUPERSEDED = "superseded_usd"
"""Fact: dollars of the attempts that were replaced because they had failed."""


Kept = TypeVar("Kept", bound=Frozen)


class Failures(NamedTuple):
    """Attempts of one model that count as not done."""

    model: str
    name: str
    """`provider_failure` or `infra_error`."""
    number: int
    why: str
    """What one of them says."""


class Store:
    """The attempts and model calls of one run. Written by one thread of one process, one transaction each."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        """Open a run directory, made if it is to be written. Raises StoreError."""
        self.paths = RunPaths(root)
        self._lock: IO[str] | None = None
        self._raw: Lines | None = None
        self._connection: sqlite3.Connection | None = None
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

    # attempts --------------------------------------------------------------------------------------------------------

    def save(self, attempt: Attempt) -> None:
        """Keep an attempt, replacing an earlier one of the same key. Raises StoreError."""
        line = attempt.model_dump_json()
        query = (
            "select cost_usd, started from attempts where task = ? and model = ? and repeat = ? and attempt = ?"
            # Calls of an agent stay in the table, and are counted there once no attempt names their session.
            " and coalesce(json_extract(data, '$.agent.session'), '') not in (select session from calls)"
        )
        before = self._rows(query, *(getattr(attempt, name) for name in KEY))
        # An attempt that is graded again was paid for once.
        lost = sum(row["cost_usd"] or 0.0 for row in before if row["started"] != attempt.started)
        if lost:
            lost += self.fact(SUPERSEDED) or 0.0
        with self._transaction():
            self._put("attempts", self._row(attempt, line))
            if lost:
                self._put("facts", {"name": SUPERSEDED, "value": json.dumps(lost)})
        if self._raw is not None:
            with disk_errors(self.paths.root):
                self._raw.append(line)

    def _row(self, attempt: Attempt, line: str) -> dict[str, Any]:
        usage = attempt.reply.usage if attempt.reply else None
        return {
            **attempt.key.model_dump(),
            "suite": attempt.suite,
            "category": attempt.category,
            "kind": attempt.kind,
            "outcome": attempt.outcome.value if attempt.verdict else None,
            "score": attempt.verdict.score if attempt.verdict else None,
            "visible_score": attempt.verdict.visible_score if attempt.verdict else None,
            "candidate": attempt.candidate_hash,
            "signature": attempt.signature,
            "prompt_tokens": _storable(usage.prompt_tokens) if usage else None,
            "completion_tokens": _storable(usage.completion_tokens) if usage else None,
            "cost_usd": attempt.cost_usd,
            "seconds": attempt.seconds,
            "started": attempt.started,
            "failed": int(attempt.verdict is None or attempt.outcome == "infra_error"),
            "data": line,
        }

    def done(self) -> dict[AttemptKey, str]:
        """Keys of the attempts that need not be made again, with the hash of the task they were made on."""
        query = (
            "select task, model, repeat, attempt, json_extract(data, '$.task_hash') as hash from attempts"
            " where not failed"
        )
        return {AttemptKey(**{name: row[name] for name in KEY}): row["hash"] for row in self._rows(query)}

    def attempts(self) -> Iterator[Attempt]:
        """All attempts, by task, model, repeat, attempt; one in memory at a time."""
        return self._read(Attempt, self._lines())

    def _read(self, kind: type[Kept], lines: Iterable[str]) -> Iterator[Kept]:
        for line in lines:
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                found = error.errors(include_url=False, include_input=False)[0]
                name = "an attempt" if kind is Attempt else "a model call"
                raise StoreError(
                    f"{self.paths.store}: {name} cannot be read: {found['loc']}: {found['msg']}: {line[:120]}",
                    remedy="the store is damaged or another version's: restore it, or choose another --name",
                ) from None

    def ungraded(self) -> dict[AttemptKey, Attempt]:
        """Attempts that hold an answer which the sandbox failed to grade."""
        failed = self._read(Attempt, self._lines(failed_only=True))
        return {item.key: item for item in failed if item.reply is not None}

    def forget_failures(self, model: str, tasks: Iterable[str]) -> None:
        """Drop the failed attempts of a model at tasks that it is no longer given. Raises StoreError."""
        with self._transaction():
            for task in tasks:
                self._execute("delete from attempts where failed and model = ? and task = ?", model, task)

    def failures(self) -> list[Failures]:
        """Attempts that have no verdict a rate can use, by model and `provider_failure` or `infra_error`."""
        query = (
            "select model, coalesce(outcome, 'provider_failure') as name, count(*) as number,"
            " max(coalesce(nullif(json_extract(data, '$.error'), ''), json_extract(data, '$.verdict.detail'))) as why"
            " from attempts where failed group by 1, 2 order by 1, 2"
        )
        return [Failures(**row) for row in self._rows(query)]

    def spent(self) -> float:
        """Dollars of every attempt with a known cost, those included that failed and were replaced.

        And of every model call that no attempt accounts for: of a person's tools, of attempts that did not end.
        """
        total = next(self._rows("select coalesce(sum(cost_usd), 0) as usd from attempts"))["usd"]
        return float(total) + float(self.fact(SUPERSEDED) or 0.0) + self._spent_on_calls()

    def _spent_on_calls(self) -> float:
        if not self._has_calls():
            return 0.0
        query = (
            "select coalesce(sum(cost_usd), 0) as usd from calls where session not in"
            # An attempt's cost is unknown as soon as that of one of its calls is: the others count all the same.
            " (select coalesce(json_extract(data, '$.agent.session'), '') from attempts where cost_usd is not null)"
        )
        return float(next(self._rows(query))["usd"])

    # model calls -----------------------------------------------------------------------------------------------------

    def save_call(self, call: ModelCall) -> None:
        """Keep a request that came through the gateway, replacing one of the same session and number. Raises
        StoreError."""
        usage = call.reply.usage if call.reply else None
        attempt = call.attempt
        row = {
            "session": call.session,
            "number": call.number,
            "task": attempt.task if attempt else None,
            "model": call.model,
            "repeat": attempt.repeat if attempt else None,
            "attempt": attempt.attempt if attempt else None,
            "status": call.status,
            "prompt_tokens": _storable(usage.prompt_tokens) if usage else None,
            "completion_tokens": _storable(usage.completion_tokens) if usage else None,
            "cost_usd": call.cost_usd,
            "seconds": call.seconds,
            "started": call.started,
            "data": call.model_dump_json(),
        }
        with self._transaction():
            self._put("calls", row)

    def calls(self, session: str | None = None) -> Iterator[ModelCall]:
        """All calls, or those of one session, by session and number; one in memory at a time."""
        if not self._has_calls():
            return
        query = "select data from calls where ? is null or session = ? order by session, number"
        yield from self._read(ModelCall, (row["data"] for row in self._rows(query, session, session)))

    def _has_calls(self) -> bool:
        """Stores that were made before there was a gateway have no table for them."""
        with disk_errors(self.paths.root):
            return "calls" in self._db.table_names()

    # selections ------------------------------------------------------------------------------------------------------

    def replace_selections(self, selections: Iterable[Selection]) -> None:
        """Keep these selections and no others, in one transaction. Raises StoreError."""
        rows = [item.model_dump() for item in selections]
        with self._transaction():
            self._execute("delete from selections")
            for row in rows:
                self._put("selections", row)

    def selections(self) -> list[Selection]:
        """What best-of-N picked, by task, model, repeat."""
        return [
            Selection.model_validate(row) for row in self._rows("select * from selections order by task, model, repeat")
        ]

    def finish(self) -> None:
        """Make raw.jsonl exactly the attempts of the store, in order: resumed failures had left two lines."""
        assert self._raw is not None
        with disk_errors(self.paths.root):
            self._raw.rewrite()

    # inside ----------------------------------------------------------------------------------------------------------

    def _rows(self, query: str, *values: Any) -> Iterator[dict[str, Any]]:
        with disk_errors(self.paths.root):
            yield from self._db.query(query, values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        assert self._connection is not None
        with disk_errors(self.paths.root), self._connection:
            yield

    def _put(self, table: str, row: dict[str, Any]) -> None:
        # Not sqlite-utils' upsert, which commits: several of these are one transaction.
        self._execute(INSERT.format(table, ", ".join(row), ", ".join("?" * len(row))), *row.values())

    def _execute(self, statement: str, *values: Any) -> None:
        assert self._connection is not None
        self._connection.execute(statement, values)

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
            remedy="use the version that made it, or choose another --name",
        )

    def _tables(self) -> None:
        shapes = (
            ("facts", FACT, "name"),
            ("attempts", COLUMNS, KEY),
            ("selections", SELECTION, KEY[:3]),
            ("calls", CALL, ("session", "number")),
        )
        for name, columns, key in shapes:
            self._db.create_table(name, columns, pk=key, if_not_exists=True)
        self.set_fact("schema", SCHEMA)


def _storable(count: int | None) -> int | None:
    """A count as a column takes it; what servers report can be any number, and stands in `data` as it came."""
    return count if count is not None and abs(count) < 2**63 else None


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
