"""Reads the cases of a task, by kind."""

from __future__ import annotations

import ast
from pathlib import Path

from harness.errors import TaskError
from harness.tasks import literal
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
            id=_ident(section, number), visible=section.flag("visible"), source=source, args=args, kwargs=kwargs,
            expect=_expectation(section),
        )
        section.finish("id, call, returns, raises, message, visible")
        _once(section, seen, case.id, source)
        cases.append(case)
    return tuple(cases)


def _expectation(section: Section) -> Returns | Raises:
    if ("returns" in section) == ("raises" in section):
        raise section.error("a case has either `returns` or `raises`", "call")
    if "raises" in section:
        name = section.text_value("raises")
        if not name.isidentifier():
            raise section.error(f"expected the class name of an exception, found {name!r}", "raises")
        message = section.text_value("message") if "message" in section else None
        return Raises(type_name=name, message=message)
    if "message" in section:
        raise section.error("a message goes with `raises`", "message")
    node = section.node("returns")
    assert node is not None
    try:
        return Returns(value=literal.from_yaml(section.text, node))
    except (ValueError, TypeError) as error:
        raise section.error(str(error), "returns") from None


def program_cases(path: Path) -> tuple[ProgramCase, ...]:
    """The runs of a `program` task. Raises TaskError."""
    cases: list[ProgramCase] = []
    seen: dict[str, int] = {}
    for number, section in enumerate(items(path, "case"), start=1):
        argv = section.value("argv", [])
        if not isinstance(argv, list):
            raise section.error("expected a list of arguments", "argv")
        exit_code = section.value("exit_code", 0)
        if not isinstance(exit_code, int) or isinstance(exit_code, bool) or not 0 <= exit_code <= 255:
            raise section.error(f"expected an exit code 0..255, found {exit_code!r}", "exit_code")
        case = ProgramCase(
            id=_ident(section, number),
            visible=section.flag("visible"),
            argv=tuple(str(item) for item in argv),
            stdin=section.text_value("stdin", ""),
            files=_relative(section, "files"),
            stdout=section.text_value("stdout") if "stdout" in section else None,
            exit_code=exit_code,
            writes=_relative(section, "writes"),
        )
        section.finish("id, argv, stdin, files, stdout, exit_code, writes, visible")
        _once(section, seen, case.id, repr((case.argv, case.stdin, case.files)))
        cases.append(case)
    if sum(not case.visible for case in cases) < 2:
        raise TaskError("a program needs more than one hidden case: one alone can be guessed", path=path)
    return tuple(cases)


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
    """One case a test function of the given files. Raises TaskError."""
    cases = []
    for path, text in sorted(tests.items()):
        name = path.rsplit("/", 1)[-1]
        if name == "conftest.py":
            raise TaskError("conftest.py is not used when grading", path=root / path)
        if not (name.startswith("test_") and name.endswith(".py")):
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise TaskError(f"not Python: {error.msg}", path=root / path, line=error.lineno) from None
        ids = [f"{path}::{name}" for name in test_names(tree)]
        for ident in ids:
            if ids.count(ident) > 1:
                raise TaskError(f"two tests are called {ident.rsplit('::', 1)[-1]}", path=root / path)
        cases += [PytestCase(id=ident, visible=visible) for ident in ids]
    return cases


def test_names(tree: ast.Module) -> list[str]:
    """`test_x` and `TestC::test_m` as pytest's default rules find them in a module."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            names.append(node.name)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            inner = [item.name for item in node.body if isinstance(item, ast.FunctionDef) and item.name.startswith("test")]
            names += [f"{node.name}::{name}" for name in inner]
    return names


def _ident(section: Section, number: int) -> str:
    ident = section.value("id", f"case-{number:02d}")
    if not isinstance(ident, str | int) or isinstance(ident, bool) or not str(ident).strip():
        raise section.error(f"expected a short name, found {ident!r}", "id")
    return str(ident)


def _once(section: Section, seen: dict[str, int], ident: str, content: str) -> None:
    for key, what in ((f"id {ident}", f"the id {ident!r}"), (f"content {content}", "the same input")):
        if key in seen:
            raise section.error(f"duplicate case: {what} stands in line {seen[key]} already", "id" if key[:2] == "id" else "call")
        seen[key] = section.line


def _relative(section: Section, key: str) -> dict[str, str]:
    files = section.texts(key)
    for path in files:
        if path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/")):
            raise section.error(f"not a plain relative path: {path!r}", key)
    return files
