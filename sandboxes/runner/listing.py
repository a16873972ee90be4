"""What an agent left in its directory: names, kinds, sizes and hashes. The host decides from it what to ask for."""

import hashlib
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 2000
"""Entries that are listed."""
DEEPEST = 20
HASHED = 4 * 1024 * 1024
HASHED_IN_ALL = 64 * 1024 * 1024
"""Holes in files cost an agent nothing, and us time."""


def tree(directory: str = "/box/work") -> "dict[str, Any]":
    """`files`: [path, kind, size, SHA-256 of small regular files]; `more`: whether there were too many.

    Runs in a helper with the agent's rights. Links are listed, never followed.
    """
    found: list[list[Any]] = []
    waiting, left = [("", 0)], HASHED_IN_ALL
    while waiting and len(found) < MOST:
        at, depth = waiting.pop()
        try:
            entries = _entries(f"{directory}/{at}" if at else directory)
        except OSError:
            found.append([_plain(at), "unreadable directory", 0, ""])
            continue
        for name, facts in entries:
            path = f"{at}/{name}" if at else name
            if stat.S_ISDIR(facts.st_mode):
                if depth < DEEPEST and name != "__pycache__":
                    waiting.append((path, depth + 1))
                continue
            if len(found) >= MOST:
                break
            told = _plain(path)
            kind = _kind(facts) if told == path else "file whose name is no text"
            digest = _hash(os.path.join(directory, path), facts) if facts.st_size <= left else ""
            left -= facts.st_size if digest else 0
            found.append([told, kind, facts.st_size, digest])
    return {"files": found, "more": bool(waiting) or len(found) >= MOST}


def _entries(path: str) -> list[tuple[str, os.stat_result]]:
    """(name, facts) of what is in a directory. Raises OSError also for one that shows names only, and for a link."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        return [(name, os.stat(name, dir_fd=fd, follow_symlinks=False)) for name in sorted(os.listdir(fd))]
    finally:
        os.close(fd)


def _kind(facts: os.stat_result) -> str:
    for test, kind in ((stat.S_ISLNK, "symbolic link"), (stat.S_ISFIFO, "FIFO"), (stat.S_ISSOCK, "socket")):
        if test(facts.st_mode):
            return kind
    if not stat.S_ISREG(facts.st_mode):
        return "device"
    return "file" if facts.st_nlink == 1 else "hard link"


def _hash(path: str, facts: os.stat_result) -> str:
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > HASHED:
        return ""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            return hashlib.sha256(file.read(HASHED)).hexdigest()
    except OSError:
        return ""


def _plain(path: str) -> str:
    """A name that is no text must not look like one that is."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
