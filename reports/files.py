"""Writes report files: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from harness.errors import StoreError


def write(path: Path, text: str) -> Path:
    """Replace `path` by `text` in UTF-8, atomically: a reader sees the old file or the new one.

    Raises StoreError when the directory cannot be written or the disk is full.
    """
    data = text.encode("utf-8", errors="replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(
            f"the report {path} cannot be written: {error.strerror or error}",
            remedy="free some space, or name another directory with --out; the run itself is not touched",
        ) from error
    return path
