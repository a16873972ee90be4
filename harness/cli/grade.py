"""`harness grade`."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from harness.cli.options import require_isolation_option, sandbox_option, say
from harness.cli.tables import show, table
from harness.errors import UsageError
from harness.types import Frozen, Outcome, SandboxLevel, Task, Verdict
from harness.words import plural

SHAPES = (
    '{"task": id, "code": text}, {"task": id, "files": {path: text}}, or of a conversation {"task": id, "reply": text}'
)


class Given(Frozen):
    """One line of a candidates file."""

    line: int
    task: str
    code: str | None = None
    files: dict[str, str] | None = None
    spoken: bool = False
    """It came as `reply` or `replies`."""


@click.command(short_help="grade given answers, no model")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "--candidates",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help='JSON lines: {"task": id, "code": text}, {"task": id, "files": {path: text}} or {"task": id, "reply": text}.',
)
@click.option(
    "--isolation",
    type=click.Choice(["candidate", "task"]),
    default="task",
    show_default=True,
    help="What shares a container.",
)
@sandbox_option
@require_isolation_option
@click.option("--concurrency", type=click.IntRange(1, 256), default=4, show_default=True, help="Candidates at once.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def command(
    paths: tuple[Path, ...],
    candidates: Path,
    isolation: str,
    sandbox: str,
    require_isolation: SandboxLevel | None,
    concurrency: int,
    as_json: bool,
) -> int:
    """Grade the answers of a file without any model. PATH is a suite or task that they answer."""
    from harness.grading.attempts import in_threads
    from harness.sandbox.nothing import sandbox_for
    from harness.sandbox.pool import Pool
    from harness.tasks import load_tasks

    tasks = {task.id: task for task in load_tasks(paths)}
    given = list(_read(candidates, tasks))
    if not given:
        raise UsageError(f"{candidates} has no candidate", remedy=f"a line is {SHAPES}")
    size = min(concurrency, max(1, len(given)))
    with (
        contextlib.closing(sandbox_for(tasks.values(), sandbox, say, require_isolation)) as backend,
        Pool(backend, size=size, log=say) as pool,
    ):
        verdicts = in_threads(lambda item: _grade(item, tasks, pool, isolation), given, pool, size)
        # One at a time: a hundred thousand verdicts with all their cases would fill the memory.
        entries = (_entry(*found) for found in zip(itertools.count(), given, verdicts))
        tally = _print_json(entries) if as_json else _print_table(entries)
    if tally.broken:
        click.echo(f"not complete: the sandbox failed on {plural(tally.broken, 'candidate')}: {tally.reason}", err=True)
    return 1 if tally.broken else 0


def _read(path: Path, tasks: dict[str, Task]) -> Iterator[Given]:
    """The candidates, one a line. Raises UsageError naming the line."""
    names = Counter(task.name for task in tasks.values())
    short = {task.name: task.id for task in tasks.values() if names[task.name] == 1}
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = _candidate(line, number)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}:{number}: {error}", remedy=f"a line is {SHAPES}") from None
        if (item.code is None) == (item.files is None):
            raise UsageError(f"{path}:{number}: a candidate has either `code` or `files`", remedy=f"a line is {SHAPES}")
        ident = item.task if item.task in tasks else short.get(item.task)
        if ident is None:
            raise UsageError(f"{path}:{number}: no task {item.task!r}", remedy=f"tasks: {', '.join(sorted(tasks))}")
        if item.spoken and tasks[ident].runs:
            told = f"{path}:{number}: {ident} is no conversation, so it has no replies"
            raise UsageError(told, remedy=f"a line is {SHAPES}")
        yield item.model_copy(update={"task": ident})


def _candidate(line: bytes, number: int) -> Given:
    """One line's candidate. Raises ValueError saying what is wrong with it."""
    try:
        record = json.loads(line)
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(record, dict):
        raise ValueError(f"expected a JSON object, found {type(record).__name__}")  # noqa: TRY004
    spoken = bool({"reply", "replies"} & set(record))
    record = _with_replies(record)
    unknown = set(record) - {"task", "code", "files"}
    if unknown:
        raise ValueError(f"unknown key {', '.join(map(repr, sorted(unknown)))}")
    try:
        return Given.model_validate({**record, "line": number, "spoken": spoken})
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _with_replies(record: dict[str, Any]) -> dict[str, Any]:
    """The same with `reply`, or `replies` of a conversation of several turns, as the files that these become."""
    from harness.tasks.turns import reply_files

    given = [key for key in ("reply", "replies") if key in record]
    if not given:
        return record
    if len(given) > 1 or "code" in record or "files" in record:
        raise ValueError("give one of code, files, reply, replies")
    said = record[given[0]] if given == ["replies"] else [record["reply"]]
    if not isinstance(said, list) or not all(isinstance(text, str) for text in said):
        raise ValueError("`reply` is a text, `replies` a list of texts")
    return {**{key: value for key, value in record.items() if key not in given}, "files": reply_files(said)}


def _grade(item: Given, tasks: dict[str, Task], pool: Any, isolation: Any) -> Verdict:
    from harness.grading.extract import candidate_from
    from harness.grading.grade import grade

    task = tasks[item.task]
    return grade(task, candidate_from(task, code=item.code, files=item.files), pool, isolation)[0]


def _entry(index: int, item: Given, verdict: Verdict) -> dict[str, Any]:
    return {
        "task": item.task,
        "index": index,
        "line": item.line,
        "outcome": verdict.outcome.value,
        "score": verdict.score,
        "isolation": verdict.isolation,
        "assurance": verdict.assurance,
        "cases": [{"id": case.id, "outcome": case.outcome.value, "visible": case.visible} for case in verdict.cases],
        "seconds": verdict.seconds,
        "detail": verdict.detail,
    }


class _Tally:
    """What is kept of entries that were printed."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.reason = ""
        """Of the first failure of the sandbox."""

    def count(self, entry: dict[str, Any]) -> None:
        self.outcomes[entry["outcome"]] += 1
        if entry["outcome"] == Outcome.infra_error.value:
            self.reason = self.reason or entry["detail"]

    @property
    def broken(self) -> int:
        """Candidates on which the sandbox failed."""
        return self.outcomes[Outcome.infra_error.value]

    def summary(self) -> dict[str, Any]:
        passed = self.outcomes[Outcome.passed.value]
        return {"candidates": self.outcomes.total(), "passed": passed, "outcomes": dict(+self.outcomes)}


def _print_json(entries: Iterator[dict[str, Any]]) -> _Tally:
    """The document, once it is whole: an interrupted command prints no half of one."""
    tally = _Tally()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        for entry in entries:
            kept.write((",\n  " if tally.outcomes else "\n  ") + json.dumps(entry))
            tally.count(entry)
        kept.seek(0)
        click.echo('{"results": [', nl=False)
        shutil.copyfileobj(kept, sys.stdout)
        click.echo(f'\n], "summary": {json.dumps(tally.summary())}}}')
    return tally


def _print_table(entries: Iterator[dict[str, Any]]) -> _Tally:
    tally = _Tally()
    made = table("verdicts", "task", "line", "outcome", "score", "assurance", "seconds")
    for entry in entries:
        tally.count(entry)
        made.add_row(
            entry["task"],
            str(entry["line"]),
            entry["outcome"],
            f"{entry['score']:.3f}",
            entry["assurance"],
            f"{entry['seconds']:.2f}",
        )
    show(made)
    found = tally.summary()
    click.echo(f"{found['passed']} of {found['candidates']} passed")
    return tally
