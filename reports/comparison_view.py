"""What the pages of a comparison show, as plain rows."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from harness.judging.analysis.across import JudgedComparison, Judges
from harness.stats.compare.figures import Figures, known_shares, told_expected, told_leaders, told_p, told_places
from harness.stats.compare.results import Category, Claim, Comparison, Group, PairResult, Spread, Stability
from harness.stats.compare.stability import KINDS
from harness.stats.pathologies import FLAGS, TASK_FLAGS

from . import comparison_charts as charts
from . import text
from .agreements import Agree, agreements
from .charts import heat, whisker
from .judge_words import Finding, by_judge, figure, findings

MOST_CLAIMS = 80
MOST_TASKS = 300
MOST_MODELS = 30
"""Models of the pairwise matrix: a larger one is no picture any more."""
MOST_UNSTABLE = 100
MOST_RUNS = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair in the matrix, as the model of the row sees it."""

    css: str
    difference: str
    p: str
    discordant: str
    spoken: str


def judges_of(found: Comparison) -> Judges | None:
    """What the comparison says of its judges; None where there are none."""
    return found.judges if isinstance(found, JudgedComparison) else None


class View:
    """The rows of every page; each is made when a template asks for it."""

    def __init__(self, found: Comparison) -> None:
        self.found = found
        self.figures = Figures(found.unit, none="–")
        self.one = Figures(found.unit, one=True, none="–")
        self.shares = Figures("share", none="–")
        self.several = len(found.runs) > 1
        self.kinds = KINDS
        self.plain_figure = figure
        self.most_claims = MOST_CLAIMS
        self.flag_meanings = FLAGS

    def applies(self, page: str) -> bool:
        """Whether there is anything for a page to show."""
        if page == "pairs":
            return len(self.found.models) > 1
        if page == "groups":
            return bool(self.found.groups)
        if page == "claims":
            return bool(self.found.claims)
        if page == "judges":
            return judges_of(self.found) is not None
        return True

    @property
    def lead(self) -> str:
        """What was compared, in one sentence."""
        found = self.found
        runs = text.plural(len(found.runs), "repeat" if found.of_repeats else "run")
        models = text.plural(len(found.models), self.row_name.lower())
        tasks = text.plural(len(found.tasks), "task")
        if len(found.models) == 1:
            return f"{models}, {tasks}, {runs}."
        differ = sum(pair.significant for pair in found.pairs)
        return f"{models}, {tasks}, {runs}: {differ} of {text.plural(len(found.pairs), 'pair')} can be told apart."

    @property
    def row_name(self) -> str:
        """What is compared."""
        return "Group" if self.found.groups else "Model"

    @property
    def unit_words(self) -> str:
        """What differences are in."""
        return "percentage points" if self.found.unit == "share" else f"{self.found.unit} a task"

    # places ----------------------------------------------------------------------------------------------------------

    def ranks(self, row: Spread) -> Markup:
        """The line from the best to the worst place a model can have."""
        return charts.ranks(row.best_rank, row.worst_rank, len(self.found.models), text.one_line(row.model))

    @property
    def rank_axis(self) -> Markup:
        return charts.rank_axis(len(self.found.models))

    def whisker(self, row: Spread) -> Markup:
        """The mean of a task with its interval for new tasks."""
        return whisker(row.new_tasks, "mean", f"{text.one_line(row.model)}, new tasks")

    def place(self, row: Spread) -> str:
        """`2–4`."""
        return told_places(row.best_rank, row.worst_rank, "–")

    @property
    def lettered(self) -> bool:
        """Whether there are letters: with too many there are none."""
        return any(row.letters for row in self.found.spread)

    @property
    def known(self) -> dict[str, str]:
        """Model -> share of its attempts that the numbers are of; empty where that is all of them everywhere."""
        shares = known_shares(self.found)
        return {item.model: self.shares.value(shares.get(item.model, 1.0)) for item in self.found.facts if shares}

    def expected(self, group: Group) -> str:
        """The part of all that it would have by numbers alone."""
        return told_expected(group, self.shares)

    # judges ----------------------------------------------------------------------------------------------------------

    @property
    def judges(self) -> Judges:
        found = judges_of(self.found)
        assert found is not None
        return found

    @property
    def without_partial(self) -> list[tuple[Spread, Spread | None]]:
        """Each model without the partial judges, and with all."""
        whole = {row.model: row for row in self.found.spread}
        return [(row, whole.get(row.model)) for row in self.judges.without]

    @property
    def judge_findings(self) -> list[tuple[str, list[Finding]]]:
        """Judge -> what moves it beside quality."""
        return by_judge(findings(self.judges.said))

    @property
    def judge_agreement(self) -> list[Agree]:
        return list(agreements(self.judges.said))

    # runs ------------------------------------------------------------------------------------------------------------

    @property
    def reach(self) -> float:
        """The right end of the strip plot."""
        known = [value for row in self.found.spread for value in row.values if value is not None]
        if self.found.unit == "share":
            return 1.0
        return charts.nice(max([*known, 1.0]))

    def strip(self, row: Spread) -> Markup:
        """The runs of a model as dots on the band of its noise."""
        known = [value for value in row.values if value is not None]
        # The noise of one model: a mean of several has less.
        floor = self.found.noise.prompts_sd if self.found.unit == "wins" and not self.found.groups else None
        return charts.strip(
            known, row.mean, row.rerun_sd, floor, self.reach, f"{text.one_line(row.model)}: {self.spoken_runs(row)}"
        )

    @property
    def strip_axis(self) -> Markup:
        return charts.strip_axis(self.reach, self.found.unit == "share")

    def spoken_runs(self, row: Spread) -> str:
        """`62%, 60%, –`."""
        return ", ".join(self.figures.value(value) for value in row.values)

    @property
    def shown_runs(self) -> tuple[str, ...]:
        """The runs with a column of their own; with many there is none."""
        return self.found.runs if len(self.found.runs) <= MOST_RUNS else ()

    # pairs -----------------------------------------------------------------------------------------------------------

    @property
    def matrix_models(self) -> tuple[str, ...]:
        return self.found.models[:MOST_MODELS]

    @property
    def matrix(self) -> list[tuple[str, list[Cell | None]]]:
        """Model -> its differences to every model; None to itself."""
        pairs = {(pair.first, pair.second): pair for pair in self.found.pairs}
        rows = []
        for one in self.matrix_models:
            cells: list[Cell | None] = []
            for other in self.matrix_models:
                pair = pairs.get((one, other)) or pairs.get((other, one))
                cells.append(self._cell(pair, one) if pair and one != other else None)
            rows.append((one, cells))
        return rows

    def _cell(self, pair: PairResult, one: str) -> Cell:
        sign = 1 if pair.first == one else -1
        value = pair.difference.value
        mine = None if value is None else sign * value
        up, down = (pair.up, pair.down) if sign == 1 else (pair.down, pair.up)
        css = "same" if not pair.significant else "ahead" if (mine or 0) > 0 else "behind"
        other = pair.second if sign == 1 else pair.first
        shown = self.one.fine(mine)
        if mine is not None and mine > 0 and not shown.startswith("0.0" if self.found.unit == "share" else "0.00"):
            shown = f"+{shown}"
        tasks = text.plural(pair.difference.n, "task")
        spoken = f"{one} less {other}: {shown} {self.unit_words}, adjusted p {pair.adjusted_p:.3g}, {tasks}"
        return Cell(css, shown, told_p(pair.adjusted_p), f"{up}:{down}", spoken)

    # the others ------------------------------------------------------------------------------------------------------

    @property
    def claims(self) -> list[Claim]:
        """Of tiers, categories and floors."""
        return [claim for claim in self.found.claims if claim.kind != "before"]

    @property
    def orders(self) -> list[Claim]:
        """Of two models; those that did not hold first."""
        return sorted((c for c in self.found.claims if c.kind == "before"), key=lambda claim: claim.survived)

    @property
    def orders_survived(self) -> int:
        return sum(claim.survived for claim in self.orders)

    @property
    def always_top(self) -> list[str]:
        """Models in the top tier of every run."""
        return sorted(set.intersection(*(set(tier.models) for tier in self.found.tiers)))

    @property
    def survived(self) -> int:
        return sum(claim.survived for claim in self.found.claims)

    def leaders(self, row: Category) -> str:
        """Who leads the category, in how many of the runs."""
        return told_leaders(row)

    @property
    def heat(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Task -> (class, value) of every model."""
        rows = zip(self.found.tasks[:MOST_TASKS], self.found.heat, strict=False)
        return [(task, [(heat(share), self.shares.value(share)) for share in row]) for task, row in rows]

    @property
    def more_tasks(self) -> int:
        return max(0, len(self.found.tasks) - MOST_TASKS)

    @property
    def stable_counts(self) -> list[tuple[str, dict[str, int], int]]:
        """Model -> kind -> tasks, and the samples that repeated one of another seed."""
        made = []
        for model in sorted({row.model for row in self.found.stability}):
            own = [row for row in self.found.stability if row.model == model]
            kinds = [row.kind for row in own]
            made.append((model, {kind: kinds.count(kind) for kind in KINDS}, sum(row.repeated for row in own)))
        return made

    @property
    def unstable(self) -> list[Stability]:
        """Bimodal and wild ones, widest first."""
        found = [row for row in self.found.stability if row.kind in ("bimodal", "wild")]
        return sorted(found, key=lambda row: (row.low - row.high, row.task, row.model))[:MOST_UNSTABLE]

    @property
    def flags(self) -> list[tuple[str, str, str, list[int]]]:
        """Flag, what it means, what is counted, and the number of each model; those that none has are left out."""
        return [
            (
                flag,
                meaning,
                "tasks" if flag in TASK_FLAGS else "attempts",
                [i.flags.get(flag, 0) for i in self.found.facts],
            )
            for flag, meaning in FLAGS.items()
            if any(flag in item.flags for item in self.found.facts)
        ]
