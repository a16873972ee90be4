"""All numbers about judges and what they said, from judgments and marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.judging.analysis.agreement import GroupAgreement, PairAgreement, group_agreements, pair_agreements
from harness.judging.analysis.bias import FamilyGap, JudgeBias, family_gaps, judge_biases
from harness.judging.analysis.conflicts import Conflicts, Mechanical, conflicts
from harness.judging.analysis.coverage import Coverage, asked
from harness.judging.analysis.sheet import Cell
from harness.judging.analysis.standings import Ranking, Standing, Standings, rankings
from harness.stats.score import LEVEL, Score
from harness.types import Frozen, JudgeMode, Judgment, Labelled, Marked, Purpose


class Judged(Frozen):
    """What judges were asked, what they said, and how far to trust it."""

    level: float = LEVEL
    coverage: tuple[Coverage, ...]
    unattributed: int
    """Questions that came to nothing and of which it is not known whom they were about: in no model's `unscored`."""
    rankings: tuple[Ranking, ...]
    """One a mode: listwise, rubric, pairwise, as far as there are."""
    bias: tuple[JudgeBias, ...]
    families: tuple[FamilyGap, ...]
    agreement: tuple[PairAgreement, ...]
    group: tuple[GroupAgreement, ...]
    conflicts: tuple[Conflicts, ...]
    unscored: dict[str, int]
    """Model -> its candidates in questions that came to nothing, all judges and modes."""

    @property
    def panel(self) -> Standings | None:
        """The table that stands for all where there is room for one: of the first mode."""
        return self.rankings[0].panel if self.rankings else None

    @property
    def judges(self) -> tuple[str, ...]:
        return tuple(sorted({one.judge for one in self.coverage}))

    def standing(self, model: str) -> Standing | None:
        """A model in `panel`."""
        return next((one for one in self.panel.models if one.model == model), None) if self.panel else None

    def lead(self, model: str) -> Score | None:
        """What `panel` is ordered by, of one model."""
        found = self.standing(model)
        return self.panel.lead(found) if self.panel and found else None

    def fewer(self, model: str) -> int | None:
        """Tasks at which a model has a mark, where another has one at more: its mean is of other questions."""
        found = self.standing(model)
        most = max((one.tasks for one in self.panel.models), default=0) if self.panel else 0
        return found.tasks if found and found.tasks < most else None


def judged(
    judgments: Iterable[Judgment],
    marked: Sequence[Marked],
    *,
    labels: Mapping[str, Sequence[Labelled]] | None = None,
    families: Mapping[str, str] | None = None,
    mechanical: Mapping[Cell, Mechanical] | None = None,
    unasked: Mapping[tuple[Purpose, JudgeMode, str], int] | None = None,
    seed: int = 0,
) -> Judged | None:
    """Aggregate; None where no judge was asked, or to be. `judgments` is walked once, `marked` several times; order
    says nothing.

    `labels`: id of a judgment -> who was in it; without them nobody can tell whose replies went unscored.
    `unasked`: questions that a judge was to be asked, and was not.
    """
    counted = asked(judgments, labels or {}, unasked or {})
    if not counted.coverage and not marked:
        return None
    unscored: dict[str, int] = {}
    for models in counted.unscored.values():
        for model, number in models.items():
            unscored[model] = unscored.get(model, 0) + number
    return Judged(
        coverage=counted.coverage,
        unattributed=counted.unattributed,
        rankings=rankings(marked, families or {}, counted.unscored),
        bias=judge_biases(marked, seed=seed),
        families=family_gaps(marked, families or {}),
        agreement=pair_agreements(marked),
        group=group_agreements(marked),
        conflicts=conflicts(marked, mechanical or {}),
        unscored=dict(sorted(unscored.items())),
    )
