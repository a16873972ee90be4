"""One request and its record: asked of a provider in a thread, accounted for, told, and only then answered."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, NoReturn

from harness.errors import ProviderError
from harness.models.caller import Caller
from harness.models.cost import cost_usd
from harness.models.governor import filled
from harness.models.storable import clean, storable
from harness.routing.gateway.asked import Asked
from harness.routing.gateway.refusals import Refusal, ended, hung_up
from harness.routing.gateway.session import Served, Session
from harness.types import ModelCall, Reply, Request, Sampling

HUNG_UP = "its client hung up"
"""Why a caller gives up when its connection is gone."""
KEPT_UNANSWERED = 64 * 1024
"""Bytes of body that are kept of a request without a reply: such requests cost a client nothing."""
_THE_REQUEST = (400, 413, 422)
"""What a server says about a request that will not do: it is passed on as a 400, since clients try a 502 again."""


class Call:
    """A request from its arrival to its record."""

    def __init__(self, session: Session, *, authorised: bool = True) -> None:
        self.session = session
        self.number = session.number(authorised=authorised)
        self.asked = ""
        self.model = ""
        self.body: Any = None
        self.size = 0
        """Bytes of the body."""
        self.told = False
        self._started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._began = time.monotonic()

    def refuse(self, refusal: Refusal) -> None:
        """Record that it got no reply, once. Raises another Refusal if that cannot be recorded."""
        if self.told:
            return
        self.session.refused(refusal.code)
        self._tell(refusal, None, None)

    def perform(self, served: Served, asked: Asked, caller: Caller) -> Reply:
        """Ask, and record what came of it. Blocks. Raises Refusal for what the client is told instead of a reply."""
        self.session.admit(caller)
        self.model = served.profile.name
        request = Request(
            messages=asked.messages,
            sampling=_sampling(self.session, served, asked.sampling),
            passed=asked.passed,
            caller=caller,
            task=self.session.task,
            repeat=self.session.attempt.repeat if self.session.attempt else 0,
            attempt=self.session.attempt.attempt if self.session.attempt else 0,
        )
        began = time.monotonic()
        try:
            reply = storable(served.provider.complete(request))
        except Exception as error:  # noqa: BLE001  also what a provider should not raise: clients of others go on
            self._failed(caller, error, time.monotonic() - began)
        price = served.profile.price
        cost = cost_usd(reply.usage, price)
        self.session.answered(caller, reply.usage, cost, time.monotonic() - began)
        self._tell(None, reply, cost)
        return reply

    def _failed(self, caller: Caller, error: Exception, seconds: float) -> NoReturn:
        given_up = caller.dropped.is_set()
        told = error if isinstance(error, ProviderError) else ProviderError(f"{type(error).__name__}: {error}")
        refusal = _given_up(caller) if given_up else _upstream(told)
        self.session.failed(caller, None if given_up or self._is_its_own(told) else told, seconds, dropped=given_up)
        self._tell(refusal, None, None)
        raise refusal from None

    def _is_its_own(self, error: ProviderError) -> bool:
        """Whether the client, and not the server, is to blame: its request is refused where others were answered."""
        return error.status in _THE_REQUEST and self.session.spent().calls > 0

    def _tell(self, refusal: Refusal | None, reply: Reply | None, cost: float | None) -> None:
        self.told = True
        self.session.tell(
            ModelCall(
                session=self.session.name,
                number=self.number,
                attempt=self.session.attempt,
                asked=clean(self.asked[:200]),
                model=self.model,
                request=self.body if reply or self.size <= KEPT_UNANSWERED else None,
                reply=reply,
                status=refusal.status if refusal else 200,
                error=clean(str(refusal)) if refusal else "",
                cost_usd=cost,
                started=self._started,
                seconds=time.monotonic() - self._began,
            )
        )


def _sampling(session: Session, served: Served, wished: Sampling) -> Sampling:
    """How tokens are drawn: as the session and the profile say, then as the client wishes; or the other way round."""
    if session.sampling is None:
        return wished
    return filled(filled(session.sampling, served.profile.sampling), wished)


def _given_up(caller: Caller) -> Refusal:
    return hung_up() if caller.reason == HUNG_UP else ended(caller.reason)


def _upstream(error: ProviderError) -> Refusal:
    status = 400 if error.status in _THE_REQUEST else 502
    return Refusal(status, "upstream_error", error.message)
