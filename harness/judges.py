"""Judges and a run's store: which questions are open, and their answers into the store as they come."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from harness.config import ModelProfile
from harness.errors import UsageError
from harness.judging import prompt
from harness.judging.impartial import conflicts
from harness.judging.names import Names
from harness.judging.panel import Asking, Item, Panel, asking, asking_again
from harness.judging.prompt import Template
from harness.judging.questions import Group, attempts_to_pick_from, comparisons, question
from harness.judging.results import reparsed
from harness.store import JudgmentStatus, Store
from harness.tasks import chosen
from harness.types import Attempt, JudgeMode, Judgment, Purpose, Task
from harness.words import plural

RUBRICS = "rubrics"
"""Fact: name of a prompt -> its text."""
RUBRIC_OF = "rubric_of"
"""Fact: mode, or `select` -> name of the prompt that this run's judges are asked with."""
JUDGES = "judges"
"""Fact: judge -> its profile when it was asked last."""
OPEN = "open_questions"
"""Fact: mode, or `select` -> judge -> ids of the questions that were open when it was last to be asked. Those without a
judgment were never asked: so it is known even of a judging that was killed."""
CONFLICTS = "conflicts"
"""Fact: judge -> contestant -> why the judge is not impartial."""

Log = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What judges are to do with a run."""

    judges: Mapping[str, ModelProfile]
    mode: JudgeMode | None = None
    """None: listwise; with `only_errors` whatever was asked."""
    only_errors: bool = False
    """Ask again what was rejected or failed, the same way, and nothing else."""
    template: Template | None = None
    """None: the prompt that the run was judged with before, else the one that ships."""
    seed: int = 0
    globs: tuple[str, ...] = ()
    """Of task names or ids; empty takes all."""
    concurrency: int = 0
    allowance: Callable[[Store], float | None] = field(default=lambda store: None)
    """Dollars left to be spent; None is no limit."""
    known: tuple[ModelProfile, ...] = ()
    """Every model there is a name of, to be kept from the judges."""


@dataclass
class Counts:
    """What became of one judge's questions."""

    accepted: int = 0
    repaired: int = 0
    """Of the accepted: those that were no JSON as they stood."""
    rejected: int = 0
    failed: int = 0
    """The judge's server failed: no reply."""
    not_asked: int = 0
    """Left over when the judge was given up, the budget spent, or the judging ended."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Code -> rejected."""
    cost_usd: float | None = None
    """Of all its replies, those included that were asked again since."""

    def add(self, status: JudgmentStatus) -> None:
        setattr(self, status.status, getattr(self, status.status) + 1)
        self.repaired += status.repaired if status.status == "accepted" else 0
        if status.status == "rejected":
            self.reasons[status.reason] += 1
        if status.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + status.cost_usd


def counted(store: Store) -> dict[str, Counts]:
    """Judge -> what became of its questions, all modes and purposes together."""
    found: dict[str, Counts] = {}
    there = store.judgment_status()
    for status in there.values():
        found.setdefault(status.judge, Counts()).add(status)
    for (_, _, judge), number in unasked(store, there).items():
        found.setdefault(judge, Counts()).not_asked += number
    for judge, dollars in store.spent_on_replaced().items():
        counts = found.setdefault(judge, Counts())
        counts.cost_usd = (counts.cost_usd or 0.0) + dollars
    return dict(sorted(found.items()))


def unasked(store: Store, there: Container[str]) -> dict[tuple[Purpose, JudgeMode, str], int]:
    """(purpose, mode, judge) -> questions it was never asked, where there are any. `there`: ids of all judgments."""
    found: dict[tuple[Purpose, JudgeMode, str], int] = {}
    for key, judges in (store.fact(OPEN) or {}).items():
        purpose: Purpose = "select" if key == "select" else "compare"
        mode: JudgeMode = "listwise" if key == "select" else key
        for judge, ids in judges.items():
            if number := sum(ident not in there for ident in ids):
                found[purpose, mode, judge] = number
    return found


class Docket:
    """The open questions of a run, in an order that is the same each time."""

    def __init__(self, store: Store, tasks: Sequence[Task], order: Order, purpose: Purpose) -> None:
        """`tasks`: those of the run; attempts at others are left alone. Raises UsageError for a glob in vain."""
        known = {task.id: task for task in tasks}
        self._tasks = {ident: known[ident] for ident in chosen(list(known), order.globs)}
        self._store, self._order, self.purpose = store, order, purpose
        self._status = store.judgment_status()
        self._labels = store.labels()
        self._picked = {(item.task, item.model, item.repeat): item.attempt for item in store.selections()}
        self._names = Names([*order.known, *order.judges.values()])
        self.template = template_of(store, order.mode or "listwise", purpose, order.template)

    def items(self, judge: str) -> Iterator[Item]:
        """Open questions of one judge, each to be made when it is its turn."""
        profile = self._order.judges[judge]
        if self._order.only_errors:
            for status in self._failures(judge):
                judgment = self._store.judgment(status.id)
                if judgment is not None and judgment.request:
                    yield partial(asking_again, judgment, self._labels.get(status.id, ()), profile)
            return
        for group in self._groups():
            if not self._settled(group, judge):
                yield partial(self._asking, group, judge, profile)

    def open(self) -> dict[str, list[str]]:
        """Judge -> ids of its open questions."""
        if self._order.only_errors:
            return {judge: [status.id for status in self._failures(judge)] for judge in self._order.judges}
        found: dict[str, list[str]] = {judge: [] for judge in self._order.judges}
        for group in self._groups():
            for judge, ids in found.items():
                if not self._settled(group, judge):
                    ids.append(group.id(judge))
        return found

    def _asking(self, group: Group, judge: str, profile: ModelProfile) -> Asking:
        made = question(group, judge, self._order.seed, self._names, lambda number: prompt.room(profile, number)[1])
        return asking(made, self.template, profile)

    def _failures(self, judge: str) -> Iterator[JudgmentStatus]:
        for status in self._status.values():
            meant = status.purpose == self.purpose and self._order.mode in (None, status.mode)
            if status.judge == judge and meant and status.status != "accepted" and status.task in self._tasks:
                yield status

    def _groups(self) -> Iterator[Group]:
        # A connection of its own: this one is read while the other writes.
        with Store(self._store.paths.root, write=False) as store:
            for ident, attempts in itertools.groupby(store.attempts(), key=lambda item: item.task):
                task = self._tasks.get(ident)
                if task is not None:
                    yield from self._groups_of(task, list(attempts))

    def _groups_of(self, task: Task, attempts: list[Attempt]) -> Iterator[Group]:
        if self.purpose == "select":
            return attempts_to_pick_from(task, attempts)
        return comparisons(task, attempts, self._picked, self._order.mode or "listwise")

    def _settled(self, group: Group, judge: str) -> bool:
        """Whether this very question was answered, readably or not: by other candidates, or to a prompt that the user
        has replaced since, it was not."""
        status = self._status.get(group.id(judge))
        if status is None or status.status == "failed":
            return False
        if self._order.template is not None and self.purpose == "compare" and status.rubric != self.template.name:
            return False
        return group.same_as(self._labels.get(status.id, ()))


def ask(docket: Docket, store: Store, order: Order, log: Log, heard: Callable[[Judgment], None]) -> list[str]:
    """Ask the open questions; why some are left over. Every answer is in the store before `heard` is told of it.

    KeyboardInterrupt leaves a store in which nothing that was answered is asked again.
    """
    allowance = order.allowance(store)
    panel = Panel(order.judges, concurrency=order.concurrency, allowance_usd=allowance, log=log)
    left_out = 0
    failures: dict[str, list[str]] = {}
    with contextlib.closing(panel):
        for answered in panel.ask({judge: docket.items(judge) for judge in order.judges}):
            if answered is None:
                left_out += 1
                continue
            judgment, labelled = answered
            store.save_judgment(judgment, labelled)
            if judgment.error:
                failures.setdefault(judgment.judge, []).append(judgment.error)
            heard(judgment)
    reasons = [f"judge {name}: {why}" for name, why in panel.given_up.items()]
    for name, errors in failures.items():
        if name not in panel.given_up:
            reasons.append(
                f"judge {name}: {plural(len(errors), 'question')} ended as provider failure, the same command "
                f"asks again: {errors[-1].partition(chr(10))[0]}"
            )
    if left_out:
        spent = order.allowance(store)
        why = "the budget is spent; " if spent is not None and spent <= 0 else ""
        asked = plural(left_out, "question to a judge was", "questions to judges were")
        reasons.append(f"{why}{asked} not asked; the same command asks what is left")
    return reasons


def write_down_open(docket: Docket, store: Store, order: Order, opened: Mapping[str, list[str]]) -> None:
    """Write down what is to be asked, before it is."""
    kept, key = store.fact(OPEN) or {}, _key(order.mode or "listwise", docket.purpose)
    before = kept.get(key, {})
    if order.globs:  # what is open at other tasks stays so
        opened = {judge: list(dict.fromkeys((*before.get(judge, ()), *ids))) for judge, ids in opened.items()}
    now = {judge: ids for judge, ids in {**before, **opened}.items() if ids}
    if now != before:
        store.set_fact(OPEN, {**kept, key: now})


def write_down(docket: Docket, store: Store, order: Order, models: Mapping[str, ModelProfile], log: Log) -> None:
    """Write down who judges by which prompt, and tell of judges that judge their own."""
    found = conflicts(order.judges, models)
    for judge, whom in found.items() if docket.purpose == "compare" else ():
        told = "; ".join(f"{why}: {model}" if model != judge else why for model, why in whom.items())
        log(f"judge {judge} {told}. It is marked, and results are also given without it")
    store.set_fact(JUDGES, {**(store.fact(JUDGES) or {}), **_profiles(order.judges)})
    store.set_fact(CONFLICTS, {**(store.fact(CONFLICTS) or {}), **found})
    if not order.only_errors:
        template = docket.template
        key = _key(order.mode or "listwise", docket.purpose)
        store.set_fact(RUBRICS, {**(store.fact(RUBRICS) or {}), template.name: template.text})
        store.set_fact(RUBRIC_OF, {**(store.fact(RUBRIC_OF) or {}), key: template.name})


def template_of(store: Store, mode: JudgeMode, purpose: Purpose, given: Template | None) -> Template:
    """The prompt to ask with: the one that was given, else the run's own, so that all its judges are asked the same
    way, else the one that ships."""
    if given is not None and purpose == "compare":
        return given
    name = (store.fact(RUBRIC_OF) or {}).get(_key(mode, purpose), "")
    text = (store.fact(RUBRICS) or {}).get(name)
    return prompt.shipped(mode, purpose) if text is None else Template(name.rpartition("@")[0], text)


def reparse(store: Store, judges: Sequence[str] = ()) -> tuple[int, int]:
    """Read every stored reply again, of these judges or of all; (replies read, readings that changed). Rows whose
    reading stays the same are not written. Raises UsageError for a judge that was never asked here."""
    labels = store.labels()
    every = list(store.judgment_status().values())
    there = {item.judge for item in every}
    if unknown := [name for name in judges if name not in there]:
        raise UsageError(
            f"no reply of {', '.join(unknown)} in this run",
            remedy=f"judges there: {', '.join(sorted(there)) or 'none'}",
        )
    status = [item for item in every if not judges or item.judge in judges]
    changed = 0
    for item in status:
        judgment = store.judgment(item.id)
        again = reparsed(judgment) if judgment else None
        if again is not None:
            store.save_judgment(again, labels.get(item.id, ()))
            changed += 1
    return len(status), changed


def judges_before(store: Store) -> list[str]:
    """Names of the catalogue's models that have judged this run, or were to. Raises UsageError when there is none."""
    found = list(store.fact(JUDGES) or {}) or list((store.fact("config") or {}).get("judges", ()))
    if not found:
        raise UsageError("no judge was given", remedy="--judge NAME, a model of the catalogue")
    return found


def _key(mode: JudgeMode, purpose: Purpose) -> str:
    return "select" if purpose == "select" else mode


def _profiles(judges: Mapping[str, ModelProfile]) -> dict[str, object]:
    return {name: profile.model_dump(mode="json") for name, profile in judges.items()}
