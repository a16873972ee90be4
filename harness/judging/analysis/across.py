"""Judges of several runs that are compared: who is partial, and all that they said as if it were one run's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from harness.judging.analysis.families import itself, joined, related
from harness.judging.analysis.whole import Judged, judged
from harness.stats.compare.results import Comparison, Spread
from harness.stats.inputs import ReportInput
from harness.types import Frozen, JudgeMode, Judgment, Labelled, Marked, Purpose

ITSELF = "is a contestant itself"
KIN = "is the same model, or of the same family"
SHOWN = 5
"""Judges and contestants that a note names one by one."""


class Partial(Frozen):
    """A judge that judged a run in which it, or a relative of it, is a contestant."""

    judge: str
    models: dict[str, str]
    """Contestant -> why the judge is not impartial to it: `ITSELF` or `KIN`."""


class Judges(Frozen):
    """What a comparison has to say of its judges."""

    partial: tuple[Partial, ...]
    """By name; empty where all are impartial."""
    without: tuple[Spread, ...]
    """The models as in `Comparison.spread`, had the partial judges not been asked. Empty where there are none of them,
    no other judge, or nothing left to compare."""
    said: Judged
    """Of all runs together, whatever tasks and models the comparison is of. Conflicts with mechanics are a report's."""


class JudgedComparison(Comparison):
    """A comparison with its judges."""

    judges: Judges | None = None
    """None where no judge was asked."""

    @classmethod
    def of(cls, comparison: Comparison, found: Judges | None) -> JudgedComparison:
        """`comparison`, its notes with what has to be known of the judges."""
        whole = {name: getattr(comparison, name) for name in Comparison.model_fields}
        told = _told(found) if found else ()
        return cls.model_construct(**{**whole, "notes": (*comparison.notes, *told)}, judges=found)


class Heard(NamedTuple):
    """All that the judges of several runs said."""

    said: Judged
    partial: tuple[Partial, ...]
    impartial: tuple[str, ...]
    """Judges with a mark that are not partial."""


def heard(reports: Sequence[ReportInput], contestants: Sequence[Collection[str]], *, seed: int = 0) -> Heard | None:
    """What the judges of some runs said; None where none was asked. `contestants`: the models of each run.

    Tasks are what is drawn: the runs of one task are no more independent of each other than its repeats are.
    """
    families = joined(report.families for report in reports)
    asked: list[set[str]] = [set() for _ in reports]
    marked = _marked(reports)
    unasked: Counter[tuple[Purpose, JudgeMode, str]] = Counter()
    for report in reports:
        unasked.update(report.unasked)
    judgments = _judgments(reports, asked)
    said = judged(judgments, marked, labels=_labels(reports), families=families, unasked=unasked, seed=seed)
    if said is None:
        return None
    for names, report in zip(asked, reports, strict=True):
        names.update(one.judge for one in report.marked if one.purpose == "compare")
    partial = _partial(asked, contestants, families)
    named = {one.judge for one in partial}
    read = {one.judge for one in marked if one.purpose == "compare"}
    return Heard(said, partial, tuple(sorted(read - named)))


def _partial(
    asked: Sequence[Collection[str]], contestants: Sequence[Collection[str]], families: Mapping[str, str]
) -> tuple[Partial, ...]:
    found: dict[str, dict[str, str]] = {}
    for judges, models in zip(asked, contestants, strict=True):
        for judge in judges:
            for model in models:
                if related(judge, model, families):
                    found.setdefault(judge, {})[model] = ITSELF if itself(judge, model) else KIN
    return tuple(Partial(judge=judge, models=dict(sorted(found[judge].items()))) for judge in sorted(found))


def _told(found: Judges) -> Iterator[str]:
    """A line a partial judge, and what came of leaving them out."""
    for one in found.partial[:SHOWN]:
        for why in (ITSELF, KIN):
            models = [model for model, said in one.models.items() if said == why]
            more = f" and {len(models) - SHOWN} more" if len(models) > SHOWN else ""
            whom = f" as {', '.join(models[:SHOWN])}{more}" if why == KIN else ""
            if models:
                yield f"Not impartial: the judge {one.judge} {why}{whom}."
    if len(found.partial) > SHOWN:
        yield f"{len(found.partial) - SHOWN} more judges are not impartial: --json has them."
    if found.partial:
        yield (
            "Places without the judges that are not impartial are given, too."
            if found.without
            else "Without the judges that are not impartial there is no other, or nothing is left to compare."
        )


# Runs are told apart by what no analysis reads as a number: ids of judgments, and repeats, of which each is one cell.


def _marked(reports: Sequence[ReportInput]) -> list[Marked]:
    span = 1 + max((one.repeat for report in reports for one in report.marked), default=0)
    return [
        replace(one, judgment=f"{run}:{one.judgment}", repeat=one.repeat + run * span)
        for run, report in enumerate(reports)
        for one in report.marked
    ]


def _judgments(reports: Sequence[ReportInput], asked: Sequence[set[str]]) -> Iterator[Judgment]:
    """One in memory at a time; who was asked to compare models is added to `asked`, run by run."""
    for run, report in enumerate(reports):
        for one in report.judgments:
            if one.purpose == "compare":
                asked[run].add(one.judge)
            yield one.model_copy(update={"id": f"{run}:{one.id}"})


def _labels(reports: Sequence[ReportInput]) -> dict[str, Sequence[Labelled]]:
    return {f"{run}:{key}": behind for run, report in enumerate(reports) for key, behind in report.labels.items()}
