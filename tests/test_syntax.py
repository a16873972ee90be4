"""Python source as a tree, from many threads."""

from __future__ import annotations

import ast
import gc
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import syntax

DEEP = "def f(x):\n" + "\n".join(f"    y{n} = " + "(" * 30 + f"x + {n}" + ")" * 30 for n in range(300)) + "\n"


def _does_nothing(phase: str, info: dict[str, int]) -> None:
    """Python code in a collection: where the interpreter may change threads in the middle of the parser."""


@pytest.fixture
def restless() -> Iterator[None]:
    """Collections all the time, and threads that change at every opportunity."""
    before, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(_does_nothing)
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*before)
    gc.callbacks.remove(_does_nothing)


@pytest.mark.usefixtures("restless")
def test_many_threads_parse_alike() -> None:
    with ThreadPoolExecutor(8) as threads:
        trees = list(threads.map(syntax.module, [DEEP] * 16))
    expected = ast.dump(trees[0])
    assert all(ast.dump(tree) == expected for tree in trees)


def test_unknown_escapes_are_quiet_in_files_and_errors_in_literals() -> None:
    source = "x = '\\d'\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ast.unparse(syntax.module(source)) == "x = '\\\\d'"
    with pytest.raises((SyntaxError, Warning)):
        syntax.expression("'\\d'")


@pytest.mark.parametrize("source", ["def", "\0", "9" * 10_000, "(" * 5000])
def test_what_is_no_python_is_one_of_four_errors(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        syntax.module(source)
