"""Judgments: one row a question to a judge, and apart from them who stood behind the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from harness.store.database import Database
from harness.types import JudgeMode, Judgment, Labelled, Purpose

ALL = "select {} from judgments order by task, repeat, judge, mode, part"
Status = Literal["accepted", "rejected", "failed"]


class JudgmentStatus(NamedTuple):
    """What became of one question, without its texts."""

    id: str
    purpose: Purpose
    mode: JudgeMode
    judge: str
    task: str
    repeat: int
    part: str
    status: Status
    reason: str
    """Code of what was rejected; empty otherwise."""
    repaired: int
    cost_usd: float | None
    rubric: str
    """`<file>@<hash>` of the prompt."""


class Judgments(Database):
    """The judgments of a run."""

    def save_judgment(self, judgment: Judgment, labelled: Sequence[Labelled]) -> None:
        """Keep a judgment and its labels, replacing one of the same id, in one transaction. Raises StoreError.

        One that was asked at another time goes to `replaced_judgments`: replies that were paid for are never lost.
        """
        reading = judgment.reading
        row = {
            "id": judgment.id,
            "purpose": judgment.purpose,
            "mode": judgment.mode,
            "judge": judgment.judge,
            "task": judgment.task,
            "repeat": judgment.repeat,
            "part": judgment.part,
            "status": status_of(judgment),
            "reason": reading.reason if reading else "",
            "repaired": int(reading.repaired) if reading else 0,
            "cost_usd": judgment.cost_usd,
            "seconds": judgment.seconds,
            "started": judgment.started,
            "data": judgment.model_dump_json(),
        }
        with self._transaction():
            self._execute(
                "insert or ignore into replaced_judgments (id, started, cost_usd, data)"
                " select id, started, cost_usd, data from judgments"
                " where id = ? and started <> ? and status <> 'failed'",
                judgment.id,
                judgment.started,
            )
            self._execute("delete from labels where judgment = ?", judgment.id)
            self._put("judgments", row)
            for item in labelled:
                self._put("labels", {"judgment": judgment.id, **item.model_dump()})

    def drop_judgments(self, identities: Iterable[str]) -> None:
        """Forget judgments and their labels: of people, who take back what they said. Raises StoreError."""
        with self._transaction():
            for identity in identities:
                self._execute("delete from labels where judgment = ?", identity)
                self._execute("delete from judgments where id = ?", identity)

    def judgments(self, *, bare: bool = False) -> Iterator[Judgment]:
        """All judgments, by task, repeat, judge, mode and part; one in memory at a time.

        `bare`: without what was asked and the raw reply, which are most of it and which no statistic needs.
        """
        data = "json_remove(data, '$.request', '$.reply')" if bare else "data"
        yield from self._kept_judgments(ALL.format(data + " as data"))

    def replaced_judgments(self) -> Iterator[Judgment]:
        """What was said before the same question was asked again, in the order of the questions and times."""
        yield from self._kept_judgments("select data from replaced_judgments order by id, started")

    def spent_on_replaced(self) -> dict[str, float]:
        """Judge -> dollars of its replies that were asked again since; judges without a known cost are left out."""
        if not self._has("replaced_judgments"):
            return {}
        query = (
            "select json_extract(data, '$.judge') as judge, sum(cost_usd) as usd from replaced_judgments"
            " where cost_usd is not null group by judge"
        )
        return {row["judge"]: float(row["usd"]) for row in self._rows(query)}

    def judgment(self, identity: str) -> Judgment | None:
        """One judgment, or None."""
        return next(self._kept_judgments("select data from judgments where id = ?", identity), None)

    def judgment_status(self) -> dict[str, JudgmentStatus]:
        """Id -> what became of that question."""
        if not self._has("judgments"):
            return {}
        columns = ", ".join(JudgmentStatus._fields).replace("rubric", "json_extract(data, '$.rubric') as rubric")
        rows = self._rows(ALL.format(columns))
        return {row["id"]: JudgmentStatus(**row) for row in rows}

    def labels(self) -> dict[str, tuple[Labelled, ...]]:
        """Id of a judgment -> who stood behind its labels, by label."""
        if not self._has("labels"):
            return {}
        rows = self._rows("select * from labels order by judgment, length(label), label")
        return {
            judgment: tuple(Labelled(**{key: row[key] for key in Labelled.model_fields}) for row in group)
            for judgment, group in groupby(rows, key=lambda row: row["judgment"])
        }

    def _kept_judgments(self, query: str, *values: str) -> Iterator[Judgment]:
        if self._has("judgments"):
            yield from self._read(Judgment, (row["data"] for row in self._rows(query, *values)))

    def spent_on_judges(self) -> float:
        """Dollars of every question to a judge with a known cost, those included that were asked again since."""
        if not self._has("judgments"):
            return 0.0
        query = (
            "select (select coalesce(sum(cost_usd), 0) from {}) + (select coalesce(sum(cost_usd), 0) from {}) as usd"
        )
        return float(next(self._rows(query.format("judgments", "replaced_judgments")))["usd"])


def status_of(judgment: Judgment) -> Status:
    """`accepted`, `rejected`, or `failed` where there is no reply to read."""
    if judgment.reading is None:
        return "failed"
    return "accepted" if judgment.reading.accepted else "rejected"
