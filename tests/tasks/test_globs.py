"""Glob patterns of task files."""

from __future__ import annotations

import pytest

from harness.tasks.globs import matches


@pytest.mark.parametrize(
    "path, glob, expected",
    [
        ("src/a.py", "src/*.py", True),
        ("src/deep/a.py", "src/*.py", False),
        ("src/a.py", "src/**/*.py", True),
        ("src/deep/er/a.py", "src/**/*.py", True),
        ("lib/a.py", "src/**/*.py", False),
        ("src/a.py", "src/**", True),
        ("src/x/a.py", "src/**", True),
        ("src", "src/**", False),
        ("a.py", "**", True),
        ("x/y/a.py", "**", True),
        ("a.py", "**/a.py", True),
        ("x/y/a.py", "**/a.py", True),
        ("x/a.py/b", "**/a.py", False),
        ("a/b/c/d", "a/**/c/*", True),
        ("a/c/d", "a/**/c/*", True),
        ("a/b/d", "a/**/c/*", False),
        ("a.py", "*.py", True),
        ("a.py", "a.py", True),
        ("A.py", "a.py", False),
        ("a.pyc", "*.py", False),
        ("a1.py", "a?.py", True),
        ("a/.py", "a?.py", False),
        ("a1.py", "a[0-9].py", True),
        ("ax.py", "a[!0-9].py", True),
        ("", "*", True),
        ("a", "", False),
        ("src/", "src/*", True),
    ],
)
def test_a_path_matches_a_glob(path: str, glob: str, expected: bool) -> None:
    assert matches(path, [glob]) is expected


def test_any_of_several_globs_is_enough() -> None:
    assert matches("README.md", ["src/*.py", "README.md"])
    assert not matches("README.md", [])


def test_many_double_stars_do_not_multiply() -> None:
    assert not matches("a/" * 120 + "b", ["**/a/" * 60 + "c"])
