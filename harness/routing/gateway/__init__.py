"""One OpenAI-compatible door in front of the models, for agents in sandboxes and for people's own tools.

    gateway   sockets and the thread that serves them     listener  one socket: connections, and patience with them
    session   who may ask what, and what it used          app       HTTP: who asks, routes, errors
    asked     a body -> what is asked of a provider       chat      one request, from its body to the end of its answer
    answers   a reply -> bodies and events                calls     a request and its record
                                                          refusals  what is said instead of a reply

docs/gateway.md says what clients see.
"""

from __future__ import annotations

from harness.routing.gateway.gateway import SOCKET, Gateway
from harness.routing.gateway.session import Allowance, Served, Session, Spent

__all__ = ["SOCKET", "Allowance", "Gateway", "Served", "Session", "Spent"]
