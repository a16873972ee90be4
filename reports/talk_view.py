"""A conversation as a report shows it: what was said, turn by turn, up to the model's last reply."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.tasks.turns import LAST
from harness.types import Attempt

from . import text
from .clipper import Clipper

MAX_TURNS = 100
"""Turns shown of one conversation: the last of them."""

MAX_SIDE = 4_096
"""Pixels of a picture's side; a larger one could freeze a browser."""

MAX_DATA = 400_000
"""Characters of a picture's base64."""

MAX_PICTURES = 8
"""Pictures shown of one turn."""

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}


@dataclass(frozen=True, slots=True)
class TurnView:
    role: str
    text: str
    pictures: list[str]
    """Data URLs; an empty text for a picture that is not shown."""
    last: bool = False
    """The reply that ended the conversation."""


def talk_of(attempt: Attempt, clipper: Clipper) -> list[TurnView]:
    """The turns of a conversation; none of anything else, or where nothing was recorded."""
    if attempt.kind != "conversation":
        return []
    request = attempt.request
    said = [message for message in request.get("messages") or () if isinstance(message, Mapping)]
    turns = [_turn(message, clipper) for message in said[-MAX_TURNS:]]
    if request.get("prompt"):
        turns.append(TurnView("completion", clipper.take(str(request["prompt"]), 6_000), []))
    if attempt.reply is not None:
        turns.append(TurnView("assistant", clipper.take(last_reply(attempt), 20_000), [], last=True))
    return turns


def last_reply(attempt: Attempt) -> str:
    """What the model said last, without its thinking where that could be told apart."""
    candidate = attempt.extraction.candidate if attempt.extraction else None
    if candidate is not None and LAST in candidate.files:
        return candidate.files[LAST].strip()
    return attempt.reply.text.strip() if attempt.reply else ""


def _turn(message: Mapping[str, Any], clipper: Clipper) -> TurnView:
    pictures = message.get("pictures")
    pictures = pictures if isinstance(pictures, list | tuple) else ()
    return TurnView(
        role=text.one_line(message.get("role", ""), 20),
        text=clipper.take(str(message.get("content", "")), 6_000),
        pictures=[_shown(picture, clipper) for picture in pictures[:MAX_PICTURES]],
    )


def _shown(picture: object, clipper: Clipper) -> str:
    """A data URL that holds a picture and nothing else; empty where there is none, or no room for it."""
    if not isinstance(picture, Mapping) or clipper.full:
        return ""
    kind, data = picture.get("media_type"), picture.get("data")
    form = _FORMATS.get(kind) if isinstance(kind, str) else None
    if form is None or not isinstance(data, str) or len(data) > MAX_DATA:
        return ""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return ""
    if not _is_picture(raw, form):
        return ""
    clipper.charge(len(data))
    return f"data:{kind};base64,{base64.b64encode(raw).decode('ascii')}"


def _is_picture(raw: bytes, form: str) -> bool:
    from PIL import Image

    try:
        # What is too large is told by its size below.
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(raw), formats=(form,)) as image:
            image.verify()
            return max(image.size) <= MAX_SIDE
    except Exception:  # noqa: BLE001 - decoders raise what they like on broken files; none of them is a picture
        return False
