"""One listening socket: uvicorn's HTTP protocol, with bounds on connections and on how long they may dawdle.

Not `uvicorn.Server`, which owns a process: sockets come and go with their sessions here, many beside each other in one
event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from harness.routing.gateway.app import Desk
from harness.routing.gateway.refusals import Refusal
from harness.routing.gateway.session import Session

MAX_CONNECTIONS = 64
"""Open at once on one socket; one more is closed as it comes."""
BACKLOG = 1024
"""Connections that wait to be accepted: a client of a unix socket that finds this full fails at once."""
HEAD_S = 20.0
"""Seconds from the opening of a connection, or the first byte of its next request, to the end of the headers."""
IDLE_S = 60
"""Seconds that a connection may stay open between two requests."""
WRITE_S = 60.0
"""Seconds that a client may leave unread what was written to it."""
CLOSE_S = 30.0
"""Seconds that calls under way may take to end once they were dropped; beyond that they are left to themselves."""


class Connection(H11Protocol):
    """One connection. A client that is slow, in whatever way, loses it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._slow: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._slow, self._unread):
            if timer is not None:
                timer.cancel()
        # uvicorn leaves this one running where the connection broke.
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # None until the first request has its headers, whatever uvicorn's annotation says.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self._hurry()
        elif self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(WRITE_S, self.transport.abort)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP, in the shape of all other errors. There is no token in it, so no session to tell."""
        with contextlib.suppress(h11.LocalProtocolError):
            body = json.dumps(Refusal(400, "invalid_request", msg).body()).encode()
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event))
        self.transport.close()

    def _hurry(self) -> None:
        if self._slow is None and not self.transport.is_closing():
            self._slow = self.loop.call_later(HEAD_S, self.transport.abort)


class Listener:
    """A socket that is served. Made, and closed, from outside the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, bound: socket.socket, sessions: Sequence[Session]) -> None:
        """`bound` is listening from now on, and is closed with this."""
        self._loop = loop
        # A thread for each call that can be under way here: those of another socket are never waited for.
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="gateway-call")
        self._state = ServerState()
        self._config = Config(
            Desk(sessions, self._threads).application(),
            http=Connection, ws="none", lifespan="off", interface="asgi3", proxy_headers=False, server_header=False,
            log_config=None, log_level="critical", access_log=False, timeout_keep_alive=IDLE_S,
        )  # fmt: skip
        self._config.load()
        self._closed = False
        self._closing = threading.Lock()
        try:
            self._server = asyncio.run_coroutine_threadsafe(self._listen(bound), loop).result()
        except BaseException:
            bound.close()
            self._threads.shutdown()
            raise

    def close(self) -> None:
        """Accept nothing more, drop every connection and what is asked for through it; a second call waits for the
        first."""
        with self._closing:
            if self._closed:
                return
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._closed = True

    async def _listen(self, bound: socket.socket) -> asyncio.Server:
        return await self._loop.create_server(self._connection, sock=bound, backlog=BACKLOG)

    def _connection(self) -> Any:
        return Connection(self._config, self._state, {}, self._loop)

    async def _close(self) -> None:
        self._server.close()
        # Those that were accepted a moment ago have no protocol yet.
        await asyncio.sleep(0)
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=CLOSE_S)
        for task in list(self._state.tasks):
            task.cancel()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks)
