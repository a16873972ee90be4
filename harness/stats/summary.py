"""From attempts and selections to the numbers of a run. Every rate says what it rests on and what was left out."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable

from harness.stats.bestofn import Draw, best_of_n, distinct, mean_of, oracle_of, selected_of
from harness.stats.intervals import over_tasks, rate
from harness.stats.numbers import (
    UNDERPOWERED,
    Agents,
    CategorySummary,
    Coverage,
    ModelSummary,
    Summary,
    TaskSummary,
    Totals,
)
from harness.stats.pathologies import Sampled, counted
from harness.stats.score import Score
from harness.stats.tally import AgentTally, ModelTally, Picks, TaskTally, tally
from harness.types import Attempt, Outcome, Selection
from harness.words import plural


def summarise(attempts: Iterable[Attempt], selections: Iterable[Selection] = ()) -> Summary:
    """Aggregate a run. `attempts` is walked once and may be a stream, in any order; keys must be unique.

    Provider failures, infrastructure errors, ungraded and unscored attempts are in no denominator and are counted in
    coverage.
    """
    picks = Picks.of(selections)
    return Summary(models=tuple(_model(name, found, picks) for name, found in tally(attempts).items()))


def _left_out(coverage: Coverage) -> str:
    """What a rate says of attempts that it does not rest on; empty where it rests on all of them."""
    failed = coverage.attempts - coverage.graded - coverage.unscored
    said = [f"{failed} of {coverage.attempts} attempts have no verdict and are left out."] if failed else []
    if coverage.unscored:
        of_all = f"{coverage.unscored} of {coverage.attempts} attempts"
        said.append(f"{of_all} are unscored, as no judge says whether they pass, and are left out.")
    return " ".join(said)


def _at_most(found: ModelTally, rate_now: float | None) -> float | None:
    """pass@1 with every reply that meets its criteria and awaits a judge taken for a pass; None where none does, or
    where that is no more."""
    if rate_now is None or not any(task.met.total() for task in found.tasks.values()):
        return None
    shares = []
    for task in found.tasks.values():
        repeats = []
        for repeat in task.draws.keys() | task.met.keys():
            passed = [sample.passed for sample in task.draws.get(repeat, {}).values()]
            if passed or task.met[repeat]:
                repeats.append((sum(passed) + task.met[repeat]) / (len(passed) + task.met[repeat]))
        if repeats:
            shares.append(statistics.fmean(repeats))
    most = statistics.fmean(shares)
    return most if most > rate_now + 1e-9 else None


def _model(name: str, found: ModelTally, picks: Picks) -> ModelSummary:
    draws = picks.draws(name, found)
    passing = best_of_n(draws, lambda sample: sample.passed)
    score = best_of_n(draws, lambda sample: sample.score)
    coverage = _coverage(name, found, picks)
    left_out = _left_out(coverage)
    at_most = _at_most(found, passing.mean.value)
    leaning = "" if at_most is None else f"Replies that fail their criteria count: judged, it could be {at_most:.0%}."
    missing = coverage.unselected + coverage.unusable_selections
    lacking = plural(missing, "task repeat has", "task repeats have")
    unpicked = f"{lacking} no usable selection: left out." if missing else ""
    outcomes: Counter[str] = Counter()
    for task in found.tasks.values():
        outcomes.update(task.outcomes)
    return ModelSummary(
        model=name,
        tasks=len(found.tasks),
        repeats=max((len(task.repeats) for task in found.tasks.values()), default=0),
        best_of=max((len(draw.samples) + draw.waiting for task in draws.values() for draw in task), default=0),
        pass_at_1=passing.mean.noted(left_out).noted(leaning),
        pass_at_most=at_most,
        mean_score=score.mean.noted(left_out),
        selected=_noted(passing.selected, unpicked),
        selected_score=_noted(score.selected, unpicked),
        oracle=passing.oracle.noted(left_out),
        oracle_score=score.oracle.noted(left_out),
        hit_rate=passing.oracle.noted(left_out),
        recovery=passing.recovery,
        recovery_score=score.recovery,
        distinct=distinct(draws),
        fence_rate=_fences(found),
        outcomes={outcome.value: outcomes[outcome.value] for outcome in Outcome if outcomes[outcome.value]},
        coverage=coverage,
        totals=_totals(found),
        curve=passing.curve,
        score_curve=score.curve,
        categories=_categories(found, draws),
        by_task=tuple(_task(task, found.tasks[task], draws.get(task, [])) for task in sorted(found.tasks)),
        agents=_agents(found.agents, draws) if found.agents.attempts else None,
        pathologies=counted(found.flags, [_sampled(task) for task in draws.values()]),
    )


def _agents(found: AgentTally, draws: dict[str, list[Draw]]) -> Agents:
    return Agents(
        names=tuple(sorted(found.names)),
        attempts=found.attempts,
        first_try=mean_of(draws, lambda sample: sample.passed_first),
        last_try=mean_of(draws, lambda sample: sample.passed),
        told=found.told,
        well_formed=found.well_formed,
        left=found.left,
        endings=dict(sorted(found.endings.items())),
        counts=dict(sorted(found.counts.items())),
        calls=found.calls,
        refused=found.refused,
        start_s=statistics.median(found.start_s),
        wall_s=found.wall_s,
    )


def _sampled(task: list[Draw]) -> list[Sampled]:
    return [Sampled(sample.score, sample.hash, sample.seed) for draw in task for sample in draw.samples]


def _noted(score: Score, note: str) -> Score:
    """The note about some missing selections says nothing where all are missing."""
    return score if score.value is None else score.noted(note)


def _coverage(name: str, found: ModelTally, picks: Picks) -> Coverage:
    unselected, unusable, methods = picks.coverage(name, found)
    return Coverage(
        attempts=found.attempts,
        graded=found.attempts - found.provider_failures - found.infra_errors - found.ungraded - found.unscored,
        provider_failures=found.provider_failures,
        infra_errors=found.infra_errors,
        ungraded=found.ungraded,
        unscored=found.unscored,
        failures=dict(found.failures.most_common()),
        tasks_without_grade=tuple(sorted(name for name, task in found.tasks.items() if not task.draws)),
        unselected=unselected,
        unusable_selections=unusable,
        selection_methods=methods,
        empty_replies=found.flags["empty_reply"],
        thinking_only=found.flags["thinking_only"],
        cut_by_length=found.flags["cut_by_length"],
    )


def _totals(found: ModelTally) -> Totals:
    return Totals(
        prompt_tokens=found.prompt_tokens,
        completion_tokens=found.completion_tokens,
        tokens_known=found.tokens_known,
        model_s=found.model_s,
        sandbox_s=found.sandbox_s,
        total_s=found.total_s,
        tokens_per_s=found.speed_tokens / found.speed_s if found.speed_s and found.speed_tokens else None,
        cost_usd=found.cost_usd if found.cost_known else None,
        cost_known=found.cost_known,
    )


def _fences(found: ModelTally) -> Score:
    """Share of replies with fences, over tasks."""
    counted = [task for task in found.tasks.values() if task.replies]
    return over_tasks([task.fenced / task.replies for task in counted], [task.replies for task in counted])


def _categories(found: ModelTally, draws: dict[str, list[Draw]]) -> tuple[CategorySummary, ...]:
    grouped: dict[str, dict[str, list[Draw]]] = {}
    for name, task in found.tasks.items():
        grouped.setdefault(task.category, {})[name] = draws.get(name, [])
    return tuple(_category(name, grouped[name]) for name in sorted(grouped))


def _category(name: str, draws: dict[str, list[Draw]]) -> CategorySummary:
    passing = mean_of(draws, lambda sample: sample.passed)
    return CategorySummary(
        category=name,
        tasks=len(draws),
        pass_at_1=passing,
        selected=selected_of(draws, lambda sample: sample.passed),
        oracle=oracle_of(draws, lambda sample: sample.passed),
        mean_score=mean_of(draws, lambda sample: sample.score),
        underpowered=passing.n < UNDERPOWERED,
    )


def _task(name: str, found: TaskTally, draws: list[Draw]) -> TaskSummary:
    samples = [sample for draw in draws for sample in draw.samples]
    hits = sum(sample.passed for sample in samples)
    passing = Score.of(hits / len(samples), rate(hits, len(samples)), len(samples)) if samples else None
    chosen = [draw.chosen.passed for draw in draws if draw.chosen]
    best = [any(sample.passed for sample in draw.samples) for draw in draws]
    return TaskSummary(
        task=name,
        category=found.category,
        kind=found.kind,
        attempts=found.attempts,
        graded=len(samples),
        hits=hits,
        pass_at_1=passing or Score.missing("No graded attempt."),
        mean_score=sum(sample.score for sample in samples) / len(samples) if samples else None,
        best_score=max((sample.score for sample in samples), default=None),
        selected=sum(chosen) / len(chosen) if chosen else None,
        oracle=sum(best) / len(best) if best else None,
        distinct=len({sample.hash for sample in samples if sample.hash}),
        outcomes=dict(sorted(found.outcomes.items())),
    )
