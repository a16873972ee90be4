"""What a run is going to do, decided before anything is started, and whether a store holds that very run."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import solvers
from harness.config import ModelProfile, RunConfig
from harness.errors import StoreError, UsageError, WorkError
from harness.executor import Trial
from harness.judging.prompt import read_template
from harness.judging.results import ELSEWHERE
from harness.models.catalogue import Catalogue, check_ready, load_catalogue
from harness.rundir import RunPaths
from harness.solvers.seeds import attempt_seed
from harness.store import Store
from harness.tasks import load_tasks
from harness.types import AttemptKey, Task
from harness.words import plural

NAME_BYTES = 200
NO_JUDGES = ("reference", "replay")
"""Providers that answer from a task or a recording of it, and a judge is given neither."""
DECIDES = {
    "provider", "model", "style", "few_shot", "system", "sampling", "weights", "recording", "extra",
}  # fmt: skip
"""The keys of a catalogue entry that change what a model answers; the others may change before a run is resumed."""


@dataclass(frozen=True)
class Plan:
    """A run before anything is called: its tasks, models and attempts."""

    name: str
    config: RunConfig
    tasks: list[Task]
    profiles: dict[str, ModelProfile]
    judges: dict[str, ModelProfile] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    """Where the names came from; None for a run that is read back."""

    @property
    def paths(self) -> RunPaths:
        return RunPaths(self.config.out / self.name)

    @property
    def each(self) -> int:
        """Attempts of a model that is given every task."""
        return len(self.tasks) * self.config.repeats * self.config.best_of

    @property
    def not_asked(self) -> dict[str, int]:
        """Model -> tasks that are not given to it because they show pictures; models given all of them are left out."""
        pictures = sum(task.pictures for task in self.tasks)
        return {name: pictures for name, profile in self.profiles.items() if pictures and not profile.sees}

    @property
    def total(self) -> int:
        left_out = sum(self.not_asked.values()) * self.config.repeats * self.config.best_of
        return self.each * len(self.profiles) - left_out

    def notes(self) -> Iterator[str]:
        """What is left out, a line a model."""
        for name, number in self.not_asked.items():
            yield f"{name}: {plural(number, 'task needs', 'tasks need')} a model that sees pictures: not asked"

    def trials(self) -> Iterator[Trial]:
        """Every attempt; models take turns, so that a run cut short has compared them on the same tasks."""
        config = self.config
        grid = itertools.product(range(config.repeats), range(config.best_of), self.tasks, self.profiles)
        for repeat, attempt, task, model in grid:
            if task.pictures and not self.profiles[model].sees:
                continue
            yield Trial(
                task=task,
                model=model,
                repeat=repeat,
                attempt=attempt,
                seed=attempt_seed(config.seed, task.id, model, repeat, attempt),
                solver=solvers.solver_for(task, config.solver),
                isolation=config.isolation,
            )


def plan(config: RunConfig) -> Plan:
    """Read tasks and catalogue. Raises UsageError, TaskError, ConfigError before anything is started."""
    if config.select == "judge" and not config.judges:
        raise UsageError("--select judge needs a judge", remedy="--judge NAME, a model of the catalogue")
    if config.solver not in solvers.available():
        raise UsageError(f"unknown solver {config.solver!r}", remedy=f"known: {', '.join(solvers.available())}")
    # What is given twice is done once, and is the same run as what is given once.
    once = {key: tuple(dict.fromkeys(getattr(config, key))) for key in ("paths", "models", "tasks", "judges")}
    config = config.model_copy(update=once)
    tasks = load_tasks(config.paths, config.tasks)
    catalogue = load_catalogue(config.catalogue)
    profiles = {name: catalogue.get(name) for name in config.models}
    for profile in profiles.values():
        check_ready(profile)
    judges = judge_profiles(catalogue, config.judges)
    if config.rubric is not None:
        read_template(config.rubric)  # a broken one is told of now, not when all attempts are made
    name = checked(config.name) or _name(config, tasks)
    planned = Plan(name=name, config=config, tasks=tasks, profiles=profiles, judges=judges, catalogue=catalogue)
    if not planned.total:
        raise UsageError(
            f"nothing is left to ask: every task shows pictures, and none of {', '.join(profiles)} sees any",
            remedy="--model NAME, one whose catalogue entry does not say `vision: false`",
        )
    return planned


def judge_profiles(catalogue: Catalogue, names: Sequence[str]) -> dict[str, ModelProfile]:
    """The entries of judges. Raises ConfigError, UsageError before anything is started."""
    found = {name: catalogue.get(name) for name in names}
    for profile in found.values():
        if profile.name.startswith(ELSEWHERE):
            raise UsageError(f"{profile.name} cannot judge: such names are for judgments that were made elsewhere")
        if profile.provider in NO_JUDGES:
            raise UsageError(f"{profile.name} cannot judge: provider {profile.provider} answers tasks only")
        check_ready(profile)
    return found


def key_of(trial: Trial) -> AttemptKey:
    """The identity of the attempt that a trial makes."""
    return AttemptKey(task=trial.task.id, model=trial.model, repeat=trial.repeat, attempt=trial.attempt)


def checked(name: str) -> str:
    """A run's name as it was given. Raises UsageError for one that is no plain name of a directory."""
    plain = name == name.strip() and name.isprintable() and not set(name) & {"/", "\\"} and name[:1] not in (".", "-")
    if plain and len(name.encode()) <= NAME_BYTES:
        return name
    raise UsageError(
        f"--name {name!r} cannot be the name of a run",
        remedy=f"at most {NAME_BYTES} bytes, no slash, no dot or dash first; --out says where runs are kept",
    )


def _name(config: RunConfig, tasks: Sequence[Task]) -> str:
    """A name that the same command finds again."""
    suites = "-".join(dict.fromkeys(task.suite for task in tasks))
    digest = hashlib.sha256(json.dumps(config.identity(), sort_keys=True).encode()).hexdigest()[:8]
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", suites)[:60].strip(".-")
    return f"{words or 'run'}-{digest}"


def same_run(store: Store, planned: Plan) -> None:
    """Refuse to mix two configurations, or two versions of a task, in one store. Raises UsageError."""
    differ = [
        *_changes(store.fact("identity"), _plain(planned.config.identity())),
        *_model_changes(store.fact("models") or {}, planned.profiles),
        *_shrunk(store.fact("config") or {}, planned.config),
    ]
    if differ:
        raise UsageError(
            f"{store.paths.root} holds a run with another configuration: {'; '.join(differ)}",
            remedy="choose another --name, or give the same configuration to resume",
        )
    now = {task.id: task.content_hash for task in planned.tasks}
    done = store.done()
    changed = sorted({key.task for key, made_on in done.items() if now.get(key.task, made_on) != made_on})
    if changed:
        raise UsageError(
            f"changed since this run began: {', '.join(changed)}",
            remedy="choose another --name for a new run, or `harness regrade` to grade the old answers again",
        )
    gone = sorted({key.task for key in done} - set(now))
    if gone:
        raise UsageError(
            f"no longer there since this run began: {', '.join(gone)}",
            remedy="restore those tasks, or choose another --name for a new run",
        )


def keep(store: Store, planned: Plan) -> None:
    """Write down what the run is, for those who resume it and for reports."""
    store.set_fact("identity", planned.config.identity())
    store.set_fact("planned", planned.each)
    store.set_fact("not_asked", planned.not_asked)
    store.set_fact("began_in", str(Path.cwd()))  # what relative paths in the configuration are relative to
    store.set_fact("config", planned.config.model_dump(mode="json"))
    store.set_fact("models", {name: profile.model_dump(mode="json") for name, profile in planned.profiles.items()})
    store.set_fact("notes", {name: profile.note for name, profile in planned.profiles.items() if profile.note})
    store.set_fact("tasks", task_infos(planned.tasks))


def task_infos(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """What reports need of the tasks, so that they can be made without them."""
    from harness.stats.inputs import TaskInfo

    return [TaskInfo.of(task).model_dump(mode="json") for task in tasks]


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _changes(known: dict[str, Any] | None, wanted: dict[str, Any]) -> list[str]:
    if known is None:
        return []
    return [f"{key} was {known.get(key)!r}, now {wanted[key]!r}" for key in wanted if known.get(key) != wanted[key]]


def _model_changes(known: dict[str, Any], profiles: dict[str, ModelProfile]) -> Iterator[str]:
    for name, profile in profiles.items():
        if name in known:
            wanted = profile.model_dump(mode="json", include=DECIDES)
            yield from (f"of model {name}, {change}" for change in _changes(known[name], wanted))


def _shrunk(known: dict[str, Any], config: RunConfig) -> Iterator[str]:
    for key in ("best_of", "repeats"):
        before, now = known.get(key, 0), getattr(config, key)
        if now < before:
            yield f"{key} was {before}, now {now}: a run can grow, not shrink"


def planned_before(store: Store, directory: Path) -> Plan:
    """The plan a run was made by, with the tasks as they are now."""
    kept, models = store.fact("config"), store.fact("models")
    if kept is None or models is None:
        raise StoreError(f"{directory} holds a run that never began", remedy="begin it with `harness run`")
    if not kept["paths"]:
        raise UsageError(f"{directory} was imported without its tasks", remedy="import it with --tasks PATH")
    root = directory.resolve()
    began_in = Path(store.fact("began_in") or "")
    paths = [began_in / path for path in kept["paths"]]
    rubric = began_in / kept["rubric"] if kept.get("rubric") else None
    config = RunConfig.model_validate({**kept, "paths": paths, "rubric": rubric, "name": root.name, "out": root.parent})
    profiles = {name: ModelProfile.model_validate(profile) for name, profile in models.items()}
    return Plan(name=root.name, config=config, tasks=load_tasks(config.paths, config.tasks), profiles=profiles)


def unchanged(store: Store, tasks: Sequence[Task]) -> None:
    """Judges must not be shown another task than was answered. Raises UsageError."""
    now = {task.id: task.content_hash for task in tasks}
    changed = sorted(
        {key.task for key, made_on in store.done().items() if made_on and now.get(key.task, made_on) != made_on}
    )
    if changed:
        raise UsageError(
            f"changed since this run began: {', '.join(changed)}",
            remedy="`harness regrade` grades the old answers by the tasks as they are now; then judge them",
        )


def keep_manifest(store: Store, found: dict[str, Any]) -> None:
    """Write down what the run depended on, in the store and beside it. Raises StoreError, WorkError."""
    store.set_fact("manifest", found)
    try:
        draft = store.paths.manifest.with_suffix(".json.new")
        draft.write_text(json.dumps(found, indent=2, default=str) + "\n", encoding="utf-8")
        draft.replace(store.paths.manifest)
    except OSError as error:
        raise WorkError(
            f"{store.paths.manifest} cannot be written: {error.strerror}", remedy="free space, then run again"
        ) from None
