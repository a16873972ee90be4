"""One run as a table: what a comparison needs of each attempt, collected in one walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.stats.compare.marks import (
    Voice,
    lacking_pairs,
    loose_ranks,
    mean,
    paired_orders,
    pooled_shares,
    share_of_scale,
    unread_questions,
    widest,
)
from harness.stats.inputs import ReportInput
from harness.stats.pathologies import Sampled, flags
from harness.types import JUDGE_CASE, Attempt, JudgeMode, Judgment, Labelled, Marked, Outcome

Metric = Literal["pass", "score", "points", "wins", "judge"]
METRICS: dict[Metric, str] = {
    "pass": "share of attempts that passed every case",
    "score": "share of the points",
    "points": "points, summed over tasks",
    "wins": "tasks won: best mean rank by the judges where there are marks, otherwise greatest score",
    "judge": "judges' marks as a share of the scale",
}
"""What models are compared by -> what it is."""

Ties = Literal["share", "none"]
"""share: a task won by k models is a k-th of a win for each; none: it is nobody's."""

KEPT_SAMPLES = 2000
"""Samples kept of one (model, task, repeat) for stability; the means are over all of them."""


@dataclass(slots=True)
class Cell:
    """The graded attempts of one model at one task in one repeat."""

    n: int = 0
    passed: int = 0
    score: float = 0.0
    points: float = 0.0
    max_points: float = 0.0
    samples: list[Sampled] = field(default_factory=list)

    def add(self, passed: bool, points: float, max_points: float, sample: Sampled) -> None:
        """Count one graded attempt."""
        self.n += 1
        self.passed += passed
        self.score += sample.score
        self.points += points
        self.max_points = max(self.max_points, max_points)
        if len(self.samples) < KEPT_SAMPLES:
            self.samples.append(sample)

    def value(self, metric: Metric) -> float:
        """Mean over attempts, in the metric's unit: 0..1, or points."""
        total = {"pass": self.passed, "points": self.points}.get(metric, self.score)
        return total / self.n


@dataclass(slots=True)
class ModelRow:
    """One model in a run, all attempts together."""

    attempts: int = 0
    graded: int = 0
    cost_usd: float = 0.0
    cost_known: int = 0
    seconds: float = 0.0
    """Waited for the model."""
    timed: int = 0
    """Replies that it is known of: those recorded elsewhere may have no time."""
    flags: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class RunTable:
    """One run, reduced. Keys of `cells` are (model, task, repeat)."""

    name: str
    cells: dict[tuple[str, str, int], Cell] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, set[str]] = field(default_factory=dict)
    """Task -> content hashes it was tried with; more than one means that it was changed in between."""
    models: dict[str, ModelRow] = field(default_factory=dict)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(model, task) -> attempts that never came to a verdict: no reply, no grading."""
    unscored: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(model, task) -> attempts that only a judge could have said something of, and none has."""
    silent: dict[tuple[str, str, int], set[int]] = field(default_factory=dict)
    """-> attempts at a conversation that said nothing: no judge is asked about them, and a rubric gives them 0."""
    others: set[tuple[str, str, int]] = field(default_factory=set)
    """With any other attempt, graded or not."""
    scored_by: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """(model, task, whether judges have a part in the verdict) -> graded replies of conversations."""
    marks: dict[tuple[str, str, int], float] = field(default_factory=dict)
    """-> mean over judges of the mark's share of its scale, 0..1; who said nothing has 0 where others were marked."""
    ranks: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)
    """(task, repeat) -> model -> mean rank over judges, where at least two models were ranked."""
    lost: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    """(task, repeat) -> models in questions of who is better that came to nothing; empty where it is not known whom."""
    loose: dict[tuple[str, int], dict[str, tuple[float, float]]] = field(default_factory=dict)
    """(task, repeat) -> model -> least and greatest mean rank, had the pairs been read that were not."""
    judges: tuple[str, ...] = ()
    modes: frozenset[JudgeMode] = frozenset()
    """In which `marks` were given."""
    code: set[str] = field(default_factory=set)
    """Tasks that are no conversations: of these judges mark what passed."""

    @classmethod
    def of(cls, report: ReportInput) -> RunTable:
        """The table of a run; its attempts are walked once."""
        table = cls(report.name)
        for attempt in report.attempts:
            table.add(attempt)
        table.judge(report.marked, report.judgments, report.labels)
        return table

    @classmethod
    def from_points(
        cls,
        name: str,
        points: Mapping[str, Mapping[str, Sequence[float]]],
        *,
        max_points: float = 1.0,
        categories: Mapping[str, str] | None = None,
    ) -> RunTable:
        """A run of which only a table is left: model -> task -> points of each repeat, out of `max_points`."""
        table = cls(name, categories=dict(categories or {}))
        for model, tasks in points.items():
            row = table.models.setdefault(model, ModelRow())
            for task, values in tasks.items():
                table.categories.setdefault(task, "general")
                table.hashes.setdefault(task, {""})
                for repeat, value in enumerate(values):
                    row.attempts += 1
                    row.graded += 1
                    cell = table.cells.setdefault((model, task, repeat), Cell())
                    cell.add(value >= max_points, value, max_points, Sampled(value / max_points, ""))
        return table

    def add(self, attempt: Attempt) -> None:
        """Count one attempt. Without a verdict that a rate may use it is in no cell, but seen."""
        row = self.models.get(attempt.model)
        if row is None:  # not setdefault, which makes one for every attempt
            row = self.models[attempt.model] = ModelRow()
        row.attempts += 1
        row.flags.update(flags(attempt))
        if attempt.cost_usd is not None:
            row.cost_usd += attempt.cost_usd
            row.cost_known += 1
        if attempt.reply is not None:
            row.seconds += attempt.reply.seconds
            row.timed += attempt.reply.seconds > 0
        self.categories.setdefault(attempt.task, attempt.category)
        if attempt.kind != "conversation":
            self.code.add(attempt.task)
        verdict = attempt.verdict
        key = (attempt.model, attempt.task, attempt.repeat)
        if attempt.kind == "conversation" and _says_nothing(attempt):
            self.silent.setdefault(key, set()).add(attempt.attempt)
        else:
            self.others.add(key)
        if verdict is not None and verdict.outcome is Outcome.unscored:
            # Judges may have marked it: then it has to be the same task, too.
            self.hashes.setdefault(attempt.task, set()).add(attempt.task_hash)
            self.unscored[attempt.model, attempt.task] += 1
            return
        if verdict is None or not verdict.outcome.counts:
            self.failed[attempt.model, attempt.task] += 1
            return
        row.graded += 1
        # A reply that is missing is judged by nobody, and worth nothing on every scale.
        if attempt.kind == "conversation" and verdict.outcome is not Outcome.no_candidate:
            judged = any(case.id == JUDGE_CASE for case in verdict.cases)
            self.scored_by[attempt.model, attempt.task, judged] += 1
        self.hashes.setdefault(attempt.task, set()).add(attempt.task_hash)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        sample = Sampled(min(1.0, max(0.0, verdict.score)), attempt.candidate_hash, attempt.seed)
        cell.add(verdict.passed, verdict.points, verdict.max_points, sample)

    def judge(
        self,
        marked: Iterable[Marked],
        judgments: Iterable[Judgment] = (),
        labels: Mapping[str, Sequence[Labelled]] | None = None,
    ) -> None:
        """Take the judges' marks of comparisons. `judgments` and who was in them: what came to nothing is no tie."""
        found: dict[tuple[str, str, int], dict[Voice, list[float]]] = {}
        shown: dict[tuple[str, str, int], set[int]] = {}
        ranks: dict[tuple[str, int], dict[str, dict[str, list[float]]]] = {}
        kept = [mark for mark in marked if mark.purpose == "compare"]
        unread = unread_questions(kept, judgments, labels or {})
        self.lost = {}
        for question in unread:
            self.lost.setdefault(question.key, set()).update(question.models)
        for mark in kept:
            if mark.mode == "pairwise":
                continue
            share = share_of_scale(mark)
            if share is not None:
                voice = (mark.judge, mark.mode)
                found.setdefault((mark.model, mark.task, mark.repeat), {}).setdefault(voice, []).append(share)
                shown.setdefault((mark.model, mark.task, mark.repeat), set()).add(mark.attempt)
            if mark.mark.rank is not None and mark.of > 1:
                by_model = ranks.setdefault((mark.task, mark.repeat), {})
                by_model.setdefault(mark.model, {}).setdefault(mark.judge, []).append(mark.mark.rank)
        ranks = {key: widest(by_model) for key, by_model in ranks.items()}
        pairs = list(paired_orders(kept))
        for pair, credit in pairs:
            key = (pair[0].task, pair[0].repeat)
            if credit is None:
                self.lost.setdefault(key, set()).update(mark.model for mark in pair)
                continue
            for mark, share in zip(pair, (credit, 1 - credit), strict=True):
                found.setdefault((mark.model, *key), {}).setdefault((mark.judge, mark.mode), []).append(share)
                # A tie is in the middle: who ties with everybody has not done as well as who beats everybody.
                ranks.setdefault(key, {}).setdefault(mark.model, {}).setdefault(mark.judge, []).append(2 - share)
        lacking = lacking_pairs(pairs, unread)
        # Who has not met all of its rivals has a mean of the others: that would be a gift, or a loss.
        for judge, key, two in lacking:
            for model in two:
                found.get((model, *key), {}).pop((judge, "pairwise"), None)
        # Every judge weighs the same, however often it was asked.
        self.marks = pooled_shares({key: by for key, by in found.items() if by})
        self._mark_silence(found, shown)
        self.ranks = {
            key: {model: mean(mean(values) for values in by.values()) for model, by in models.items()}
            for key, models in ranks.items()
            if len(models) > 1
        }
        self.loose = loose_ranks(ranks, lacking)
        self.judges = tuple(sorted({mark.judge for mark in kept}))
        self.modes = frozenset(mode for by in found.values() for _, mode in by)

    def _mark_silence(
        self,
        found: Mapping[tuple[str, str, int], Mapping[Voice, object]],
        shown: Mapping[tuple[str, str, int], set[int]],
    ) -> None:
        """Replies without a word count 0: a model may not look better for the questions it left unanswered.

        `found`: the marks by (judge, mode), `shown`: the attempts they are of. Of several attempts only a rubric asks
        about each; elsewhere one that says something stands for all.
        """
        marked = {key[1:] for key in self.marks}
        for key, attempts in self.silent.items():
            if key not in self.marks:
                if key[1:] in marked and key not in self.others:
                    self.marks[key] = 0.0
            elif all(mode == "rubric" for _, mode in found[key]):
                # Judges of other systems may have marked them all the same.
                self.marks[key] *= len(shown[key]) / len(shown[key] | attempts)

    def met(self, metric: Metric) -> Collection[tuple[str, str, int]]:
        """(model, task, repeat) with something to compare: a graded attempt or, for what judges decide, a mark."""
        graded = self.cells.keys()
        if metric not in ("wins", "judge"):
            return graded
        ranked = {(model, task, repeat) for (task, repeat), ranks in self.ranks.items() for model in ranks}
        return graded | self.marks.keys() | ranked


def _says_nothing(attempt: Attempt) -> bool:
    """Its reply is empty. Replies that were recorded without their task have no verdict that says so."""
    if attempt.verdict is None or attempt.verdict.outcome is not Outcome.unscored:
        return attempt.verdict is not None and attempt.verdict.outcome is Outcome.no_candidate
    candidate = attempt.extraction.candidate if attempt.extraction else None
    texts = candidate.files.values() if candidate else [attempt.reply.text] if attempt.reply else ["?"]
    return not any(text.strip() for text in texts)
