"""How much of what judges were asked could be read. A missing reading is counted here, and is nothing anywhere else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.stats.intervals import over_tasks
from harness.stats.score import Score
from harness.types import Frozen, JudgeMode, Judgment, Labelled, Purpose


class Coverage(Frozen):
    """Questions to one judge in one mode. `asked` = `scored` + `rejected` + `failed`."""

    judge: str
    mode: JudgeMode
    purpose: Purpose
    asked: int
    scored: int
    """Replies that could be read whole."""
    rejected: dict[str, int]
    """Reason code -> replies of which nothing was taken, most frequent first."""
    failed: int
    """No reply: the judge's server failed."""
    not_asked: int = 0
    """Beside `asked`: left over when the judge was given up, the budget spent, or the judging ended."""
    repaired: int
    """Read, but no JSON as it stood."""
    flags: dict[str, int]
    """What a reading had to decide -> readings."""
    unreadable: Score
    """Share of replies that were rejected, mean over tasks."""
    cost_usd: float | None
    seconds: float


@dataclass(slots=True)
class _Count:
    asked: int = 0
    scored: int = 0
    failed: int = 0
    not_asked: int = 0
    repaired: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    replies: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cost: float | None = None
    seconds: float = 0.0

    def add(self, judgment: Judgment) -> None:
        self.asked += 1
        self.seconds += judgment.seconds
        if judgment.cost_usd is not None:
            self.cost = (self.cost or 0.0) + judgment.cost_usd
        reading = judgment.reading
        if reading is None:
            self.failed += 1
            return
        self.replies[judgment.task].append(float(not reading.accepted))
        if not reading.accepted:
            self.rejected[reading.reason] += 1
            return
        self.scored += 1
        self.repaired += reading.repaired
        self.flags.update(set(reading.flags))


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of all questions."""

    coverage: tuple[Coverage, ...]
    """By purpose, mode and judge."""
    unscored: Mapping[tuple[str, JudgeMode], Mapping[str, int]]
    """(judge, mode) -> model -> its candidates in questions that came to nothing; comparisons only."""
    unattributed: int
    """Questions that came to nothing and of which it is not known whom they were about."""


def asked(
    judgments: Iterable[Judgment],
    labels: Mapping[str, Sequence[Labelled]],
    unasked: Mapping[tuple[Purpose, JudgeMode, str], int],
) -> Asked:
    """Count judgments, walked once. `labels`: id of a judgment -> who stood behind its labels."""
    counts = {key: _Count(not_asked=number) for key, number in unasked.items()}
    unscored: dict[tuple[str, JudgeMode], Counter[str]] = {}
    unattributed = 0
    for judgment in judgments:
        counts.setdefault((judgment.purpose, judgment.mode, judgment.judge), _Count()).add(judgment)
        if judgment.scored or judgment.purpose != "compare":
            continue
        behind = labels.get(judgment.id)
        if behind is None:
            unattributed += 1
            continue
        unscored.setdefault((judgment.judge, judgment.mode), Counter()).update(one.model for one in behind)
    return Asked(tuple(_coverage(key, counts[key]) for key in sorted(counts)), unscored, unattributed)


def _coverage(key: tuple[Purpose, JudgeMode, str], count: _Count) -> Coverage:
    purpose, mode, judge = key
    tasks = [count.replies[task] for task in sorted(count.replies)]
    share = over_tasks([sum(task) / len(task) for task in tasks], [len(task) for task in tasks])
    return Coverage(
        judge=judge,
        mode=mode,
        purpose=purpose,
        asked=count.asked,
        scored=count.scored,
        rejected=dict(sorted(count.rejected.items(), key=lambda item: (-item[1], item[0]))),
        failed=count.failed,
        not_asked=count.not_asked,
        repaired=count.repaired,
        flags=dict(sorted(count.flags.items(), key=lambda item: (-item[1], item[0]))),
        unreadable=share if share.value is not None else Score.missing("No reply."),
        cost_usd=count.cost,
        seconds=count.seconds,
    )
