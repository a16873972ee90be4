"""Python source as a syntax tree, one thread at a time.

CPython before 3.13 counts the depth of the tree it builds in one place for all threads, so that two that parse at once
can fail with "AST constructor recursion depth mismatch" (python/cpython#106905). Warning filters are shared too.
"""

from __future__ import annotations

import ast
import threading
import warnings
from typing import Literal

_alone = threading.Lock()


def module(source: str) -> ast.Module:
    """The tree of a file. Raises SyntaxError, ValueError (NUL, numbers of too many digits), RecursionError and
    MemoryError (nested too deeply). Escapes that Python does not know ("\\d") are kept, without a warning."""
    return _parsed(source, "exec", "ignore")  # type: ignore[return-value]


def expression(source: str) -> ast.expr:
    """The tree of one expression. Raises as `module`, and SyntaxWarning or DeprecationWarning for an unknown escape."""
    return _parsed(source, "eval", "error").body  # type: ignore[attr-defined,no-any-return]


def _parsed(source: str, mode: Literal["exec", "eval"], warned: Literal["ignore", "error"]) -> ast.AST:
    with _alone, warnings.catch_warnings():
        warnings.simplefilter(warned)
        return ast.parse(source, mode=mode)
