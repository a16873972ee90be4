"""Attempts, streamed into counts: what is kept of each is small, replies and outputs are let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.stats.bestofn import Draw, Sample
from harness.stats.pathologies import flags
from harness.types import JUDGE_CASE, AgentRecord, Attempt, Outcome, Selection

_KINDS_OF_FAILURE = 50
"""Different provider errors kept apart; further ones are counted together."""


@dataclass(slots=True)
class TaskTally:
    """One model on one task."""

    category: str
    kind: str
    draws: dict[int, dict[int, Sample]] = field(default_factory=dict)
    """Repeat -> attempt -> sample, graded attempts only."""
    outcomes: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    """Attempts in which a candidate was looked for."""
    fenced: int = 0
    attempts: int = 0
    repeats: set[int] = field(default_factory=set)
    waiting: Counter[int] = field(default_factory=Counter)
    """Repeat -> attempts that only a judge can score, and none has."""
    met: Counter[int] = field(default_factory=Counter)
    """Repeat -> unscored attempts that meet the criteria of their task, as those that do not are counted as wrong."""


@dataclass(slots=True)
class AgentTally:
    """What a model's agents did, all attempts together."""

    names: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    told: int = 0
    """Attempts that were told of hidden failures, and tried again."""
    well_formed: int = 0
    """Attempts without a malformed edit."""
    calls: int = 0
    refused: int = 0
    left: int = 0
    """Attempts that changed files which are not part of the answer."""
    start_s: list[float] = field(default_factory=list)
    wall_s: float = 0.0

    def add(self, agent: AgentRecord) -> None:
        """Count one attempt."""
        self.attempts += 1
        self.names[agent.agent] += 1
        self.endings[agent.ending.value] += 1
        self.counts.update(agent.counts)
        self.told += bool(agent.earlier)
        self.well_formed += not (agent.counts.get("malformed") or agent.counts.get("edit_errors"))
        self.calls += agent.calls
        self.refused += agent.refused
        self.left += bool(agent.left)
        self.start_s.append(agent.start_s)
        self.wall_s += agent.wall_s


@dataclass(slots=True)
class ModelTally:
    """One model in all tasks. Sums are over every attempt, graded or not."""

    tasks: dict[str, TaskTally] = field(default_factory=dict)
    attempts: int = 0
    provider_failures: int = 0
    infra_errors: int = 0
    ungraded: int = 0
    unscored: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """First line of a provider or infrastructure error -> attempts."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens_known: int = 0
    """Attempts whose completion tokens the server counted."""
    model_s: float = 0.0
    speed_tokens: int = 0
    speed_s: float = 0.0
    sandbox_s: float = 0.0
    total_s: float = 0.0
    cost_usd: float = 0.0
    cost_known: int = 0
    agents: AgentTally = field(default_factory=AgentTally)
    flags: Counter[str] = field(default_factory=Counter)
    """Flag of `pathologies.ATTEMPT_FLAGS` -> attempts."""

    def add(self, attempt: Attempt) -> None:
        """Count one attempt."""
        task = self.tasks.get(attempt.task)
        if task is None:
            task = self.tasks[attempt.task] = TaskTally(attempt.category, attempt.kind)
        self.attempts += 1
        task.attempts += 1
        task.repeats.add(attempt.repeat)
        self._add_verdict(task, attempt)
        self._add_reply(task, attempt)
        self.flags.update(flags(attempt))
        self.total_s += attempt.seconds
        if attempt.cost_usd is not None:
            self.cost_usd += attempt.cost_usd
            self.cost_known += 1

    def _add_verdict(self, task: TaskTally, attempt: Attempt) -> None:
        """A verdict counts unless the sandbox failed; without one it is a provider failure or not graded yet."""
        verdict = attempt.verdict
        if verdict is None:
            if attempt.error:
                self.provider_failures += 1
                self._fail(attempt.error)
            else:
                self.ungraded += 1
            return
        self.sandbox_s += verdict.seconds
        task.outcomes[verdict.outcome.value] += 1
        if verdict.outcome is Outcome.infra_error:
            self.infra_errors += 1
            self._fail(f"sandbox: {verdict.detail}")
            return
        if not verdict.outcome.counts:
            self.unscored += 1
            task.waiting[attempt.repeat] += 1
            task.met[attempt.repeat] += any(case.id != JUDGE_CASE for case in verdict.cases)
            return
        task.draws.setdefault(attempt.repeat, {})[attempt.attempt] = Sample(
            passed=verdict.passed,
            score=min(1.0, max(0.0, verdict.score)),
            visible=verdict.visible_score,
            signature=attempt.signature,
            hash=attempt.candidate_hash,
            passed_first=bool(attempt.first_verdict and attempt.first_verdict.passed),
            seed=attempt.seed,
        )

    def _add_reply(self, task: TaskTally, attempt: Attempt) -> None:
        if attempt.extraction is not None and not attempt.extraction.handed_over:
            task.replies += 1
            task.fenced += attempt.extraction.fenced
        if attempt.agent is not None:
            self.agents.add(attempt.agent)
        reply = attempt.reply
        if reply is None:
            return
        self.prompt_tokens += reply.usage.prompt_tokens or 0
        self.model_s += reply.seconds
        tokens = reply.usage.completion_tokens
        if tokens is not None:
            self.tokens_known += 1
            self.completion_tokens += tokens
            if reply.seconds > 0:
                self.speed_tokens += tokens
                self.speed_s += reply.seconds

    def _fail(self, text: str) -> None:
        line = text.strip().partition("\n")[0][:200] or "no reason given"
        known = line in self.failures or len(self.failures) < _KINDS_OF_FAILURE
        self.failures[line if known else "other"] += 1


@dataclass(slots=True)
class Picks:
    """Selections, by (model, task, repeat)."""

    chosen: dict[tuple[str, str, int], tuple[int, str]] = field(default_factory=dict)
    """-> (attempt, method)."""

    @classmethod
    def of(cls, selections: Iterable[Selection]) -> Picks:
        return cls({(s.model, s.task, s.repeat): (s.attempt, s.method) for s in selections})

    def draws(self, model: str, tally: ModelTally) -> dict[str, list[Draw]]:
        """The graded attempts of a model as draws, each with its selection where that can be used."""
        found: dict[str, list[Draw]] = {}
        for name, task in tally.tasks.items():
            for repeat, samples in sorted(task.draws.items()):
                attempt, method = self.chosen.get((model, name, repeat), (-1, ""))
                ordered = [samples[index] for index in sorted(samples)]
                found.setdefault(name, []).append(Draw(ordered, samples.get(attempt), method, task.waiting[repeat]))
        return found

    def coverage(self, model: str, tally: ModelTally) -> tuple[int, int, dict[str, int]]:
        """(repeats without a selection, selections of an attempt that was not graded, method -> selections)."""
        without = unusable = 0
        methods: Counter[str] = Counter()
        for name, task in tally.tasks.items():
            for repeat in task.repeats:
                pick = self.chosen.get((model, name, repeat))
                if pick is None:
                    without += 1
                    continue
                methods[pick[1]] += 1
                unusable += pick[0] not in task.draws.get(repeat, {})
        return without, unusable, dict(sorted(methods.items()))


def tally(attempts: Iterable[Attempt]) -> dict[str, ModelTally]:
    """Model -> tally, models in the order in which they are first met."""
    models: dict[str, ModelTally] = {}
    for attempt in attempts:
        found = models.get(attempt.model)
        if found is None:  # not setdefault, which makes one for every attempt
            found = models[attempt.model] = ModelTally()
        found.add(attempt)
    return models
