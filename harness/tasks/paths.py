"""Where the parts of a native task lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.errors import TaskError

MAX_FILE = 4 * 1024 * 1024
SKIP = {"__pycache__", ".git", ".pytest_cache", ".DS_Store"}


class TaskPaths:
    """One task's directory.

    <task>/
      task.yaml            what kind, which limits
      instruction.md       what the model is told
      cases.yaml           function, program: the cases
      reference.py         function, program, write_tests: the answer that passes
      wrong/*.py           answers that fail, and why
      good/** bad/<name>/  write_tests: the implementation and the overlays that break it
      workspace/**         workspace: what the model is given
      tests/ visible_tests/
      reference/**  wrong/<name>/**  cheat/<name>/**   overlays on workspace/
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.yaml = root / "task.yaml"
        self.instruction = root / "instruction.md"
        self.cases = root / "cases.yaml"
        self.reference_file = root / "reference.py"
        self.wrong = root / "wrong"
        self.cheat = root / "cheat"
        self.good = root / "good"
        self.bad = root / "bad"
        self.workspace = root / "workspace"
        self.tests = root / "tests"
        self.visible_tests = root / "visible_tests"
        self.reference_overlay = root / "reference"

    def content_hash(self) -> str:
        """SHA-256 over every file's relative path and bytes, 16 hex digits. Raises TaskError for links."""
        digest = hashlib.sha256()
        for path in _walk(self.root):
            try:
                name = path.relative_to(self.root).as_posix().encode()
                digest.update(b"%d %s " % (len(name), name))
                data = path.read_bytes()
            except UnicodeEncodeError:
                raise TaskError("the name of this file is not UTF-8", path=printable(path)) from None
            except OSError as error:
                raise TaskError(f"cannot be read: {error.strerror}", path=path) from None
            digest.update(b"%d " % len(data) + data)
        return digest.hexdigest()[:16]


def read_tree(root: Path, prefix: str = "") -> dict[str, str]:
    """Relative path -> text of every file below a directory. Raises TaskError for what is no UTF-8 text file."""
    found: dict[str, str] = {}
    for path in _walk(root):
        if path.stat().st_size > MAX_FILE:
            raise TaskError(f"larger than {MAX_FILE} bytes", path=path)
        try:
            # Bytes first: text mode would turn CRLF into LF.
            found[prefix + path.relative_to(root).as_posix()] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise TaskError("not UTF-8 text", path=path) from None
        except OSError as error:
            raise TaskError(f"cannot be read: {error.strerror}", path=path) from None
    return found


def _walk(root: Path) -> list[Path]:
    """The files of a task, in order. Raises TaskError for a symbolic link: it may lead anywhere."""
    found = []
    for path in sorted(root.rglob("*")):
        if SKIP & set(path.relative_to(root).parts) or path.suffix == ".pyc":
            continue
        if path.is_symlink():
            raise TaskError("symbolic links are not allowed in a task", path=path)
        if path.is_file():
            found.append(path)
    return found


def printable(path: Path) -> str:
    """A path for a message: file names may hold bytes that are no text."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")
