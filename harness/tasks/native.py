"""Reads a task directory of our own format (docs/tasks.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import TaskError
from harness.tasks import answers, cases
from harness.tasks.conversations import FORM, NOT_OURS
from harness.tasks.paths import TaskPaths, printable, read_tree
from harness.tasks.yamlfile import Section, read_text
from harness.types import Limits, Suite, Task

COMMON = ("kind", "category", "title", "tags", "limits", "select_on", "feedback")
"""The keys that may also stand in `suite.yaml` under `defaults`."""


def is_task(path: Path) -> bool:
    return (path / "task.yaml").is_file()


class Directory:
    """The tasks of a suite, or one of them alone; each is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        """Raises TaskError for a directory without tasks, or with a broken suite.yaml."""
        root = path.resolve()
        alone = _meant_as_task(root)
        self.root = root.parent if alone else root
        self.folders = [root] if alone else task_folders(root)
        self._home = _suite_file(self.root)
        self._about = _about(self._home)
        if not self.folders:
            raise TaskError(
                "no task here",
                path=path,
                remedy=f"a suite is a directory of directories with a task.yaml; `harness new` makes one; {FORM}",
            )

    def ident(self, folder: Path) -> str:
        return printable(Path(f"{self.root.name}/{folder.name}"))

    def task(self, folder: Path) -> Task:
        """One task directory. Raises TaskError."""
        return read_task(folder, self._home)

    def suite(self) -> Suite:
        tasks = tuple(self.task(folder) for folder in self.folders)
        return Suite(name=self.root.name, path=self.root, tasks=tasks, **self._about)


def task_folders(root: Path) -> list[Path]:
    """The tasks of a suite, and what looks like one and has no task.yaml: that is an error to be named."""
    folders = sorted(item for item in root.iterdir() if item.is_dir() and not item.name.startswith("."))
    return [item for item in folders if _meant_as_task(item)]


def _meant_as_task(path: Path) -> bool:
    return is_task(path) or any(item.name != "suite.yaml" for item in path.glob("*.yaml"))


def _meant(root: Path) -> str:
    named = [item.name for item in sorted(root.glob("*.yaml")) if item.name not in NOT_OURS]
    return f"if {', '.join(named[:3])} {'is' if len(named) == 1 else 'are'} meant: {FORM}" if named else ""


def _suite_file(root: Path) -> Section | None:
    path = root / "suite.yaml"
    return Section.of_file(path, "suite.yaml") if path.is_file() else None


def _about(home: Section | None) -> dict[str, str]:
    if home is None:
        return {}
    about = {"title": home.text_value("title", ""), "description": home.text_value("description", "")}
    defaults = home.section("defaults")
    for key in defaults:
        if key not in COMMON:
            raise defaults.error("this key cannot have a default", key, f"known keys: {', '.join(COMMON)}")
    home.finish("title, description, defaults")
    return about


def read_task(root: Path, home: Section | None) -> Task:
    """One task directory. Raises TaskError."""
    paths = TaskPaths(root)
    if not is_task(root):
        # Whoever has files of conversations there, which could not be told as such, has no use for the name alone.
        raise TaskError("this file is missing", path=paths.yaml, remedy=_meant(root))
    if not printable(root).isprintable() or printable(root) != str(root):
        raise TaskError("the name of this directory is no plain text", path=printable(root))
    section = Section.of_file(paths.yaml, "task.yaml")
    defaults = home.section("defaults") if home is not None else None
    kind = _text(section, defaults, "kind")
    if kind not in READERS:
        raise section.error(f"no kind {kind!r}", "kind", f"known: {', '.join(READERS)}")
    facts: dict[str, Any] = {
        "id": f"{root.parent.name}/{root.name}",
        "suite": root.parent.name,
        "name": root.name,
        "kind": kind,
        "directory": root,
        "content_hash": paths.content_hash(),
        "instruction": read_text(paths.instruction),
        "title": _text(section, defaults, "title", root.name),
        "category": _text(section, defaults, "category", "general"),
        "tags": _tags(section, defaults),
        "limits": _limits(section, defaults),
        "feedback": _feedback(section, defaults),
    }
    if not facts["instruction"].strip():
        raise TaskError("the instruction is empty", path=paths.instruction)
    facts.update(READERS[kind](paths, section))
    facts["select_on"] = _select_on(section, defaults, facts["cases"])
    section.finish()
    return Task(**facts)


def _function(paths: TaskPaths, section: Section) -> dict[str, Any]:
    entry = section.text_value("entry")
    if not entry.isidentifier():
        raise section.error(f"not the name of a function: {entry!r}", "entry")
    tolerance = section.number("tolerance")
    if tolerance is not None and tolerance < 0:
        raise section.error("a tolerance is not negative", "tolerance")
    reference, flawed = answers.single_file(paths, "solution.py")
    return {
        "entry": entry,
        "signature": section.text_value("signature") if "signature" in section else None,
        "fresh": section.flag("fresh"),
        "tolerance": tolerance,
        "cases": cases.call_cases(paths.cases, entry),
        "reference": reference,
        "flawed": flawed,
    }


def _program(paths: TaskPaths, section: Section) -> dict[str, Any]:
    solution = _solution(section, "solution.py")
    reference, flawed = answers.single_file(paths, solution)
    found = cases.program_cases(paths.cases)
    return {"solution": solution, "cases": found, "reference": reference, "flawed": flawed}


def _write_tests(paths: TaskPaths, section: Section) -> dict[str, Any]:
    solution = _solution(section, "test_solution.py")
    if not solution.rsplit("/", 1)[-1].startswith("test_"):
        raise section.error("pytest only collects files called test_*.py", "solution")
    if not paths.good.is_dir():
        raise TaskError("this directory is missing: the implementation the tests must pass on", path=paths.good)
    bad = (
        {item.name: read_tree(item) for item in sorted(paths.bad.iterdir()) if item.is_dir()}
        if paths.bad.is_dir()
        else {}
    )
    reference, flawed = answers.single_file(paths, solution)
    found = cases.mutant_cases(section, read_tree(paths.good), bad)
    return {"solution": solution, "cases": found, "reference": reference, "flawed": flawed}


def _workspace(paths: TaskPaths, section: Section) -> dict[str, Any]:
    if not paths.workspace.is_dir():
        raise TaskError("this directory is missing: what the model is given", path=paths.workspace)
    editable = section.words("editable")
    if not editable:
        raise section.error("name the files an answer may change", "editable", 'for example editable: ["src/*.py"]')
    workspace = read_tree(paths.workspace)
    tests = read_tree(paths.tests, "tests/") if paths.tests.is_dir() else {}
    visible = read_tree(paths.visible_tests, "visible_tests/") if paths.visible_tests.is_dir() else {}
    shown = cases.pytest_cases(paths.root, visible, visible=True)
    hidden = cases.pytest_cases(paths.root, tests, visible=False)
    if not hidden:
        raise TaskError("no hidden test here: files test_*.py or *_test.py with functions test_*", path=paths.tests)
    reference, flawed = answers.overlays(paths, workspace)
    return {
        "by_value": _by_value(section, paths.root, {**visible, **tests}),
        "editable": editable,
        "workspace": workspace,
        "tests": tests,
        "visible_tests": visible,
        "cases": (*shown, *hidden),
        "reference": reference,
        "flawed": flawed,
    }


READERS: dict[str, Callable[[TaskPaths, Section], dict[str, Any]]] = {
    "function": _function,
    "program": _program,
    "write_tests": _write_tests,
    "workspace": _workspace,
}
"""Kind -> what reads the rest of such a task."""


def _text(section: Section, defaults: Section | None, key: str, default: str | None = None) -> str:
    """A text of the task, else of the suite's defaults, else `default`; without one it is required."""
    if key in section or defaults is None or key not in defaults:
        return section.text_value(key) if default is None else section.text_value(key, default)
    section.node(key)
    return defaults.text_value(key)


def _tags(section: Section, defaults: Section | None) -> tuple[str, ...]:
    return section.words("tags", defaults.words("tags") if defaults is not None else ())


def _limits(section: Section, defaults: Section | None) -> Limits:
    values, said = {}, {}
    for below in [source.section("limits") for source in (defaults, section) if source is not None]:
        for key in below:
            if key not in Limits.model_fields:
                known = ", ".join(Limits.model_fields)
                raise below.error("limits has no such key", key, f"known keys: {known}")
            values[key], said[key] = below.number(key), below
    try:
        return Limits.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise said[key].error(f"{first['msg']}, found {first['input']!r}", key) from None


def _select_on(section: Section, defaults: Section | None, found: tuple[Any, ...]) -> str:
    shown = any(case.visible for case in found)
    chosen = _text(section, defaults, "select_on", "visible" if shown else "vote")
    if chosen not in ("visible", "vote"):
        raise section.error(f"expected visible or vote, found {chosen!r}", "select_on")
    if chosen == "visible" and not shown:
        raise section.error(
            "no case of this task is visible", "select_on", "mark cases `visible: true`, or select_on: vote"
        )
    return chosen


def _feedback(section: Section, defaults: Section | None) -> str:
    chosen = _text(section, defaults, "feedback", "none")
    if chosen not in ("none", "hidden"):
        said = section if "feedback" in section or defaults is None else defaults
        raise said.error(f"expected none or hidden, found {chosen!r}", "feedback")
    return chosen


def _by_value(section: Section, root: Path, tests: dict[str, str]) -> bool:
    """Whether the tests pass values only. Raises TaskError where one imports names that a candidate would choose."""
    chosen = section.text_value("tests_pass", "objects")
    if chosen not in ("objects", "values"):
        raise section.error(f"expected objects or values, found {chosen!r}", "tests_pass")
    for path, text in tests.items() if chosen == "values" else ():
        line = cases.star_import(text) if path.endswith(".py") else None
        if line:
            raise TaskError(
                "`import *` needs `tests_pass: objects`: name what is imported", path=root / path, line=line
            )
    return chosen == "values"


def _solution(section: Section, default: str) -> str:
    name = section.text_value("solution", default)
    if name.startswith("/") or ".." in name.split("/") or not name.endswith(".py"):
        raise section.error(f"not the relative path of a Python file: {name!r}", "solution")
    return name
