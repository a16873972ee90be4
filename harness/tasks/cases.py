"""Reads the cases of a task, by kind."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from harness import syntax
from harness.errors import TaskError
from harness.tasks import collect, literal
from harness.tasks.yamlfile import Section, items
from harness.types import CallCase, MutantCase, ProgramCase, PytestCase, Raises, Returns


def call_cases(path: Path, entry: str) -> tuple[CallCase, ...]:
    """The calls of a `function` task. Raises TaskError."""
    cases: list[CallCase] = []
    seen: dict[str, int] = {}
    for number, section in enumerate(items(path, "case"), start=1):
        source = section.text_value("call").strip()
        try:
            name, args, kwargs = literal.call(source)
        except ValueError as error:
            raise section.error(str(error), "call") from None
        if name != entry:
            raise section.error(f"calls {name!r}, the task's entry is {entry!r}", "call")
        case = CallCase(
            id=_ident(section, number),
            visible=section.flag("visible"),
            source=source,
            args=args,
            kwargs=kwargs,
            expect=_expectation(section),
        )
        section.finish("id, call, returns, raises, message, visible")
        _once(section, seen, case.id, "call", repr((args, kwargs)))
        cases.append(case)
    return tuple(cases)


def _expectation(section: Section) -> Returns | Raises:
    if ("returns" in section) == ("raises" in section):
        raise section.error("a case has either `returns` or `raises`", "raises" if "raises" in section else "call")
    if "raises" in section:
        name = section.text_value("raises")
        if not name.isidentifier():
            raise section.error(f"expected the class name of an exception, found {name!r}", "raises")
        message = section.text_value("message") if "message" in section else None
        if message == "":
            raise section.error("every message starts with the empty text: a point for nothing", "message")
        return Raises(type_name=name, message=message)
    if "message" in section:
        raise section.error("a message goes with `raises`", "message")
    node = section.node("returns")
    assert node is not None
    try:
        return Returns(value=literal.from_yaml(section.text, node))
    except ValueError as error:
        raise section.error(str(error), "returns") from None


def program_cases(path: Path) -> tuple[ProgramCase, ...]:
    """The runs of a `program` task. Raises TaskError."""
    cases: list[ProgramCase] = []
    seen: dict[str, int] = {}
    for number, section in enumerate(items(path, "case"), start=1):
        exit_code = section.value("exit_code", 0)
        if not isinstance(exit_code, int) or isinstance(exit_code, bool) or not 0 <= exit_code <= 255:
            raise section.error(f"expected an exit code 0..255, found {exit_code!r}", "exit_code")
        case = ProgramCase(
            id=_ident(section, number),
            visible=section.flag("visible"),
            argv=_argv(section),
            stdin=section.text_value("stdin", ""),
            files=_relative(section, "files"),
            stdout=section.text_value("stdout") if "stdout" in section else None,
            exit_code=exit_code,
            writes=_relative(section, "writes"),
        )
        section.finish("id, argv, stdin, files, stdout, exit_code, writes, visible")
        _once(section, seen, case.id, "", repr((case.argv, case.stdin, sorted(case.files.items()))))
        cases.append(case)
    if sum(not case.visible for case in cases) < 2:
        raise TaskError("a program needs more than one hidden case: one alone can be guessed", path=path)
    return tuple(cases)


def _argv(section: Section) -> tuple[str, ...]:
    """The arguments letter by letter: 010 and yes are what a shell would make of them, not a number and a truth."""
    node = section.node("argv")
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode) or not all(isinstance(item, yaml.ScalarNode) for item in node.value):
        raise section.error("expected a list of arguments", "argv")
    return tuple(str(item.value) for item in node.value)


def mutant_cases(task: Section, good: dict[str, str], bad: dict[str, dict[str, str]]) -> tuple[MutantCase, ...]:
    """The implementations of a `write_tests` task. Raises TaskError."""
    visible = task.words("visible")
    cases = [MutantCase(id="good", visible="good" in visible, files=good, should_pass=True)]
    for name, overlay in sorted(bad.items()):
        ident = f"bad/{name}"
        if not any(good.get(path) != text for path, text in overlay.items()):
            raise task.error(f"{ident} does not differ from good/")
        cases.append(MutantCase(id=ident, visible=ident in visible, files={**good, **overlay}, should_pass=False))
    unknown = set(visible) - {case.id for case in cases}
    if unknown:
        raise task.error(f"no such case: {', '.join(sorted(unknown))}", "visible")
    if len(cases) < 2:
        raise task.error("a write_tests task needs at least one bad/<name>/")
    return tuple(cases)


def pytest_cases(root: Path, tests: dict[str, str], *, visible: bool) -> list[PytestCase]:
    """One case a test of the given files. Raises TaskError, also for two tests of one name."""
    found: list[PytestCase] = []
    for path in tests:
        if path.rpartition("/")[2] == "conftest.py":
            raise TaskError("conftest.py is not used when grading", path=root / path)
    for path in _test_files(tests):
        tree = _parsed(root, path, tests[path])
        known = collect.collected(tree, _beside(path, tests))
        for name, line in collect.repeated(tree):
            if any(test.name == name for test in known):
                raise TaskError(f"two tests are called {name}", path=root / path, line=line)
        found += [PytestCase(id=f"{path}::{test.name}", visible=visible) for test in known]
    return found


def collected_cases(root: Path, tests: dict[str, str], beside: dict[str, str]) -> tuple[PytestCase, ...]:
    """Hidden cases of tests that cannot be changed to suit us. `beside` are other files they may import from.

    A test that its own file skips, or expects to fail, says nothing about a candidate and is no case. Raises TaskError.
    """
    found: list[PytestCase] = []
    # Where no file is called like a test, any of those that are said to be tests is one.
    for path in _test_files(tests) or sorted(path for path in tests if path.endswith(".py")):
        known = collect.collected(_parsed(root, path, tests[path]), {**beside, **_beside(path, tests)})
        found += [PytestCase(id=f"{path}::{test.name}") for test in known if not test.optional]
    return tuple(found)


def _test_files(tests: dict[str, str]) -> list[str]:
    """Those that are called like a test, in order."""
    found = []
    for path in sorted(tests):
        name = path.rpartition("/")[2]
        if name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py")):
            found.append(path)
    return found


def _beside(path: str, tests: dict[str, str]) -> dict[str, str]:
    return {other: text for other, text in tests.items() if other != path and other.endswith(".py")}


def _parsed(root: Path, path: str, text: str) -> ast.Module:
    try:
        return syntax.module(text)
    except SyntaxError as error:
        raise TaskError(f"not Python: {error.msg}", path=root / path, line=error.lineno) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise TaskError(f"not Python: {error}", path=root / path) from None


def star_import(source: str) -> int | None:
    """The line of the first `from ... import *`."""
    stars = (node for node in ast.walk(syntax.module(source)) if isinstance(node, ast.ImportFrom))
    return next((node.lineno for node in stars if any(alias.name == "*" for alias in node.names)), None)


def _ident(section: Section, number: int) -> str:
    ident = section.value("id", f"case-{number:02d}")
    if not isinstance(ident, str | int) or isinstance(ident, bool) or not str(ident).strip():
        raise section.error(f"expected a short name, found {ident!r}", "id")
    if "," in str(ident):
        raise section.error("a case's id has no comma: `fails` lists ids with commas between them", "id")
    return str(ident)


def _once(section: Section, seen: dict[str, int], ident: str, key: str, content: str) -> None:
    """Raise TaskError for an id or an input (written under `key`) that an earlier case has."""
    for where, mark, what in (("id", f"id {ident}", f"the id {ident!r}"), (key, f"= {content}", "the same input")):
        if mark in seen:
            raise section.error(f"duplicate case: {what} stands in line {seen[mark]} already", where)
        seen[mark] = section.line


def _relative(section: Section, key: str) -> dict[str, str]:
    files = section.texts(key)
    for path in files:
        if path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/")):
            raise section.error(f"not a plain relative path: {path!r}", key)
    return files
