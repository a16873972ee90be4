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


def tree(directory: str = "/box/work") -> "dict[str, Any]":
    """`files`: [path, kind, size, SHA-256 of small regular files]; `more`: whether there were too many.

    Runs in a helper with the agent's rights. Links are listed, never followed.
    """
    found: list[list[Any]] = []
    waiting = [("", 0)]
    while waiting and len(found) < MOST:
        at, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(os.path.join(directory, at)), key=lambda entry: entry.name)
        except OSError:
            found.append([at, "unreadable directory", 0, ""])
            continue
        for entry in entries:
            path = f"{at}/{entry.name}" if at else entry.name
            facts = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(facts.st_mode):
                if depth < DEEPEST and entry.name != "__pycache__":
                    waiting.append((path, depth + 1))
                continue
            if len(found) >= MOST:
                break
            kind = _kind(facts)
            found.append([_plain(path), kind, facts.st_size, _hash(os.path.join(directory, path), facts)])
    return {"files": found, "more": bool(waiting) or len(found) >= MOST}


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
