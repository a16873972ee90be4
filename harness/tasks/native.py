"""Reads a task directory of our own format (docs/tasks.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import TaskError
from harness.tasks import answers, cases
from harness.tasks.paths import TaskPaths, read_tree
from harness.tasks.yamlfile import Section, read_text
from harness.types import Limits, Suite, Task

KINDS = ("function", "program", "write_tests", "workspace")
COMMON = "kind, category, title, tags, limits, select_on"


def is_task(path: Path) -> bool:
    return (path / "task.yaml").is_file()


def read_suite(path: Path) -> Suite:
    """The suite a directory is, or a suite of one task. Raises TaskError."""
    root = path.resolve()
    if is_task(root):
        home = _suite_file(root.parent)
        return Suite(name=root.parent.name, path=root.parent, tasks=(read_task(root, home),), **_about(home))
    folders = sorted(item for item in root.iterdir() if item.is_dir() and not item.name.startswith("."))
    home = _suite_file(root)
    tasks = tuple(read_task(folder, home) for folder in folders if is_task(folder))
    if not tasks:
        raise TaskError(
            "no task here", path=path,
            remedy="a suite is a directory of directories with a task.yaml; `harness new` makes one",
        )
    strays = [item for item in folders if not is_task(item) and any(item.glob("*.yaml"))]
    if strays:
        raise TaskError("this directory has no task.yaml", path=strays[0])
    return Suite(name=root.name, path=root, tasks=tasks, **_about(home))


def _suite_file(root: Path) -> Section | None:
    path = root / "suite.yaml"
    return Section.of_file(path, "suite.yaml") if path.is_file() else None


def _about(home: Section | None) -> dict[str, str]:
    if home is None:
        return {}
    about = {"title": home.text_value("title", ""), "description": home.text_value("description", "")}
    home.section("defaults")
    home.finish("title, description, defaults")
    return about


def read_task(root: Path, home: Section | None) -> Task:
    """One task directory. Raises TaskError."""
    paths = TaskPaths(root)
    section = Section.of_file(paths.yaml, "task.yaml")
    defaults = home.section("defaults") if home is not None else None
    kind = str(_common(section, defaults, "kind"))
    if kind not in KINDS:
        raise section.error(f"no kind {kind!r}", "kind", f"known: {', '.join(KINDS)}")
    facts: dict[str, Any] = {
        "id": f"{root.parent.name}/{root.name}",
        "suite": root.parent.name,
        "name": root.name,
        "kind": kind,
        "directory": root,
        "content_hash": paths.content_hash(),
        "instruction": read_text(paths.instruction),
        "title": str(_common(section, defaults, "title", root.name)),
        "category": str(_common(section, defaults, "category", "general")),
        "tags": _tags(section, defaults),
        "limits": _limits(section, defaults),
    }
    if not facts["instruction"].strip():
        raise TaskError("the instruction is empty", path=paths.instruction)
    facts.update({"function": _function, "program": _program, "write_tests": _write_tests, "workspace": _workspace}[kind](paths, section))
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
    bad = {item.name: read_tree(item) for item in sorted(paths.bad.iterdir()) if item.is_dir()} if paths.bad.is_dir() else {}
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
        raise TaskError("no hidden test here: files test_*.py with functions test_*", path=paths.tests)
    reference, flawed = answers.overlays(paths, workspace)
    return {
        "editable": editable, "workspace": workspace, "tests": tests, "visible_tests": visible,
        "cases": (*shown, *hidden), "reference": reference, "flawed": flawed,
    }


def _common(section: Section, defaults: Section | None, key: str, default: Any = None) -> Any:
    if key in section or defaults is None or key not in defaults:
        return section.value(key) if default is None else section.value(key, default)
    return defaults.value(key)


def _tags(section: Section, defaults: Section | None) -> tuple[str, ...]:
    return section.words("tags", defaults.words("tags") if defaults is not None else ())


def _limits(section: Section, defaults: Section | None) -> Limits:
    own = section.value("limits", {}) or {}
    below = (defaults.value("limits", {}) or {}) if defaults is not None else {}
    try:
        return Limits(**{**below, **own})
    except (ValidationError, TypeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        key = ".".join(["limits", *(str(part) for part in first["loc"])])
        raise TaskError(str(first["msg"]), path=section.path, line=section.line_of("limits"), key=key) from None


def _select_on(section: Section, defaults: Section | None, found: tuple[Any, ...]) -> str:
    shown = any(case.visible for case in found)
    chosen = str(_common(section, defaults, "select_on", "visible" if shown else "vote"))
    if chosen not in ("visible", "vote"):
        raise section.error(f"expected visible or vote, found {chosen!r}", "select_on")
    if chosen == "visible" and not shown:
        raise section.error("no case of this task is visible", "select_on", "mark cases `visible: true`, or select_on: vote")
    return chosen


def _solution(section: Section, default: str) -> str:
    name = section.text_value("solution", default)
    if name.startswith("/") or ".." in name.split("/") or not name.endswith(".py"):
        raise section.error(f"not the relative path of a Python file: {name!r}", "solution")
    return name
