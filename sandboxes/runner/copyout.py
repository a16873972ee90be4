"""Hands named files back after the candidate is dead, opened as the candidate's user, never followed anywhere."""

import os
import stat

from . import wire

FILE_CAP = 4 * 1024 * 1024


def collect(names: list[str], directory: str = "/box/work") -> tuple[dict[str, bytes], dict[str, str]]:
    """({name: bytes}, {name: why it was rejected}) of the files that exist.

    Runs in a helper with the candidate's rights.
    """
    taken: dict[str, bytes] = {}
    rejected: dict[str, str] = {}
    for name in names:
        try:
            data = _read(name, directory)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, wire.Broken) as error:
            rejected[name] = f"{type(error).__name__}: {error}"
            continue
        taken[name] = data
    return taken, rejected


def _read(name: str, directory: str) -> bytes:
    parts = name.split("/")
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise ValueError("not a plain relative path")
    here = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for part in parts[:-1]:
            there = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = there
        # Without O_NONBLOCK a FIFO would hold the helper for ever.
        fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("not a regular file")
        if facts.st_nlink != 1:
            raise ValueError("a hard link")
        if facts.st_mode & (stat.S_ISUID | stat.S_ISGID):
            raise ValueError("a file that runs as its owner")
        if facts.st_size > FILE_CAP:
            raise ValueError(f"larger than {FILE_CAP} bytes")
        return wire.read_exact(fd, facts.st_size)
    finally:
        os.close(fd)


def send(fd: int, names: list[str]) -> None:
    """Write the collection to a descriptor as one frame."""
    taken, rejected = collect(names)
    wire.send(fd, {"rejected": rejected}, taken)
