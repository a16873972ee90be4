"""Messages as the wires want them: text as plain strings, pictures in each one's own form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.types import Message


def openai_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """For servers of OpenAI's shape: with pictures, content is a list of parts, pictures first, as data URLs."""
    return [{"role": message.role, "content": _parts(message) or message.content} for message in messages]


def _parts(message: Message) -> list[dict[str, Any]]:
    if not message.pictures:
        return []
    urls = (f"data:{picture.media_type};base64,{picture.data}" for picture in message.pictures)
    shown = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [*shown, {"type": "text", "text": message.content}] if message.content else shown


def ollama_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """For Ollama: pictures are a list of their own, base64 without a type."""
    made: list[dict[str, Any]] = []
    for message in messages:
        made.append({"role": message.role, "content": message.content})
        if message.pictures:
            made[-1]["images"] = [picture.data for picture in message.pictures]
    return made
