"""A run's store as reports and statistics take it: attempts with the judges' verdicts, judgments, calls."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config import ModelProfile
from harness.judges import JUDGES, unasked
from harness.judging.impartial import families
from harness.judging.results import ELSEWHERE, marked
from harness.judging.verdicts import Bench
from harness.store import Store
from harness.types import Attempt, Judgment, ModelCall

if TYPE_CHECKING:
    from harness.stats.inputs import ReportInput


def load_report_input(directory: Path, *, without: Collection[str] = ()) -> ReportInput:
    """What a report of a run directory is made of; the attempts are read from the store each time they are walked.

    `without`: judges, as if they had never been asked. Raises StoreError when there is no run.
    """
    with Store(directory, write=False) as store:
        return report_input(directory.resolve().name, store, without=without)


def report_input(name: str, store: Store, *, without: Collection[str] = ()) -> ReportInput:
    """The same of an open store."""
    from harness.stats.inputs import ReportInput, TaskInfo

    tasks = {item["id"]: TaskInfo.model_validate(item) for item in store.fact("tasks") or []}
    labels = store.labels()
    said = marked((item for item in store.judgments(bare=True) if item.judge not in without), labels)
    there = store.judgment_status()
    status = [item for item in there.values() if item.judge not in without]
    asked = [item for item in status if not item.judge.startswith(ELSEWHERE)]
    return ReportInput(
        name=name,
        attempts=_Attempts(store.paths.root, Bench(said, asked) if status else None),
        judgments=_Judgments(store.paths.root, without) if status else (),
        marked=said,
        labels=labels,
        unasked={key: number for key, number in unasked(store, there).items() if key[2] not in without},
        families=_families(store),
        selections=store.selections(),
        config=store.fact("config") or {},
        manifest=store.fact("manifest") or {},
        notes=store.fact("notes") or {},
        tasks=tasks,
        calls=_Calls(store.paths.root),
        planned=store.fact("planned"),
        not_asked=store.fact("not_asked") or {},
    )


def _families(store: Store) -> dict[str, str]:
    """Model or judge -> family, where its entry names one or another entry is the same model."""
    known = {**(store.fact("models") or {}), **(store.fact(JUDGES) or {})}
    return families({name: ModelProfile.model_validate(profile) for name, profile in known.items()})


class _Attempts:
    """The attempts of a run directory with what judges made of them, as often as they are walked.

    Nothing stays open in between.
    """

    def __init__(self, directory: Path, bench: Bench | None = None) -> None:
        self._directory = directory
        self._bench = bench

    def __iter__(self) -> Iterator[Attempt]:
        with Store(self._directory, write=False) as store:
            yield from self._bench.applied(store.attempts()) if self._bench else store.attempts()


class _Judgments:
    """The judgments of a run directory but those of some judges, as often as they are walked."""

    def __init__(self, directory: Path, without: Collection[str] = ()) -> None:
        self._directory = directory
        self._without = without

    def __iter__(self) -> Iterator[Judgment]:
        with Store(self._directory, write=False) as store:
            yield from (item for item in store.judgments() if item.judge not in self._without)


class _Calls:
    """The calls of a session, read when they are asked for, without what was asked: that grows with every call."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, session: str) -> list[ModelCall]:
        with Store(self._directory, write=False) as store:
            return [call.model_copy(update={"request": None}) for call in store.calls(session)]
