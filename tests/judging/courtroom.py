"""Tasks, attempts and runs for judges, made without a sandbox or a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.config import ModelProfile
from harness.types import (
    DIMENSIONS,
    Answer,
    Attempt,
    Candidate,
    Extraction,
    JudgeMode,
    Judgment,
    Labelled,
    Mark,
    Marked,
    Message,
    Outcome,
    Purpose,
    Reading,
    Reply,
    Task,
    Verdict,
)

PROFILE = ModelProfile(name="court", provider="openai_compatible", model="m-1")


def chat_task(name: str = "t", **keys: Any) -> Task:
    """A conversation of one turn."""
    given: dict[str, Any] = {
        "id": f"s/{name}",
        "suite": "s",
        "name": name,
        "kind": "conversation",
        "instruction": "",
        "system": "You are Blip.",
        "turns": (Message(role="user", content="Spell cat."),),
        "pass_criteria": "Spells it.",
        "reference": Answer(name="reference", files={"reply.md": "C-A-T"}),
    }
    return Task(**{**given, **keys})


def code_task(name: str = "t", **keys: Any) -> Task:
    given: dict[str, Any] = {
        "id": f"s/{name}", "suite": "s", "name": name, "kind": "function", "instruction": "Write f.", "entry": "f",
    }  # fmt: skip
    return Task(**{**given, **keys})


def attempt(
    task: Task,
    model: str,
    text: str | dict[str, str] | None = "an answer",
    *,
    repeat: int = 0,
    number: int = 0,
    outcome: Outcome | None = Outcome.passed,
) -> Attempt:
    """An attempt that answered with this text, or with these files; None: with nothing. `outcome` None: it failed."""
    path = "reply.md" if task.kind == "conversation" else "solution.py"
    files = {path: text} if isinstance(text, str) else text
    verdict = None
    if outcome is not None:
        points = 1.0 if outcome is Outcome.passed else 0.0
        verdict = Verdict(outcome=outcome, points=points, max_points=1.0)
    return Attempt(
        task=task.id,
        suite=task.suite,
        category=task.category,
        kind=task.kind,
        model=model,
        repeat=repeat,
        attempt=number,
        seed=1,
        solver="single_shot",
        reply=Reply(text="raw") if outcome is not None else None,
        error="" if outcome is not None else "503",
        extraction=Extraction(candidate=Candidate(files=files) if files is not None else None, choice="all"),
        verdict=verdict,
        task_hash=task.content_hash,
        started=f"2025-01-01T00:00:00.{number:03}+00:00",
    )


def marks(label: str, score: float = 8, *, rank: int | None = 1, passes: bool | None = True) -> Mark:
    return Mark(label=label, scores=dict.fromkeys(DIMENSIONS, score), rank=rank, passes=passes)


def judged(
    task: Task,
    model: str,
    mark: Mark,
    *,
    judge: str = "j",
    mode: JudgeMode = "listwise",
    purpose: Purpose = "compare",
    number: int = 0,
    **keys: Any,
) -> Marked:
    """A mark with a model to it."""
    given: dict[str, Any] = {"repeat": 0, "part": "", "slot": 0, "of": 1, "characters": 10, **keys}
    return Marked(
        judgment=f"{judge}-{mode}", purpose=purpose, mode=mode, judge=judge, task=task.id, model=model, attempt=number,
        mark=mark, **given,
    )  # fmt: skip


def judgment(identity: str = "1", *, reading: Reading | None = None, **keys: Any) -> Judgment:
    given: dict[str, Any] = {
        "id": identity, "mode": "listwise", "judge": "j", "task": "s/t", "repeat": 0, "labels": ("A",),
        "reply": Reply(text="raw") if reading else None, "reading": reading, "error": "" if reading else "503",
        "started": f"2025-01-01T00:00:0{identity[:1]}",
    }  # fmt: skip
    return Judgment(**{**given, **keys})


def labelled(models: Sequence[str]) -> tuple[Labelled, ...]:
    return tuple(Labelled(label=chr(65 + n), model=name, attempt=0, characters=n) for n, name in enumerate(models))


class Court:
    """A directory with a catalogue and a run of code tasks, every attempt of which passed unless told otherwise."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = root / "runs" / "r"
        self.catalogue = root / "models.yaml"
        self.entries: dict[str, dict[str, Any]] = {}

    def judge(self, name: str, url: str, **keys: Any) -> None:
        """An entry of the catalogue that is served at `url`."""
        self.entries[name] = {
            "provider": "openai_compatible", "model": f"{name}-1", "base_url": f"{url}/v1", "stream": False,
            "retries": 0, "concurrency": 1, **keys,
        }  # fmt: skip
        self._write()

    def hold(self, answers: Iterable[tuple[str, str, str]], *, tasks: int = 1, **config: Any) -> Path:
        """A finished run: (task, model, source of its solution); more attempts of one pair are one best-of-N."""
        import shutil

        from harness.cli.new import TEMPLATES
        from harness.config import RunConfig
        from harness.plan import keep, plan
        from harness.store import Store

        answers = list(answers)
        for name in dict.fromkeys(name for name, _, _ in answers):
            shutil.copytree(TEMPLATES / "function", self.root / "s" / name, dirs_exist_ok=True)
        for model in dict.fromkeys(model for _, model, _ in answers):
            self.entries.setdefault(model, {"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"})
        self._write()
        models = tuple(dict.fromkeys(model for _, model, _ in answers))
        given: dict[str, Any] = {
            "paths": (self.root / "s",), "models": models, "out": self.root / "runs", "name": "r",
            "catalogue": self.catalogue, **config,
        }  # fmt: skip
        planned = plan(RunConfig(**given))
        known = {task.name: task for task in planned.tasks}
        numbers: dict[tuple[str, str], int] = {}
        with Store(self.run) as store:
            keep(store, planned)
            for name, model, source in answers:
                number = numbers[name, model] = numbers.get((name, model), -1) + 1
                store.save(attempt(known[name], model, source, number=number))
        return self.run

    def _write(self) -> None:
        self.catalogue.write_text(yaml.safe_dump({"models": self.entries}))
