"""How the failure of a model's server becomes a ProviderError: what may be tried again, and what the reader can do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from harness.config import ModelProfile
from harness.errors import ProviderError

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP status codes that may go away by themselves; 52x are Cloudflare's, 529 is Anthropic's "overloaded"."""

_HOPELESS = ("insufficient_quota", "billing_hard_limit", "credit balance is too low")
"""What a 429 says when waiting will not help."""

_EXCERPT = 300


class Refused(ProviderError):
    """A server answered, but not with a reply."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        retryable: bool = False,
        status: int | None = None,
        retry_after_s: float | None = None,
        body: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy, retryable=retryable, status=status)
        self.retry_after_s = retry_after_s
        """What the server asked to wait, seconds."""
        self.body = body
        """What it said, all of it."""


def refused(profile: ModelProfile, status: int, body: str, headers: Mapping[str, str]) -> Refused:
    """The error for an HTTP status other than success; `headers` has lower-case or case-insensitive names."""
    retryable = status in RETRYABLE and not any(word in body for word in _HOPELESS)
    return Refused(
        f"the server of {profile.name} answered {status}: {excerpt(said(body)) or 'nothing'}",
        remedy=_remedy(profile, status),
        retryable=retryable,
        status=status,
        retry_after_s=retry_after(headers),
        body=body,
    )


def reported(profile: ModelProfile, error: Any, *, where: str = "") -> Refused:
    """The error for an `error` object inside a body whose HTTP status said success, as streams have it."""
    code = error.get("code", error.get("status")) if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    text = error.get("message", error) if isinstance(error, dict) else error
    return Refused(
        f"the server of {profile.name} reported an error{where}: {excerpt(str(text))}",
        remedy=_remedy(profile, status) if status else "",
        # Without a code nobody knows: overload and crashed workers are what servers report in mid-stream.
        retryable=status is None or status in RETRYABLE,
        status=status,
        body=str(error),
    )


def _remedy(profile: ModelProfile, status: int) -> str:
    key = profile.api_key_env
    if status in (401, 403):
        if key:
            return f"check the key in the environment variable {key}, and that it may use {profile.model!r}"
        return "the server wants a key: name the variable that holds it in `api_key_env` of the catalogue entry"
    if status == 402:
        return "the account has no credit left"
    if status == 404:
        return f"check `base_url` ({masked(profile.base_url)}) and `model` ({profile.model}) of the catalogue entry"
    if status in (400, 422):
        return "the server does not take the request: see `sampling` and `extra` of the catalogue entry"
    if status == 413:
        return "the prompt is too long for this server"
    if status == 429:
        return "lower `concurrency` or set `requests_per_minute` in the catalogue entry"
    return ""


def said(body: str) -> str:
    """The message inside an error body in the shapes that servers use, or the body itself."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return body
    for key in ("error", "message", "detail"):
        if isinstance(parsed, dict) and parsed.get(key):
            parsed = parsed[key]
    return parsed if isinstance(parsed, str) else json.dumps(parsed)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of `retry-after-ms` or `Retry-After` (a number or a date, RFC 9110 section 10.2.3); None without."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if not value:
            continue
        if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
            return float(value) / scale
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            continue
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    return None


def excerpt(text: str, limit: int = _EXCERPT) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def masked(url: str) -> str:
    """An address without the user and password that may stand in it."""
    return re.sub(r"(?<=://)[^/@]*@", "***@", url)
