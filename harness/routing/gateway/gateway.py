"""The gateway: sockets that are served by one thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.errors import HostError, UsageError
from harness.routing.gateway.session import Session

if TYPE_CHECKING:
    from harness.routing.gateway.listener import Listener

SOCKET = "gateway.sock"
"""Name of the socket in the directory that a sandbox gets."""

_MAX_PATH = 107
"""Bytes of a unix socket's path (`sun_path` of unix(7))."""


class Gateway:
    """Every door that is open. Thread-safe; leaving the block closes them all and drops what is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._listeners: set[Listener] = set()
        self._paths: set[Path] = set()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def open_socket(self, directory: Path, session: Session, *, uid: int | None = None) -> Iterator[Path]:
        """A unix socket in `directory` (made if it is not there) for one session: only its token is accepted.

        With `uid`, and as root, directory and socket belong to that user and to nobody else. Otherwise others may reach
        the socket, and the token alone guards it. Mount the directory, not the socket. Leaving the block closes the
        connections and removes the socket. Raises HostError.
        """
        mine = uid is not None and os.geteuid() == 0
        path = directory / SOCKET
        try:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
        except OSError as error:
            raise HostError(f"{directory} cannot be used for a socket: {error.strerror}") from None
        listener = self._serve(_bound_unix(path, 0o600 if mine else 0o666), [session])
        try:
            if mine:
                assert uid is not None
                os.chown(path, uid, -1, follow_symlinks=False)
                os.chown(directory, uid, -1)
            else:
                directory.chmod(0o711)
            yield path
        finally:
            self._close(listener)
            _remove_socket(path)

    def listen(self, host: str, port: int, sessions: Sequence[Session]) -> int:
        """Serve a loopback address for people's tools, until `close`; the port, which is chosen where `port` is 0.

        Raises UsageError for any other address, and where the port is taken.
        """
        address = "127.0.0.1" if host == "localhost" else host
        try:
            loopback = ipaddress.ip_address(address).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise UsageError(
                f"the gateway listens on loopback only, not on {host!r}",
                remedy="127.0.0.1; for others, an SSH tunnel or a proxy with TLS and users of its own",
            )
        bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((address, port))
        except OSError as error:
            bound.close()
            raise UsageError(
                f"cannot listen on {host}, port {port}: {error.strerror}", remedy="--port takes another one"
            ) from None
        found: int = bound.getsockname()[1]
        self._serve(bound, sessions)
        return found

    def listen_unix(self, path: Path, sessions: Sequence[Session]) -> None:
        """Serve a unix socket for this user's tools, until `close`. Raises HostError, UsageError where a file is."""
        if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(f"{path} is there, and is no socket", remedy="--socket takes another path")
        self._serve(_bound_unix(path, 0o600), sessions)
        with self._lock:
            self._paths.add(path)

    def close(self) -> None:
        """Close every door and end the thread; a second call does nothing."""
        with self._lock:
            self._closed = True
            listeners, self._listeners = list(self._listeners), set()
            loop, self._loop = self._loop, None
        for listener in listeners:
            listener.close()
        for path in self._paths:
            _remove_socket(path)
        if loop is not None:
            assert self._thread is not None
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    def _serve(self, bound: socket.socket, sessions: Sequence[Session]) -> Listener:
        from harness.routing.gateway.listener import Listener

        with self._lock:
            if self._closed:
                bound.close()
                raise HostError("the gateway is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="gateway", daemon=True)
                self._thread.start()
            listener = Listener(self._loop, bound, sessions)
            self._listeners.add(listener)
            return listener

    def _close(self, listener: Listener) -> None:
        listener.close()
        # Only now: `close` ends the loop when it knows of no listener that still needs it.
        with self._lock:
            self._listeners.discard(listener)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _bound_unix(path: Path, mode: int) -> socket.socket:
    """A bound unix socket. A socket that is there already was left by a harness that was killed."""
    if len(os.fsencode(path)) > _MAX_PATH:
        raise HostError(f"{path} is too long for a unix socket: {_MAX_PATH} bytes", remedy="use a shorter directory")
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_socket(path)
        bound.bind(str(path))
        path.chmod(mode)
    except OSError as error:
        bound.close()
        raise HostError(f"cannot make the socket {path}: {error.strerror}", remedy="is its directory yours?") from None
    return bound


def _remove_socket(path: Path) -> None:
    # Never followed: the directory may belong to whoever was in the sandbox.
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
