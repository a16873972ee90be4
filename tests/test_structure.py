"""The shape of the project: which way imports go, how long things get, what the command line loads."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import harness.errors
from harness.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "harness"
TEMPLATES = PACKAGE / "tasks" / "templates"
"""Tasks to fill in: files of candidates, not of the package."""

# A module may import from its own line and from those above it.
LAYERS = (
    ("types",),
    ("errors",),
    ("config",),
    ("content",),
    ("host",),
    ("syntax", "cells", "progress", "words"),
    ("tasks",),
    ("models",),
    ("sandbox",),
    ("routing",),
    ("solvers",),
    ("grading",),
    ("stats",),
    ("bench",),
    ("standing",),
    ("judging",),
    ("manifest",),
    ("jsonl",),
    ("rundir",),
    ("store",),
    ("executor",),
    ("plan",),
    ("judges",),
    ("readback",),
    ("conclusion",),
    ("hearing",),
    ("runner",),
    ("importing", "annotating"),
    ("service", "cli", "__main__"),
)
LAYER = {name: index for index, names in enumerate(LAYERS) for name in names}
SHIPPED = {"verifiers": LAYER["grading"], "reports": LAYER["runner"]}
"""Directories beside the package -> the lowest line of the list they may import from."""

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 80


def python_files(*directories: str) -> list[Path]:
    found = (path for name in directories for path in (ROOT / name).rglob("*.py"))
    return sorted(path for path in found if TEMPLATES not in path.parents)


def modules() -> list[Path]:
    """Files of the package that are imported: neither the script `__main__` nor the texts of `harness new`."""
    return [p for p in python_files("harness") if p.stem != "__main__" and "templates" not in p.parts]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def harness_imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, part of harness) of every import of the package, also those inside functions and for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from harness import x` may name a part; `from harness.x import y` names x.
            names = [f"{node.module}.{a.name}" for a in node.names] if node.module == "harness" else [node.module]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == "harness" and rest and not rest.startswith("__version__"):
                yield node.lineno, rest.partition(".")[0]


@pytest.mark.parametrize("path", python_files("harness"), ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        assert not list(harness_imports(path)), "harness/__init__.py imports nothing"
        return
    assert part in LAYER, f"{part} has no place in LAYERS: decide what it may import"
    for line, imported in harness_imports(path):
        assert LAYER[imported] <= LAYER[part], f"{name_of(path)}:{line}: {part} must not import harness.{imported}"


@pytest.mark.parametrize("path", python_files("verifiers", "reports"), ids=name_of)
def test_shipped_code_imports_one_way(path: Path) -> None:
    directory = path.relative_to(ROOT).parts[0]
    for line, imported in harness_imports(path):
        assert LAYER[imported] <= SHIPPED[directory], f"{name_of(path)}:{line}: must not import harness.{imported}"


DRIVERS = {ROOT / "sandboxes" / "aider" / "driver.py"}
"""Run inside an agent's own environment."""


@pytest.mark.parametrize("path", [path for path in python_files("sandboxes") if path not in DRIVERS], ids=name_of)
def test_code_inside_a_sandbox_needs_the_standard_library_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            # pytest is part of the image.
            assert top in sys.stdlib_module_names or top in ("pytest", "_pytest"), f"{name_of(path)}: {name}"


@pytest.mark.parametrize("path", python_files("harness", "verifiers", "reports", "sandboxes", "tests"), ids=name_of)
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    assert lines <= MAX_FILE_LINES, f"{lines} lines: find the second noun hiding in it"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines"


def test_protocols_have_at_most_four_methods() -> None:
    for path in python_files("harness"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
                methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
                assert len(methods) <= 4, f"{name_of(path)}: {node.name} has {methods}"


def test_the_tree_of_errors_is_the_one_its_docstring_draws() -> None:
    drawn: list[tuple[str, str]] = []
    above: dict[int, str] = {}
    for line in (harness.errors.__doc__ or "").splitlines():
        match = re.match(r"^([\s│]*)(?:[├└]── )?([A-Z]\w+)", line)
        if match is None or not line.startswith("    "):
            continue
        depth = (len(line) - len(line.lstrip(" │├└─")) - 4) // 4
        above[depth] = match.group(2)
        drawn.append((match.group(2), above.get(depth - 1, "Exception")))
    real = [
        (name, found.__mro__[1].__name__)
        for name, found in inspect.getmembers(harness.errors, inspect.isclass)
        if found.__module__ == "harness.errors"
    ]
    assert sorted(drawn) == sorted(real)


def test_a_package_that_draws_a_map_of_itself_leaves_nothing_out() -> None:
    """Of those whose docstring names three of their modules or more."""
    lost = {}
    for path in sorted(PACKAGE.rglob("__init__.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        inside = {one.stem for one in path.parent.glob("*.py")} | {
            one.parent.name for one in path.parent.glob("*/__init__.py")
        }
        inside = {name for name in inside if not name.startswith("__")}
        named = {name for name in inside if re.search(rf"\b{name}\b", text)}
        if len(named) >= 3 and inside - named:
            lost[str(path.parent.relative_to(ROOT))] = sorted(inside - named)
    assert not lost


def test_tests_mirror_the_package() -> None:
    known = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    known |= {"e2e", "verifiers", "reports", "fixtures", "hostile", "servers", "faults", "__pycache__"}
    assert {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_explains_itself(name: str) -> None:
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    assert command.help, f"harness {name} has no help"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"harness {name} {parameter.opts[0]} has no help"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            assert found.help, f"harness {name} {below} has no help"


def test_every_file_of_the_command_line_is_a_command() -> None:
    files = {path.stem for path in (PACKAGE / "cli").glob("*.py") if not path.stem.startswith("_")}
    assert set(COMMANDS) <= files


def test_help_loads_nothing_heavy() -> None:
    code = """
import json, sys
from harness.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr))
    heavy = {
        "docker",
        "httpx",
        "numpy",
        "scipy",
        "pydantic",
        "yaml",
        "rich",
        "sqlite_utils",
        "git",
        "jinja2",
        "starlette",
        "uvicorn",
        "PIL",
        "requests",
    }
    assert not loaded & heavy


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_importing_has_no_visible_effect(path: Path) -> None:
    """No call at the top level of a module but those that make values, and nothing printed."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    calls = [node for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    assert [f"{name_of(path)}:{node.lineno}: {ast.unparse(node)[:60]} runs at import" for node in calls] == []
