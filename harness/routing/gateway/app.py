"""HTTP of the gateway: who asks, where it goes, and every refusal in one shape, recorded for its session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from harness.routing.gateway.answers import model_object, models_object
from harness.routing.gateway.asked import unknown_model
from harness.routing.gateway.calls import Call
from harness.routing.gateway.chat import answer_chat
from harness.routing.gateway.refusals import Refusal, broken, unauthorized
from harness.routing.gateway.session import Session

_log = logging.getLogger(__name__)


class Desk:
    """The endpoints behind one socket."""

    def __init__(self, sessions: Sequence[Session], threads: Executor) -> None:
        self._sessions = tuple(sessions)
        self._threads = threads

    def application(self) -> Starlette:
        """The ASGI application."""
        app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/models/{name:path}", self._model, methods=["GET"]),
            ],
            middleware=[Middleware(_Guarded, desk=self)],
            exception_handlers={
                HTTPException: self._no_such_thing,
                Refusal: self._refused,
                Exception: self._failed,
            },
        )
        app.router.redirect_slashes = False
        return app

    def session_of(self, request: Request) -> Session | None:
        """Whose token it is; all are compared, so that the time tells nothing."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        owners = [session for session in self._sessions if session.owns(token.strip())]
        return owners[0] if owners and scheme.lower() == "bearer" else None

    async def unauthorised(self, request: Request) -> Response:
        """401; on a socket of one session that session records it: this is how a test process that tries is seen."""
        refusal = unauthorized("authorization" in request.headers)
        if len(self._sessions) == 1:
            # Nothing of what it sent: whoever has no token leaves no text in the record.
            return await self.refuse(Call(self._sessions[0], authorised=False), refusal)
        return _response(refusal)

    async def refuse(self, call: Call, refusal: Refusal) -> Response:
        """Record it, then say it."""
        try:
            # In a thread: what is told may wait for a disk.
            await asyncio.get_running_loop().run_in_executor(self._threads, call.refuse, refusal)
        except Refusal as worse:
            refusal = worse
        return _response(refusal)

    async def _chat(self, request: Request) -> Response:
        request.state.call = call = Call(request.state.session)
        return await answer_chat(request, call, self._threads)

    async def _models(self, request: Request) -> Response:
        session: Session = request.state.session
        return JSONResponse(models_object({name: one.profile.provider for name, one in session.models.items()}))

    async def _model(self, request: Request) -> Response:
        session: Session = request.state.session
        name = request.path_params["name"]
        if name not in session.models:
            raise unknown_model(name, sorted(session.models))
        return JSONResponse(model_object(name, session.models[name].profile.provider))

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        call = getattr(request.state, "call", None) or Call(request.state.session)
        return await self.refuse(call, error)

    async def _failed(self, request: Request, error: Exception) -> Response:
        """A bug of ours: the client is told that much, the log the rest."""
        _log.error("the gateway failed on a request", exc_info=error)
        call = getattr(request.state, "call", None)
        return _response(broken()) if call is None else await self.refuse(call, broken())

    async def _no_such_thing(self, request: Request, error: Exception) -> Response:
        """What the framework refuses: a path, a method."""
        assert isinstance(error, HTTPException)
        there = "there is POST /v1/chat/completions, GET /v1/models and GET /v1/models/{id}"
        where = f"{request.method[:20]} {request.url.path[:100]}"
        code = "method_not_allowed" if error.status_code == 405 else "not_found"
        response = await self._refused(request, Refusal(error.status_code, code, f"no {where} here: {there}"))
        response.headers.update(error.headers or {})
        return response


class _Guarded:
    """Middleware: nothing is looked at before the token."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        request.state.session = session = self._desk.session_of(request)
        if session is None:
            response = await self._desk.unauthorised(request)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _response(refusal: Refusal) -> JSONResponse:
    return JSONResponse(refusal.body(), status_code=refusal.status)
