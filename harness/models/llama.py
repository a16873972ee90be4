"""llama.cpp on this machine: one server process for all profiles that use the same weights, alive while one is open."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import secrets
import selectors
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

import httpx

from harness.content import cache_dir
from harness.errors import ProviderError
from harness.models.failures import excerpt

READY_S = 300.0
"""Seconds a model may take to load."""

RESTARTS = 3
"""Times a server that died is started again; one that dies more often would die for ever."""

_MAX_THREADS = 8
_PROBE_S = 0.05
_LOG_LIMIT = 1 << 20
_SCRIPT = Path(__file__).with_name("llama_server.py")


@dataclass(frozen=True)
class LlamaSettings:
    """Profiles with the same path and context share a server; `name` and `slots` are those of the first of them."""

    name: str
    """How the server calls the model."""
    path: Path
    ctx_per_slot: int
    slots: int

    @property
    def threads(self) -> int:
        """More threads than this make small models slower, not faster."""
        return min(_MAX_THREADS, len(os.sched_getaffinity(0)))

    def describe(self) -> dict[str, str]:
        return {
            "server": "llama.cpp",
            "version": f"xllamacpp {version('xllamacpp')}",
            "slots": str(self.slots),
            "ctx_per_slot": str(self.ctx_per_slot),
            "threads": str(self.threads),
        }


class LlamaServer:
    """A server process, started when its address is first asked for, and again if it died."""

    def __init__(self, settings: LlamaSettings) -> None:
        self.settings = settings
        # Other users of this machine can reach its loopback; they cannot read this.
        self.api_key = secrets.token_urlsafe(24)
        self.users = 0
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._starts = 0
        self._owner = os.getpid()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process else None

    def base_url(self) -> str:
        """Address of a server that answers. Raises ProviderError where it cannot be started."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return f"{self._address}/v1"

    def stop(self) -> None:
        """End the process; a second call does nothing."""
        # A fork of this process holds a copy of this object, but it is not its server.
        if self._owner != os.getpid():
            return
        with self._lock:
            self._kill()

    def _start(self) -> None:
        self._kill()
        if self._starts > RESTARTS:
            raise ProviderError(
                f"the llama.cpp server of {self.settings.name} died {self._starts} times",
                remedy=f"see {self._log_path}; too little memory is the usual reason: lower `concurrency` or `num_ctx`",
            )
        self._starts += 1
        deadline = time.monotonic() + READY_S
        log_start = self._spawn()
        try:
            self._address = self._announced(deadline)
            self._probe(deadline)
        except _NotReady as error:
            self._kill()
            said = excerpt(_tail(self._log_path, log_start))
            raise ProviderError(
                f"the llama.cpp server of {self.settings.name} did not start ({error}): {said or 'no word'}",
                remedy=f"its log is {self._log_path}",
            ) from None
        except BaseException:
            self._kill()
            raise

    def _spawn(self) -> int:
        """Start the process; returns where its part of the log begins."""
        settings = self.settings
        told = {
            "path": str(settings.path),
            "alias": settings.name,
            "api_key": self.api_key,
            "slots": settings.slots,
            "ctx_per_slot": settings.ctx_per_slot,
            "threads": settings.threads,
        }
        try:
            log = _open_log(self._log_path)
        except OSError as error:
            raise ProviderError(
                f"cannot write {self._log_path}: {error.strerror}", remedy="set XDG_CACHE_HOME"
            ) from None
        with log:
            start = log.tell()
            # -P: this file's neighbours are called litellm and ollama. A session of its own: Ctrl-C is for us, and
            # the trials under way still need an answer.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                # Threads that spin long at barriers collapse when sandboxes want the same cores (3 tokens/s beside two
                # busy processes on two cores, against 39); threads that never spin leave a third of idle cores unused.
                env={"GOMP_SPINCOUNT": "1000", **os.environ},
            )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            self._process.stdin.flush()
        return start

    def _announced(self, deadline: float) -> str:
        """The address that the process prints when the model is loaded."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise _NotReady(f"not loaded after {READY_S:.0f} s")
                part = os.read(self._process.stdout.fileno(), 4096)
                if not part:
                    raise _NotReady(f"exit code {self._process.wait()}")
                line += part
        address: str = json.loads(line)["address"]
        return address

    def _probe(self, deadline: float) -> None:
        """Ask until it answers; waiting for the process between two probes notices its death at once."""
        assert self._process is not None
        with httpx.Client(trust_env=False, timeout=5.0) as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(f"{self._address}/health").is_success:
                        return
                with contextlib.suppress(subprocess.TimeoutExpired):
                    raise _NotReady(f"exit code {self._process.wait(_PROBE_S)}")
        raise _NotReady(f"not healthy after {READY_S:.0f} s")

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # Nothing in it is worth a goodbye.
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    @property
    def _log_path(self) -> Path:
        return cache_dir() / "logs" / f"{re.sub(r'[^A-Za-z0-9._-]', '_', self.settings.name)}.log"


class _NotReady(Exception):
    """Why a server did not come up."""


_running: dict[tuple[Path, int], LlamaServer] = {}
_running_lock = threading.Lock()


def share(settings: LlamaSettings) -> LlamaServer:
    """The server for these weights and context, one more user on it. Give it back with `release`."""
    with _running_lock:
        if not _running:
            # Registered late: importing has no effect. Registering again is harmless.
            atexit.unregister(_stop_all)
            atexit.register(_stop_all)
        server = _running.setdefault((settings.path, settings.ctx_per_slot), LlamaServer(settings))
        server.users += 1
        return server


def release(server: LlamaServer) -> None:
    """One user less; the last one stops it."""
    with _running_lock:
        server.users -= 1
        if server.users > 0:
            return
        _running.pop((server.settings.path, server.settings.ctx_per_slot), None)
    server.stop()


def _stop_all() -> None:
    for server in list(_running.values()):
        server.stop()


def _open_log(path: Path) -> IO[bytes]:
    """Open for appending, emptied when it has grown: one file a model, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    too_long = path.is_file() and path.stat().st_size > _LOG_LIMIT
    if too_long:
        os.truncate(path, 0)
    return path.open("ab")


def _tail(path: Path, start: int) -> str:
    """The last lines that were written since `start`."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(start)
        return "\n".join(file.read(_LOG_LIMIT).decode("utf-8", errors="replace").splitlines()[-4:])
    return ""
