"""Starts a Docker daemon on this machine, with or without an init system, and waits until it answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness import host
from harness.errors import EngineUnavailable
from harness.host import Log
from harness.types import Frozen

if TYPE_CHECKING:
    import docker

    Connect = Callable[[], docker.APIClient]
    """Raises EngineUnavailable while nothing answers."""


class Dockerd(Frozen):
    """A daemon to start: where it keeps its marks, and how long it may take.

    The defaults are those of a stock installation.
    """

    command: tuple[str, ...] = ("dockerd",)
    pid_file: Path = Path("/var/run/docker.pid")
    containerd_pid_file: Path = Path("/var/run/docker/containerd/containerd.pid")
    """Of the containerd that dockerd starts for itself."""
    log_file: Path = Path("/var/log/harness-dockerd.log")
    deadline_s: float = 90.0
    systemd: bool = Path("/run/systemd/system").is_dir()
    """Let systemd start the packaged service."""

    def start(self, log: Log, connect: Connect) -> docker.APIClient:
        """What `connect` returns once it succeeds; the daemon goes on running when this process ends.

        Raises EngineUnavailable with the last lines of the daemon's log when it dies or stays silent.
        """
        running = self.running()
        if running is not None:
            log(f"dockerd is already starting, process {running}")
            return self._wait(None, connect)
        if self.systemd:
            log("systemctl start docker")
            subprocess.run(["systemctl", "start", "docker"], stdin=subprocess.DEVNULL, check=False, capture_output=True)
            return self._wait(None, connect)
        self.clear_stale_pids(log)
        pid = spawn_detached(self.command, self.log_file)
        log(f"dockerd started, process {pid}, log in {self.log_file}")
        return self._wait(pid, connect)

    def running(self) -> int | None:
        """Process id of the dockerd that wrote the pid file, None when it is gone or something else has that id."""
        return _process_of(self.pid_file, "dockerd")

    def clear_stale_pids(self, log: Log) -> None:
        """Remove pid files whose daemon is gone.

        When any process has such an id now, dockerd refuses to start, or waits in vain for that containerd.
        """
        for path, name in ((self.pid_file, "dockerd"), (self.containerd_pid_file, "containerd")):
            if path.exists() and _process_of(path, name) is None:
                log(f"removing {path}, left behind by a {name} that is gone")
                path.unlink(missing_ok=True)

    def _wait(self, pid: int | None, connect: Connect) -> docker.APIClient:
        """Poll until the daemon answers, its process `pid` dies or the deadline passes."""
        deadline = time.monotonic() + self.deadline_s
        died = False
        last = ""
        while time.monotonic() < deadline:
            try:
                return connect()
            except EngineUnavailable as error:
                last = error.message
            if pid is not None and not died and has_ended(pid):
                died = True
                # Ours may have lost a race against one that the package's own script started: give that one its time.
                if self.running() is None:
                    break
            time.sleep(0.1)
        what = "dockerd ended at once" if died else f"dockerd did not answer within {self.deadline_s:.0f} s ({last})"
        raise EngineUnavailable(f"{what}{self._log_tail(pid)}", remedy="repair what its log names, then repeat")

    def _log_tail(self, pid: int | None) -> str:
        if pid is None:
            return "; see `journalctl -u docker`" if self.systemd else ""
        try:
            lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        # Its chatter with containerd would push the reason out of sight.
        told = "\n".join(line for line in lines if "module=grpc" not in line and "module=libcontainerd" not in line)
        return f"; the end of {self.log_file}:\n{host.tail(told)}"


def _process_of(pid_file: Path, name: str) -> int | None:
    """The process a pid file names, None when it is gone or another program has that id now."""
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if host.process_name(pid) == name else None


def spawn_detached(command: Sequence[str], log_file: Path) -> int:
    """Start a program in a session of its own, its output appended to `log_file`; returns its process id.

    Not through subprocess.Popen: this child is meant to outlive us, which Popen reports as a leak.
    """
    program = shutil.which(command[0])
    if program is None:
        raise EngineUnavailable(f"{command[0]} is not installed", remedy="install the package `docker.io`")
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log_file), append, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(program, list(command), dict(os.environ), file_actions=actions, setsid=True)


def has_ended(pid: int) -> bool:
    """Whether a child of ours is gone; reaps it."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return host.process_start(pid) is None
