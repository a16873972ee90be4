"""The numbers of a run, as they are made once and read by tables, reports and files."""

from __future__ import annotations

from harness.stats.bestofn import CurvePoint
from harness.stats.score import LEVEL, Score
from harness.types import Frozen

UNDERPOWERED = 8
"""Categories with fewer tasks than this are marked: their intervals are too wide to compare by."""


class TaskSummary(Frozen):
    """One model on one task. The interval is for further attempts at this very task."""

    task: str
    category: str
    kind: str
    attempts: int
    graded: int
    hits: int
    """Graded attempts that passed."""
    pass_at_1: Score
    mean_score: float | None
    best_score: float | None
    selected: float | None
    """Share of the repeats in which the selected attempt passed; None without a selection."""
    oracle: float | None
    """Share of the repeats in which any attempt passed."""
    distinct: int
    """Different candidates by hash."""
    outcomes: dict[str, int]


class CategorySummary(Frozen):
    """One model on the tasks of one category."""

    category: str
    tasks: int
    pass_at_1: Score
    selected: Score
    oracle: Score
    mean_score: Score
    underpowered: bool
    """Fewer tasks with a graded attempt than `UNDERPOWERED`."""


class Coverage(Frozen):
    """What the rates rest on.

    `attempts` = `graded` + `provider_failures` + `infra_errors` + `ungraded` + `unscored`.
    """

    attempts: int
    graded: int
    """The denominator of every rate: attempts with a verdict other than infra_error."""
    provider_failures: int
    """The model's server failed: no verdict."""
    infra_errors: int
    """The sandbox failed, after its retries."""
    ungraded: int
    """No verdict and no error: the run was stopped before grading."""
    unscored: int
    """Only a judge could say, and none has: neither passed nor failed."""
    failures: dict[str, int]
    """First line of the error -> attempts."""
    tasks_without_grade: tuple[str, ...]
    """Tasks that are in no rate because no attempt at them was graded."""
    unselected: int
    """(task, repeat) without a selection."""
    unusable_selections: int
    """Selections of an attempt that was not graded."""
    selection_methods: dict[str, int]
    empty_replies: int
    thinking_only: int
    """Empty replies that came with thinking."""
    cut_by_length: int


class Totals(Frozen):
    """What it took. Sums over every attempt."""

    prompt_tokens: int
    completion_tokens: int
    tokens_known: int
    """Attempts whose tokens the server counted; the sums are over these."""
    model_s: float
    """Seconds waited for the model."""
    sandbox_s: float
    total_s: float
    tokens_per_s: float | None
    """Completion tokens a second of one request, over attempts with both known."""
    cost_usd: float | None
    """None when no attempt has a known price."""
    cost_known: int
    """Attempts with a known price; the sum is over these."""


class Agents(Frozen):
    """What a model's agents did. Sums over every attempt of an agent."""

    names: tuple[str, ...]
    attempts: int
    first_try: Score
    """Pass rate before an agent was told which hidden tests failed."""
    last_try: Score
    """Pass rate at the end; where no task allows more than one try, the same."""
    told: int
    """Attempts that were told, and tried again."""
    well_formed: int
    """Attempts in which every edit could be applied."""
    left: int
    """Attempts that changed files beside those of the answer."""
    endings: dict[str, int]
    counts: dict[str, int]
    calls: int
    refused: int
    start_s: float
    """Median of the time until the agent's process ran, seconds."""
    wall_s: float


class ModelSummary(Frozen):
    """One model. Scores of rates and points are shares, 0..1, with intervals over tasks."""

    model: str
    tasks: int
    repeats: int
    best_of: int
    """Most graded attempts in one (task, repeat)."""
    pass_at_1: Score
    pass_at_most: float | None
    """pass@1 if every attempt that meets its criteria and awaits a judge were to pass; None where none does. Those that
    do not meet theirs count already, so that pass@1 leans low by as much."""
    mean_score: Score
    selected: Score
    """Hidden verdict of the attempt that was chosen on visible evidence."""
    selected_score: Score
    oracle: Score
    """Best attempt by the grader itself: an upper bound, never a method."""
    oracle_score: Score
    hit_rate: Score
    """Share of (task, repeat) in which any attempt passed; by definition the value of `oracle`."""
    recovery: Score
    """(selected - mean) / (oracle - mean) of the pass rate."""
    recovery_score: Score
    distinct: Score
    """Different candidates by hash / attempts with a candidate, within a (task, repeat)."""
    fence_rate: Score
    """Replies that used Markdown fences."""
    outcomes: dict[str, int]
    coverage: Coverage
    totals: Totals
    curve: tuple[CurvePoint, ...]
    """Pass rates for k = 1..N."""
    score_curve: tuple[CurvePoint, ...]
    categories: tuple[CategorySummary, ...]
    by_task: tuple[TaskSummary, ...]
    pathologies: dict[str, int]
    """Flag of `pathologies.FLAGS` -> attempts, or tasks for the flags of tasks; those that none has are left out."""
    agents: Agents | None = None
    """None where no agent ran."""

    def task(self, task: str) -> TaskSummary | None:
        """The summary of one task; None when the model did not meet it. Linear: index `by_task` for many."""
        return next((found for found in self.by_task if found.task == task), None)


class Summary(Frozen):
    """A run in numbers."""

    level: float = LEVEL
    """Confidence level of all intervals."""
    models: tuple[ModelSummary, ...]
    """In the order in which they are first met: no ranking."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task that any model met, sorted."""
        return tuple(sorted({found.task for model in self.models for found in model.by_task}))
