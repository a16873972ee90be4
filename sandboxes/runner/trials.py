"""Test runs that an agent asks for: a copy of its files beside the tests as the task has them, run as somebody else.

The agent's own files cannot be changed by what it wrote, its models cannot be reached, and tests that it edited are not
the ones that run.
"""

import _signal as signal
import os
import stat
import time

from . import child
from .process import Spent, Watched
from .scratch import SCRATCH, open_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .cgroup import Cgroup

SOURCE, TARGET = "/box/work", "/box/trial"
MOST_FILES, MOST_BYTES, DEEPEST = 500, 8 << 20, 20
SHOWN = 8000
"""Bytes of pytest's report that an agent is told."""


def run(
    settings: "dict[str, Any]", tests: "dict[str, bytes]", uid: int, left_s: float, group: "Cgroup"
) -> "dict[str, Any]":
    """pytest over `settings["targets"]`: `outcome` (passed, failed, timeout, oom, output_limit), `output` as text.

    `settings` has `targets`, `timeout_s`, `output_kb`, `memory_mb`. Never longer than `left_s` seconds.
    """
    limit = min(settings["timeout_s"], left_s)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytest_main.py")
    command = ["-s", "-P", "-S", "-B", script, str(child.RESULT_FD), *settings["targets"]]

    def body(stdin: int, stdout: int, stderr: int, result: int) -> None:
        child.arrange(stdin, stdout, stderr, result)
        child.give_up_rights(uid, int(limit) + 1)
        _copy()
        child.lay_out(tests, TARGET, "wb")
        child.become(command)

    kills, began = group.kills(), time.monotonic()
    process = Watched(body, settings["output_kb"] * 1024, b"")
    how = process.wait(began, limit, False, Spent(process, group, most_s=left_s))
    process.kill()
    code = os.waitstatus_to_exitcode(process.status or 0)
    out, err = process.take()
    process.close()
    _clear(uid)
    outcome = how if how != "exit" else "passed" if code == 0 else "failed"
    if group.kills() > kills:
        outcome = "oom"
    text = _told(out + err)
    if outcome not in ("passed", "failed"):
        text = f"{text}\nThe tests were ended: {outcome.replace('_', ' ')}.\n"
    return {"outcome": outcome, "code": code, "output": text, "seconds": time.monotonic() - began}


def _copy() -> None:
    """The agent's files, as somebody who may only read them: regular files, links not followed, bounded."""
    os.makedirs(TARGET, 0o700)
    files = size = 0
    for top, folders, names, fd in os.fwalk(SOURCE, follow_symlinks=False):
        place = os.path.join(TARGET, os.path.relpath(top, SOURCE))
        folders[:] = [] if top.count("/") > DEEPEST else [name for name in folders if name != "__pycache__"]
        os.makedirs(place, exist_ok=True)
        for name in names:
            try:
                source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fd)
            except OSError:
                continue
            with open(source, "rb") as file:
                if not stat.S_ISREG(os.fstat(source).st_mode):
                    continue
                data = file.read(MOST_BYTES - size + 1)
            files, size = files + 1, size + len(data)
            if files > MOST_FILES or size > MOST_BYTES:
                raise ValueError("too many files, or too large ones, to test them")
            with open(os.path.join(place, name), "xb") as copy:
                copy.write(data)


def _clear(uid: int) -> None:
    """End everything that runs as this user, and remove everything it wrote.

    By a helper of which it is the effective user alone: what still runs can then neither stop nor end it.
    """
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(10)
            os.setgroups([])
            os.setresgid(0, uid, 0)
            os.setresuid(0, uid, 0)
            os.kill(-1, signal.SIGKILL)
            _remove_all_of(uid)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _remove_all_of(uid: int) -> None:
    import shutil

    os.chdir("/")
    for directory in SCRATCH:
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            try:
                facts = os.lstat(path)
                if facts.st_uid != uid:
                    continue
                if not stat.S_ISDIR(facts.st_mode):
                    os.unlink(path)
                    continue
                open_up(path)
                shutil.rmtree(path)
            except (OSError, RecursionError):
                continue


def _told(report: bytes) -> str:
    """The report as text, without what would be another one each time: places and times."""
    import re

    text = re.sub(r" in \d+(\.\d+)?s\b", "", report.decode("utf-8", "replace").replace(TARGET + "/", ""))
    text = re.sub(r"\b0x[0-9a-f]{6,}", "0x", text)
    if len(text) <= SHOWN:
        return text
    half = SHOWN // 2
    return f"{text[:half]}\n[... {len(text) - SHOWN} characters ...]\n{text[-half:]}"
