"""A reply as files and databases take it."""

from __future__ import annotations

import json
from typing import Any

from harness.types import Reply


def storable(reply: Reply) -> Reply:
    """The reply as it can be kept and read again: no lone surrogates, a body nested no deeper than readers go."""
    change: dict[str, Any] = {
        name: clean(getattr(reply, name)) for name in ("text", "thinking", "finish_reason", "model")
    }
    reply = reply.model_copy(update=change)
    try:
        Reply.model_validate_json(reply.model_dump_json())
    except (ValueError, TypeError, RecursionError):
        return reply.model_copy(update={"raw": _as_text(reply.raw)})
    return reply


def clean(text: str) -> str:
    """Text that every file and database takes: no lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_text(raw: Any) -> str:
    try:
        return json.dumps(raw, default=str)
    except (ValueError, TypeError, RecursionError) as error:
        return f"not kept: {error}"
