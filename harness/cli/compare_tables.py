"""Tables of a comparison on stdout."""

from __future__ import annotations

from collections.abc import Sequence

from harness.cli.compare_judges import show_judges
from harness.cli.tables import console, printable, show, table
from harness.judging.analysis.across import JudgedComparison
from harness.stats.compare.figures import Figures, known_shares, told_expected, told_leaders, told_p, told_places
from harness.stats.compare.pairs import turned
from harness.stats.compare.results import Claim, Comparison, PairResult
from harness.stats.pathologies import FLAGS, TASK_FLAGS
from harness.words import plural

MOST_PAIRS = 60
MOST_ROWS = 40


def show_comparison(found: JudgedComparison) -> None:
    """Who stands where, what differs, what held, what it would take."""
    found = JudgedComparison.model_validate(printable(found.model_dump()))
    figure = Figures(found.unit)
    lines = console(soft_wrap=True)
    for note in found.notes:
        lines.print(note, highlight=False)
    _spread(found, figure)
    _groups(found, figure)
    if found.judges is not None:
        show_judges(found.judges, figure, _rows(found))
    if found.noise.models > 1:
        _noise(found)
    _pairs(found.against or found.pairs, found)
    _claims(found)
    _categories(found)
    _stability(found)
    _planning(found, figure)
    _pathologies(found)


def _spread(found: Comparison, figure: Figures) -> None:
    several = len(found.runs) > 1
    shown = found.runs if len(found.runs) <= 6 else ()
    again = ["mean", "range", "SD", "rerun"] if several else ["value"]
    known, lettered = known_shares(found), any(row.letters for row in found.spread)
    made = table(
        f"{found.metric}: {found.meaning}; {plural(len(found.tasks), 'task')}",
        _rows(found),
        "places",
        *([""] if lettered else []),
        *shown,
        *again,
        "new tasks" if len(found.tasks) > 1 else "this task",
        *(["known"] if known else []),
    )
    share = Figures("share")
    told = {item.model for item in found.facts}
    for row in found.spread:
        moved = [figure.fine(row.range), figure.fine(row.sd), figure.bounds(row.rerun.low, row.rerun.high)]
        made.add_row(
            row.model,
            told_places(row.best_rank, row.worst_rank),
            *([row.letters] if lettered else []),
            *(figure.value(value) for value in row.values[: len(shown)]),
            figure.value(row.mean),
            *(moved if several else []),
            f"{share.value(row.new_tasks.value)} {share.bounds(row.new_tasks.low, row.new_tasks.high)}",
            # Of a group no share is told: its models' stand in the notes.
            *([share.value(known.get(row.model, 1.0 if row.model in told else None))] if known else []),
        )
    show(made)
    letters = "; models that share a letter are not told apart" if lettered else ""
    shown_known = (
        "\nknown: attempts with a verdict, of all in these runs; rates are over those at the tasks compared"
        if known
        else ""
    )
    console(soft_wrap=True).print(
        "places: 1 + models significantly better to models - models significantly worse (Holm over all pairs)"
        f"{letters}\n"
        f"{_intervals(found)}{shown_known}",
        highlight=False,
    )


def _intervals(found: Comparison) -> str:
    """What the two intervals of a row are about."""
    tasks = "new tasks: 95% interval for new tasks of this kind"
    if len(found.tasks) == 1:
        tasks = "this task: 95% interval for further attempts at it"
    if len(found.runs) == 1:
        return tasks
    return f"{tasks}; rerun: for the mean of further runs of the same tasks (a single run varies more)"


def _groups(found: Comparison, figure: Figures) -> None:
    if not found.groups:
        return
    share = Figures("share")
    shown = found.runs if len(found.runs) <= 6 else ()
    made = table("groups: what their models have together", "group", "models", *shown, "by numbers alone")
    for group in found.groups:
        cells = [share.value(part) for part in group.shares]
        if group.totals:
            cells = [f"{figure.value(total)} ({part})" for total, part in zip(group.totals, cells, strict=True)]
        made.add_row(group.name, ", ".join(group.models), *cells[: len(shown)], told_expected(group, share))
    show(made)


def _rows(found: Comparison) -> str:
    """What is compared."""
    return "group" if found.groups else "model"


def _noise(found: Comparison) -> None:
    noise = found.noise
    lines = console(soft_wrap=True)
    unknown = "unknown (one run)" if len(found.runs) == 1 else "unknown (no test decided in two runs)"
    rerun = unknown if noise.rerun_sd is None else f"{noise.rerun_sd:.2f} wins"
    lines.print(
        f"noise of wins: other prompts of this kind {noise.prompts_sd:.2f} (SD, {noise.models} equal models, "
        f"{plural(noise.tests, 'test')}); the same prompts again {rerun}",
        highlight=False,
    )
    if noise.runs is not None:
        test = noise.runs
        permuted = "" if test.permuted_p is None else f"; permutation p {told_p(test.permuted_p)}"
        lines.print(
            f"are the runs alike? chi-square {test.chi2:.2f}, df {test.df}, p {told_p(test.p)}{permuted}. {test.note}",
            highlight=False,
        )
    for luck in noise.luck[:6]:
        if luck.models > 1:
            lines.print(
                f"{luck.run}: most wins {luck.most:.4g} of {luck.tests} there were; among {luck.models} equal models "
                f"the luckiest has as many with p {told_p(luck.p)}",
                highlight=False,
            )


def _pairs(pairs: Sequence[PairResult], found: Comparison) -> None:
    if not pairs:
        return
    chosen = sorted(pairs, key=lambda pair: (pair.adjusted_p, -abs(pair.difference.value or 0)))[:MOST_PAIRS]
    differ = sum(pair.significant for pair in pairs)
    family = f"against {found.baseline}" if found.baseline else f"every two {_rows(found)}s"
    unit = "percentage points" if found.unit == "share" else f"{found.unit} a task"
    fine = Figures(found.unit, one=True)
    made = table(
        f"{family}: {differ} of {plural(len(pairs), 'pair')} {'differs' if len(pairs) == 1 else 'differ'} ({unit})",
        "pair",
        "difference",
        "95%",
        "adjusted p",
        "discordant",
        "runs agree",
    )
    for found_pair in chosen:
        # The better one first.
        behind = (found_pair.difference.value or 0) < 0 and not found.against
        pair = turned(found_pair) if behind else found_pair
        score = pair.difference
        made.add_row(
            f"{pair.first} - {pair.second}{' *' if pair.significant else ''}",
            fine.fine(score.value),
            fine.bounds(score.low, score.high),
            told_p(pair.adjusted_p),
            f"{pair.up + pair.down} ({pair.up}:{pair.down})",
            f"{pair.runs_agree} of {pair.runs}",
        )
    show(made)
    if len(pairs) > len(chosen):
        console().print(f"{len(pairs) - len(chosen)} more pairs: --csv or --json has them all", highlight=False)


def _claims(found: Comparison) -> None:
    if not found.claims:
        return
    made = table(f"what {found.runs[0]} alone would say", "claim", "held in", "by chance", "supported", "verdict")
    for claim in ordered(found.claims)[:MOST_ROWS]:
        chance = "-" if claim.by_chance is None else f"{claim.by_chance:.2g}"
        made.add_row(
            claim.text, f"{claim.held} of {claim.of}", chance, "yes" if claim.supported else "no", verdict(claim)
        )
    show(made)
    console(soft_wrap=True).print(
        "by chance: if all models were equal and every run drew anew; whoever answers the same prompts alike each time "
        "survives more often, and says no more for it\n"
        "supported: significant over all runs together",
        highlight=False,
    )
    left = len(found.claims) - MOST_ROWS
    if left > 0:
        console().print(f"{left} more claims: --csv or --json has them all", highlight=False)


def ordered(claims: Sequence[Claim]) -> list[Claim]:
    """Tiers, categories and floors first; then pairs, those that did not hold first."""
    return sorted(claims, key=lambda claim: (claim.kind == "before", claim.kind == "before" and claim.survived))


def verdict(claim: Claim) -> str:
    """In a word."""
    if not claim.of:
        return "no other run"
    return "survived" if claim.survived else f"did not: {claim.of - claim.held} of {claim.of} say otherwise"


def _categories(found: Comparison) -> None:
    made = table("categories", "category", "tasks", "pairs that differ", "detectable", "leads in", "")
    fine = Figures(found.unit)
    for row in found.categories[:MOST_ROWS]:
        note = "underpowered" if row.underpowered else ""
        made.add_row(
            row.category, str(row.tasks), str(row.separated), fine.fine(row.detectable), told_leaders(row), note
        )
    show(made)


def _stability(found: Comparison) -> None:
    rows = [row for row in found.stability if row.kind != "few"]
    if not rows:
        return
    kinds = ("identical", "stable", "varied", "bimodal", "wild")
    made = table("stability: tasks of each model, by its samples", "model", *kinds)
    for model in sorted({row.model for row in rows}):
        own = [row.kind for row in rows if row.model == model]
        made.add_row(model, *(str(own.count(kind)) for kind in kinds))
    show(made)


def _planning(found: Comparison, figure: Figures) -> None:
    plan = found.planning
    half = figure.fine(plan.target) + (" percentage points" if found.unit == "share" else f" {found.unit}")
    made = table(
        f"for a 95% interval of +-{half}", _rows(found), "now +-", "tasks", "or repeats", "repeats, same tasks"
    )
    for need in plan.needs:
        tasks, repeats, same = (
            "-" if n is None else f"{n:,}" for n in (need.tasks, need.repeats, need.repeats_same_tasks)
        )
        if need.repeats is None and need.repeats_same_tasks is not None:
            repeats = "not enough"
        made.add_row(need.model, figure.fine(need.half_width), tasks, repeats, same)
    show(made)
    lines = console(soft_wrap=True)
    if plan.pair_tasks is not None:
        lines.print(f"for the difference of two {_rows(found)}s: {plural(plan.pair_tasks, 'task')}", highlight=False)
    if plan.win_tests is not None:
        lines.print(f"so that equal models' wins have an SD of that: {plural(plan.win_tests, 'test')}", highlight=False)
    if plan.detectable is not None:
        share = found.unit == "share"
        size = Figures(found.unit).fine(plan.detectable)
        size += " percentage points" if share else f" {found.unit} a task"
        lines.print(
            f"a difference found now with about 80% probability, of one pair without correction: {size}",
            highlight=False,
        )


def _pathologies(found: Comparison) -> None:
    flags = [flag for flag in FLAGS if any(flag in item.flags for item in found.facts)]
    if not flags:
        return
    made = table(
        f"pathologies: attempts ({', '.join(TASK_FLAGS)}: tasks)", "flag", *(item.model for item in found.facts)
    )
    for flag in flags:
        made.add_row(flag, *(str(item.flags.get(flag, 0)) for item in found.facts))
    show(made)
