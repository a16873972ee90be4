"""raw.jsonl: the attempts of a store once more, one JSON object a line. The database is the truth."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from harness.errors import StoreError

FULL = "free space on that disk: every finished attempt is kept, and the same command then resumes"

# Most commands that open a store cannot choose where it is: the remedy names those that can.
ELSEWHERE = "choose another directory with --out of `harness run` or `harness import`"
DAMAGED = (
    "if this disk is bad or the file damaged, restore the run from a copy, or make it anew elsewhere: --out of "
    "`harness run` or `harness import`"
)


class Lines:
    """A file that is kept equal to the lines of a database, also after a kill between the two."""

    def __init__(self, path: Path, truth: Callable[[], Iterable[str]]) -> None:
        """`truth` gives the lines as they should be, in order. Raises OSError, as all methods do."""
        self._path, self._truth = path, truth
        self._file: IO[str] | None = None
        if not self._is_whole():
            self.rewrite()
        else:
            self._file = path.open("a", encoding="utf-8")

    def append(self, line: str) -> None:
        """Add a line and hand it to the system."""
        assert self._file is not None
        self._file.write(line + "\n")
        self._file.flush()

    def rewrite(self) -> None:
        """Write all lines anew, in order; a reader sees the old file or the new one."""
        self.close()
        draft = self._path.with_suffix(".jsonl.new")
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in self._truth())
            draft.replace(self._path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        self._file = self._path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Give the file back; what a full disk did not take stays in the database."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _is_whole(self) -> bool:
        """Whether the file holds these lines and no others, in whatever order they came."""
        if not self._path.is_file():
            return False
        with self._path.open("rb") as file:
            there = sum(map(_mark, file))
        return there == sum(_mark(f"{line}\n".encode()) for line in self._truth())


def _mark(line: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(line, digest_size=16).digest())


@contextlib.contextmanager
def disk_errors(root: Path) -> Iterator[None]:
    """What the disk and SQLite refuse, as StoreError with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        remedy = FULL if "full" in str(error) else DAMAGED
        raise StoreError(f"{root}: the store cannot be written or read: {error}", remedy=remedy) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = f"{root}: {error.strerror or error}"
        raise StoreError(what, remedy=FULL if full else ELSEWHERE) from error
