"""Finds the files that ship beside the package (in a checkout next to it, in a wheel inside it), and the cache."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from harness.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent


@cache
def content_dir(name: str) -> Path:
    """Directory `fixtures`, `sandboxes`, `verifiers`, `reports` or `hostile` (in a checkout below `tests/`).

    Raises UsageError when the installation carries no such directory.
    """
    for base in (_PACKAGE / "_content", _PACKAGE.parent, _PACKAGE.parent / "tests"):
        found = base / name
        if found.is_dir():
            return found
    raise UsageError(
        f"this installation of harness carries no {name}/ directory",
        remedy="install the wheel again, or run from a complete checkout",
    )


def content_package(directory: str) -> str:
    """Name under which a shipped directory can be imported from, e.g. `harness_verifiers`.

    A name of our own because the import names `verifiers` and `reports` belong to others.
    """
    name = f"harness_{directory}"
    if name not in sys.modules:
        package = ModuleType(name, f"The shipped {directory}/ directory.")
        package.__path__ = [str(content_dir(directory))]
        sys.modules[name] = package
    return name


def load_module(directory: str, name: str) -> ModuleType:
    """Import `<directory>/<name>.py` of the shipped content.

    Raises UsageError for a name that is not there, with the list of those that are.
    """
    package = content_package(directory)
    if not (content_dir(directory) / f"{name}.py").is_file():
        known = sorted(p.stem for p in content_dir(directory).glob("*.py") if not p.stem.startswith("_"))
        raise UsageError(f"no {directory}/{name}.py", remedy=f"known: {', '.join(known)}")
    return importlib.import_module(f"{package}.{name}")


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/harness`, or `~/.cache/harness`: what can be made or fetched again. Not made here."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "harness"
