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
        """SHA-256 over every file's relative path and bytes, 16 hex digits."""
        digest = hashlib.sha256()
        for path in _walk(self.root):
            name, data = path.relative_to(self.root).as_posix().encode(), path.read_bytes()
            digest.update(b"%d %s %d " % (len(name), name, len(data)) + data)
        return digest.hexdigest()[:16]


def read_tree(root: Path, prefix: str = "") -> dict[str, str]:
    """Relative path -> text of every file below a directory. Raises TaskError for what is no UTF-8 text file."""
    found: dict[str, str] = {}
    for path in _walk(root):
        if path.is_symlink():
            raise TaskError("symbolic links are not allowed in a task", path=path)
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
    return sorted(
        path
        for path in root.rglob("*")
        if (path.is_file() or path.is_symlink()) and not SKIP & set(path.relative_to(root).parts) and path.suffix != ".pyc"
    )
