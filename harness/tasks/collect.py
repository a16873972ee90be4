"""The tests of a file as pytest collects them, found by reading: nothing is imported, nothing runs.

Functions `test*`, classes `Test*` without a constructor, and subclasses of `unittest.TestCase` whatever they are
called, with the tests they inherit from classes of the same file or of files beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness import syntax

Function = ast.FunctionDef | ast.AsyncFunctionDef

TEST_CASES = frozenset(
    f"{module}.{name}"
    for module in ("unittest", "unittest.case", "unittest.async_case")
    for name in ("TestCase", "IsolatedAsyncioTestCase")
)
_SKIPPING = frozenset({"skip", "skipIf", "skipUnless", "skipif", "xfail", "expectedFailure"})
"""Last names of decorators after which a test's outcome is not the candidate's doing."""
_CHANGING = frozenset({"parametrize", "usefixtures", "filterwarnings", *_SKIPPING})
"""Marks of pytest that say how often, where or whether a test runs; any other one is a label."""


@dataclass(frozen=True)
class Collected:
    """One test that pytest collects."""

    name: str
    """`test_x`, `TestC::test_m`."""
    function: Function
    classes: tuple[ast.ClassDef, ...] = ()
    """Where its names are looked up, in order; none for a function."""
    unittest: bool = False
    """It runs as a method of a `unittest.TestCase`."""

    @property
    def optional(self) -> bool:
        """Whether the file itself skips it, may skip it, or expects it to fail."""
        if any(_dotted(_called(one)).rpartition(".")[2] in _SKIPPING for one in self._decorators):
            return True
        names = (_dotted(node) for node in ast.walk(self.function) if isinstance(node, ast.Attribute | ast.Name))
        return any(
            name.rpartition(".")[2] in ("skipTest", "SkipTest") or name in ("pytest.skip", "pytest.xfail")
            for name in names
        )

    @property
    def once(self) -> bool:
        """Whether it is certain to run, and to run once: no decorator but labels of pytest, and patches of a mock."""
        return all(_is_label(one) or "patch" in _dotted(_called(one)).split(".") for one in self._decorators)

    @property
    def _decorators(self) -> list[ast.expr]:
        return [*self.function.decorator_list, *(one for cls in self.classes for one in cls.decorator_list)]


def collected(tree: ast.Module, beside: Mapping[str, str] | None = None) -> list[Collected]:
    """The tests of a module, of equal names the last: it is the one that runs.

    `beside` are the files it may import classes from: relative path -> text.
    """
    return [*_Module(tree, _Beside(beside or {})).tests()]


def imports(text: str) -> set[str]:
    """The modules that a file imports by name, packages by their first; none of a file that is no Python."""
    try:
        tree = syntax.module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def repeated(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, line) of each test that another one of its name hides."""
    yield from _twice(tree.body, "")
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _twice(node.body, f"{node.name}::")


def _twice(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for node in body:
        if isinstance(node, Function) and node.name.startswith("test"):
            if node.name in seen:
                yield prefix + node.name, node.lineno
            seen.add(node.name)


class _Beside:
    """The modules of the files beside a test, each read when it is asked for."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path.removesuffix(".py").replace("/", "."): text for path, text in files.items()}
        self._known: dict[str, _Module | None] = {}

    def module(self, name: str) -> _Module | None:
        if name not in self._known:
            self._known[name] = None  # while it is read: modules may import each other
            if name in self._files:
                try:
                    self._known[name] = _Module(syntax.module(self._files[name]), self)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    self._known[name] = None
        return self._known[name]


@dataclass
class _Class:
    """A class statement, with its bases as they were when it was reached."""

    node: ast.ClassDef
    module: _Module
    bases: list[_Class | bool | None] = field(default_factory=list)
    attributes: dict[str, Function | ast.ClassDef | bool | None] = field(default_factory=dict)
    """What its body binds: functions, classes, truth values; None for anything else."""

    def __post_init__(self) -> None:
        self.bases = [self.module.base(base) for base in self.node.bases]
        for item in self.node.body:
            if isinstance(item, Function) and any(_dotted(one) == "property" for one in item.decorator_list):
                self.attributes[item.name] = None
            elif isinstance(item, Function | ast.ClassDef):
                self.attributes[item.name] = item
            elif isinstance(item, ast.Assign):
                for target in item.targets:
                    if isinstance(target, ast.Name):
                        self.attributes[target.id] = self._value(item.value)

    def _value(self, node: ast.expr) -> Function | ast.ClassDef | bool | None:
        if isinstance(node, ast.Name):
            return self.attributes.get(node.id)
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None


class _Module:
    """What the names at the top of a module stand for, as far as reading tells."""

    def __init__(self, tree: ast.Module, beside: _Beside) -> None:
        self.beside = beside
        self.bound: dict[str, Function | _Class | str] = {}
        """Name -> definition, or the dotted name of what was imported."""
        for node in tree.body:
            self._bind(node)

    def _bind(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ClassDef):
            self._put(node.name, _Class(node, self))
        elif isinstance(node, Function):
            self._put(node.name, node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self._put(alias.asname or top, alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                if alias.name != "*":
                    self._put(alias.asname or alias.name, f"{node.module}.{alias.name}")
                elif other := self.beside.module(node.module):
                    for name, what in other.bound.items():
                        self._put(name, what)
                elif node.module == "unittest":
                    self._put("TestCase", "unittest.TestCase")
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.bound.pop(target.id, None)

    def _put(self, name: str, what: Function | _Class | str) -> None:
        self.bound.pop(name, None)
        self.bound[name] = what

    def tests(self) -> Iterator[Collected]:
        for name, what in self.bound.items():
            found = self._imported(what) if isinstance(what, str) else what
            if isinstance(found, _Class):
                yield from _of_class(name, found)
            elif isinstance(found, Function) and name.startswith("test"):
                yield Collected(name, found)

    def _imported(self, dotted: str) -> Function | _Class | str | None:
        """What a dotted name means where its module is beside this one."""
        home, _, name = dotted.rpartition(".")
        other = self.beside.module(home)
        found = other.bound.get(name) if other else None
        return other._imported(found) if other and isinstance(found, str) else found

    def base(self, node: ast.expr) -> _Class | bool | None:
        """The class a base is; True for unittest's own; None where reading does not tell."""
        name = _dotted(node)
        first, _, rest = name.partition(".")
        found = self.bound.get(first)
        if not isinstance(found, str):
            return found if isinstance(found, _Class) and not rest else None
        dotted = f"{found}.{rest}" if rest else found
        if dotted in TEST_CASES:
            return True
        far = self._imported(dotted)
        return far if isinstance(far, _Class) else None


def _of_class(name: str, cls: _Class) -> Iterator[Collected]:
    line, unittest = _line(cls)
    attributes: dict[str, Function | ast.ClassDef | bool | None] = {}
    for above in reversed(line):
        attributes.update(above.attributes)
    functions = {key: what for key, what in attributes.items() if isinstance(what, Function)}
    if attributes.get("__test__") is False or any(_is_abstract(function) for function in functions.values()):
        return
    if not unittest and (not name.startswith("Test") or {"__init__", "__new__"} & functions.keys()):
        return
    nodes = tuple(above.node for above in line)
    tests = {key: function for key, function in functions.items() if key.startswith("test")}
    if unittest and not tests and "runTest" in functions:
        tests = {"runTest": functions["runTest"]}
    for key, function in tests.items():
        yield Collected(f"{name}::{key}", function, nodes, unittest)
    for key, what in attributes.items() if not unittest else ():
        if isinstance(what, ast.ClassDef):
            for test in _of_class(key, _Class(what, cls.module)):
                yield Collected(f"{name}::{test.name}", test.function, test.classes, test.unittest)


def _line(cls: _Class) -> tuple[list[_Class], bool]:
    """(the class and those above it in the order of look-up, whether unittest's is among them)."""
    found: list[_Class] = []
    unittest = False

    def visit(one: _Class) -> None:
        nonlocal unittest
        found.append(one)
        for above in one.bases:
            if isinstance(above, _Class):
                visit(above)
            else:
                unittest = unittest or above is True

    visit(cls)
    # Who is above by two ways comes after both.
    last = {id(one.node): index for index, one in enumerate(found)}
    return [one for index, one in enumerate(found) if last[id(one.node)] == index], unittest


def _is_abstract(function: Function) -> bool:
    return any(_dotted(one).rpartition(".")[2] == "abstractmethod" for one in function.decorator_list)


def _is_label(decorator: ast.expr) -> bool:
    name = _dotted(_called(decorator))
    return name.startswith("pytest.mark.") and name.rpartition(".")[2] not in _CHANGING


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of such an expression; empty for any other."""
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""
