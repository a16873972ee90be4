"""What a client is told instead of a reply. Codes are OpenAI's where it has one; docs/gateway.md lists them."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer that is no reply: HTTP status, and the members of OpenAI's `error` object."""

    def __init__(self, status: int, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param

    def body(self) -> dict[str, Any]:
        """OpenAI's shape of an error."""
        kind = "invalid_request_error" if self.status < 500 else "api_error"
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def unauthorized(given: bool) -> Refusal:
    """No token, or not one of this door's."""
    what = "this token is not known here" if given else "no token"
    return Refusal(401, "unauthorized", f"{what}: send `Authorization: Bearer TOKEN` with the token of your session")


def malformed(message: str, param: str | None = None) -> Refusal:
    """A body that is not what the endpoint takes."""
    return Refusal(400, "invalid_request", message, param=param)


def unsupported(name: str, why: str = "") -> Refusal:
    """A parameter that would change the answer, and that no model behind this door would be sent."""
    return Refusal(400, "unsupported_parameter", f"`{name}` is not supported{why}; leave it out", param=name)


def over_budget(message: str) -> Refusal:
    """Something is spent. Not 429: clients wait and try that again, which cannot help."""
    return Refusal(400, "budget_exceeded", message)


def ended(message: str) -> Refusal:
    """The session is over."""
    return Refusal(400, "session_ended", message)


def hung_up() -> Refusal:
    """The client went away first; told to the record only."""
    return Refusal(499, "client_disconnected", "the client hung up before its answer was complete")


def broken() -> Refusal:
    """Our own failure; what it was is for the log of whoever runs the gateway, not for clients."""
    return Refusal(500, "internal_error", "the gateway itself failed; the harness that runs it has the reason")
