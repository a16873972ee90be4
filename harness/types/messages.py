"""What is said in a conversation."""

from __future__ import annotations

from typing import Literal

from harness.types.base import Frozen


class Picture(Frozen):
    """A picture that goes with a message."""

    media_type: Literal["image/png", "image/jpeg"] = "image/png"
    data: str
    """Base64."""


class Message(Frozen):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str
    pictures: tuple[Picture, ...] = ()
    """Shown before the text, to models that see."""
