"""What a comparison is: plain frozen data, JSON as it stands (docs/formats.md). Units in the docstrings."""

from __future__ import annotations

from harness.stats.score import LEVEL, Score
from harness.types import Frozen


class LeftOut(Frozen):
    """A task that is not compared, and why."""

    task: str
    why: str


class Spread(Frozen):
    """One model across runs, in the metric's unit."""

    model: str
    tasks: int
    """It has a value for these in each of its runs."""
    values: tuple[float | None, ...]
    """One a run; None for a run that it is not in."""
    mean: float | None
    range: float | None
    """Greatest less least; None with fewer than two runs."""
    sd: float | None
    """Standard deviation (n - 1); None with fewer than two runs."""
    rerun: Score
    """The mean, with an interval for that of further runs of the same tasks: Student's t, clipped to the possible."""
    new_tasks: Score
    """Mean of a task, with an interval for new tasks of the same kind; for points a share of the greatest possible."""
    rerun_sd: float | None
    """Noise of a rerun: sqrt(sum over tasks of the variance from run to run), of the total or the mean. None with one
    run."""
    best_rank: int
    worst_rank: int
    """The places that the data leave to it: 1 + models significantly better, models - significantly worse."""
    letters: str
    """Models that share a letter are not told apart."""


class PairResult(Frozen):
    """Two models on the tasks that both have a value for."""

    first: str
    second: str
    difference: Score
    """Mean over tasks of first - second, in the metric's unit a task; interval for new tasks, not adjusted."""
    p: float
    adjusted_p: float
    """Holm's, over all pairs (against a baseline: over the pairs with it)."""
    method: str
    """`mcnemar`: one observation a task, passed or not; `sign-flip`: means over several."""
    up: int
    """Tasks at which the first is better."""
    down: int
    """Tasks at which the second is better; `up` + `down` are the discordant ones."""
    least_p: float
    """The smallest p that so many discordant tasks can give."""
    significant: bool
    runs_agree: int
    """Runs in which the difference has the sign of the whole."""
    runs: int
    """Runs that both are in."""


class RunTest(Frozen):
    """Whether runs may be draws from one distribution of wins."""

    chi2: float
    df: int
    p: float
    models: int
    """With a win."""
    small: float
    """Share of the table's expected counts below 5."""
    permuted_p: float | None
    """Within each task winners are shuffled among the runs, which small counts, shared wins and rerun tasks allow."""
    use: str
    """`chi2` or `permutation`: which p to read."""
    note: str


class Luck(Frozen):
    """The most wins of a run, and how often equal models have a winner with at least that many."""

    run: str
    most: float
    tests: int
    """That somebody won."""
    models: int
    p: float


class Noise(Frozen):
    """Two different noises. Of prompts: other tests of the kind. Of reruns: the same tests once more."""

    models: int
    tests: int
    prompts_sd: float
    """SD of one model's wins if all were equal: sqrt(T p (1 - p)), p = 1 / models, less where nobody or several won."""
    rerun_sd: float | None
    """Root mean square over models of the rerun noise of their wins. None with one run."""
    observed_sd: float | None
    """Root mean square over models of the SD of their wins across runs."""
    runs: RunTest | None
    luck: tuple[Luck, ...]


class Claim(Frozen):
    """Something that the first run alone would say."""

    kind: str
    """`top_tier`, `in_top_tier`, `best_in_category`, `nothing`, `nothing_in_category` (of groups), `before`."""
    text: str
    models: tuple[str, ...]
    category: str
    """Empty for all tasks."""
    held: int
    """Other runs that say the same."""
    of: int
    """Other runs that can say anything about it."""
    by_chance: float | None
    """How often it would hold in all of them among equal models."""
    supported: bool
    """All runs together support it after correction for all comparisons made."""
    survived: bool


class TopTier(Frozen):
    """Who cannot be told from the best, run by run."""

    run: str
    models: tuple[str, ...]
    share: float | None
    """What they have together of all that the models of this run have."""


class Group(Frozen):
    """Models that are compared as one."""

    name: str
    models: tuple[str, ...]
    totals: tuple[float | None, ...]
    """One a run: wins or points of all of them; None for a run that none is in. Empty for rates."""
    shares: tuple[float | None, ...]
    """One a run: what they have together of all that the models of the run have, 0..1."""
    expected: tuple[float | None, ...]
    """That share if all models of the run were equal: how many of them are in the group."""


class Category(Frozen):
    """One category: what it can tell at all."""

    category: str
    tasks: int
    values: dict[str, float | None]
    """Model -> mean of its tasks, all runs together; wins and points are shares of the possible."""
    leaders: tuple[tuple[str, ...], ...]
    """Of each run, who has the greatest value; several when tied."""
    underpowered: bool
    least_p: float
    """The smallest p that so many tasks can give one pair, before any correction."""
    detectable: float | None
    """Difference that is found with 80% probability at 5% (one pair, no correction); None where not even the greatest
    possible one is."""
    separated: int
    """Pairs that differ, after correction for all pairs in all categories."""
    note: str


class Stability(Frozen):
    """One model at one task, all attempts of all runs."""

    task: str
    model: str
    samples: int
    distinct: int
    """Different candidates by hash; 0 where none was kept."""
    repeated: int
    """Samples that one with another seed had given already."""
    low: float
    high: float
    """Least and greatest score, 0..1."""
    levels: int
    """Groups of scores more than 0.1 apart."""
    kind: str
    """`identical`, `stable`, `varied`, `bimodal`, `wild`, or `few` (less than three samples)."""


class Need(Frozen):
    """What a target half width takes for one model."""

    model: str
    half_width: float | None
    """Now, for new tasks."""
    tasks: int | None
    """With as many repeats as now. None: the data show no spread to reckon with."""
    repeats: int | None
    """With the tasks of now; None where no number of repeats is enough."""
    repeats_same_tasks: int | None
    """For the mean over these very tasks."""


class Planning(Frozen):
    """Towards a target."""

    target: float
    """Half width of a 95% interval, in the unit of the metric (rates: 0..1)."""
    needs: tuple[Need, ...]
    pair_sd: float | None
    """Root mean square over pairs of the SD over tasks of their differences."""
    pair_tasks: int | None
    """Tasks for that half width of the difference of two models."""
    detectable: float | None
    """Difference found now with 80% probability at 5%, one pair; None where not even the greatest possible one is."""
    win_tests: int | None
    """Tests so that one SD of equal models' wins is at most the target, in wins of as many tests as now; for wins."""


class ModelFacts(Frozen):
    """What a model's attempts were, verdicts aside."""

    model: str
    attempts: int
    graded: int
    failed: int
    """Attempts without a verdict: no reply came, or it could not be graded."""
    unscored: int
    """Attempts that only a judge could have said something of, and none has. `failed` and these are in no rate."""
    cost_usd: float | None
    """Mean of an attempt with a known cost; None without any."""
    seconds: float | None
    """Mean of an attempt with a reply, waited for the model; None where no time is known."""
    flags: dict[str, int]
    """Of `pathologies.FLAGS`: attempts, or tasks for those of tasks."""


class Comparison(Frozen):
    """Runs side by side."""

    schema_version: int = 1
    level: float = LEVEL
    alpha: float
    metric: str
    meaning: str
    """What the metric is, in words."""
    unit: str
    """`share`, `points` or `wins`."""
    runs: tuple[str, ...]
    of_repeats: bool
    """The runs are repeats of a single one."""
    models: tuple[str, ...]
    """Greatest mean first: an order to read them in, no ranking. Groups, where models are compared in groups: all but
    `noise`, `stability` and `facts`, which are always about models, is about them."""
    groups: tuple[Group, ...]
    """Empty where models are compared one by one."""
    tasks: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    spread: tuple[Spread, ...]
    pairs: tuple[PairResult, ...]
    baseline: str
    against: tuple[PairResult, ...]
    """Every other model less the baseline; empty without one."""
    noise: Noise
    tiers: tuple[TopTier, ...]
    claims: tuple[Claim, ...]
    categories: tuple[Category, ...]
    planning: Planning
    stability: tuple[Stability, ...]
    facts: tuple[ModelFacts, ...]
    heat: tuple[tuple[float | None, ...], ...]
    """Tasks x models, in the order of `tasks` and `models`: mean over runs as a share of the possible."""
    notes: tuple[str, ...]
    """What a reader has to know before anything else."""
