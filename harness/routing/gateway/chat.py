"""POST /v1/chat/completions: from the body to the end of the answer, whole or as a stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from harness.models.caller import Caller
from harness.routing.gateway.answers import KEEP_ALIVE, Answer, error_event
from harness.routing.gateway.asked import MAX_BODY, Asked, asked_of, model_of, parsed, unknown_model
from harness.routing.gateway.calls import HUNG_UP, Call
from harness.routing.gateway.refusals import Refusal, hung_up
from harness.routing.gateway.session import OUT_OF_TIME, Served, Session
from harness.types import Reply

BODY_S = 30.0
"""Seconds a client may take to send its body."""
KEEP_ALIVE_S = 10.0
"""A stream in which nothing happens gets a comment this often, so that nobody on the way gives it up."""

_STREAM_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


async def answer_chat(request: Request, call: Call, threads: Executor) -> Response:
    """Read and check the request; the response that is returned does the rest. Raises Refusal."""
    raw = await _body(request)
    # In a thread: parsing megabytes would hold up the streams of all others.
    asked, served = await asyncio.get_running_loop().run_in_executor(threads, _checked, raw, call)

    def perform(caller: Caller) -> Reply:
        return call.perform(served, asked, caller)

    return Exchange(call.session, asked, Answer(call.asked, include_usage=asked.include_usage), perform, threads)


def _checked(raw: bytes, call: Call) -> tuple[Asked, Served]:
    """What is asked, and of whom."""
    models = call.session.models
    call.size = len(raw)
    call.body = body = parsed(raw)
    call.asked = name = model_of(body)
    asked = asked_of(body)
    if name not in models:
        raise unknown_model(name, sorted(models))
    return asked, models[name]


async def _body(request: Request) -> bytes:
    """The whole body, counted while it is read, whatever its length was said to be."""
    too_large = Refusal(413, "request_too_large", f"the body has more than {MAX_BODY >> 20} MiB")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise too_large
    kept = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                kept += chunk
                if len(kept) > MAX_BODY:
                    raise too_large
    except TimeoutError:
        raise Refusal(408, "request_timeout", f"the body was not there after {BODY_S:g} seconds") from None
    except ClientDisconnect:
        raise hung_up() from None
    return bytes(kept)


class Exchange(Response):
    """The answer to an accepted request: a provider works in a thread, this task watches the client and the clock."""

    def __init__(
        self,
        session: Session,
        asked: Asked,
        answer: Answer,
        perform: Callable[[Caller], Reply],
        threads: Executor,
    ) -> None:
        super().__init__()
        self._session = session
        self._asked = asked
        self._answer = answer
        self._perform = perform
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Refusal as long as nothing was sent."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()

        def heard(text: str, thinking: str) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, (text, thinking))

        caller = Caller(heard if self._asked.stream else None)
        work = loop.run_in_executor(self._threads, self._perform, caller)
        # After the pieces: both ways into this thread keep their order.
        work.add_done_callback(lambda _: pieces.put_nowait(None))
        left = self._session.left_s()
        clock = None if left is None else loop.call_later(left, caller.cancel, OUT_OF_TIME)
        watch = asyncio.ensure_future(_watch(receive, caller))
        try:
            if self._asked.stream:
                await self._stream(send, pieces, work)
            else:
                reply = await work
                await JSONResponse(self._answer.whole(reply))(scope, receive, send)
        finally:
            # Nothing but a failure of ours leaves a call under way here.
            caller.cancel("its answer could not be sent")
            if clock is not None:
                clock.cancel()
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    async def _stream(
        self, send: Send, pieces: asyncio.Queue[tuple[str, str] | None], work: asyncio.Future[Reply]
    ) -> None:
        events = _Events(send)
        while True:
            try:
                piece = await asyncio.wait_for(pieces.get(), KEEP_ALIVE_S)
            except TimeoutError:
                await events.send(KEEP_ALIVE)
                continue
            if piece is None:
                break
            await events.send(self._answer.delta(*piece))
        try:
            reply = await work
        except Refusal as refusal:
            if not events.begun:
                raise
            await events.send(error_event(refusal.body()), last=True)
        else:
            await events.send(self._answer.rest(reply), last=True)


class _Events:
    """A stream of events, begun with the first of them: until then an error can have a status of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, events: bytes, *, last: bool = False) -> None:
        if not self.begun:
            self.begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
        await self._send({"type": "http.response.body", "body": events, "more_body": not last})


async def _watch(receive: Receive, caller: Caller) -> None:
    """Give the call up when its client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    caller.cancel(HUNG_UP)
