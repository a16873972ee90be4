"""Every attempt: prompt, reply, thinking, code, verdict case by case. Hidden values stay hidden unless asked for."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from harness.judging.analysis.sheet import Cell

from .. import text
from ..attempt_view import ModelView, TaskView, attempt_view, prompt_of
from ..clipper import Clipper
from ..drill import Key
from ..marks_view import Marks, marks_of
from ..page import Page, Report


def _tasks(report: Report) -> Iterator[TaskView]:
    """The drill-down, lazily: one task's texts at a time."""
    clipper = Clipper()
    attempts = report.drill.attempts
    judged = marks_of(report.run, map(_cell, attempts), show_hidden=report.show_hidden)
    by_model = {(m.model, found.task): found for m in report.models for found in m.by_task}
    for place, (name, keys) in enumerate(groupby(attempts, key=lambda key: key.task), 1):
        models = []
        for model, group in groupby(keys, key=lambda key: key.model):
            members = list(group)
            found = by_model.get((model, name))
            hits = f"{found.hits}/{found.graded}" if found else "0/0"
            models.append(_model(report, model, members, hits, clipper, judged))
        info = report.run.tasks.get(name)
        first = attempts[next(key for key in attempts if key.task == name)]
        hidden = sum(not case.visible for case in info.cases) if info else 0
        yield TaskView(
            anchor=f"task-{place}",
            id=text.one_line(name),
            title=text.one_line(report.title(name)),
            kind=first.kind,
            category=text.one_line(first.category),
            instruction=clipper.take(info.instruction, 20_000) if info else "",
            cases=[case for case in info.cases if case.visible or report.show_hidden] if info else [],
            hidden=0 if report.show_hidden else hidden,
            models=models,
        )


def _model(report: Report, model: str, keys: list[Key], hits: str, clipper: Clipper, judged: Marks) -> ModelView:
    """All attempts of one model at one task; a prompt they share is shown once."""
    attempts = [report.drill.attempts[key] for key in keys]
    info = report.run.tasks.get(keys[0].task)
    calls = {case.id: case.call for case in info.cases if case.visible or report.show_hidden} if info else {}
    prompts = [prompt_of(attempt) for attempt in attempts]
    shared = prompts[0] if all(prompt == prompts[0] for prompt in prompts) else []
    views = [
        attempt_view(
            attempt,
            report.drill.picks.get(key),
            clipper,
            prompt=[] if shared else prompt,
            calls=calls,
            show_hidden=report.show_hidden,
            sessions=report.run.calls,
            marks=judged.get(_cell(key), ()),
        )
        for key, attempt, prompt in zip(keys, attempts, prompts, strict=True)
    ]
    return ModelView(text.one_line(model), hits, [(role, clipper.take(body, 20_000)) for role, body in shared], views)


def _cell(key: Key) -> Cell:
    return Cell(key.task, key.repeat, key.model, key.attempt)


def context(report: Report) -> Mapping[str, object]:
    """Tasks as a stream, and what was left out."""
    shown = len(report.drill.attempts)
    return {"tasks": _tasks(report), "shown": shown, "left_out": report.drill.total - shown}


def markdown(report: Report) -> str:
    """Texts of attempts are not for Markdown: hostile text has too many ways to act there."""
    return ""


page = Page("attempts", "Every attempt", context, markdown)
