"""Turns of a conversation: which of them the model replies to, and its replies as the files of a candidate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.types import Message

LAST = "reply.md"
"""The file of a candidate that holds the last reply; earlier ones are `turn1.md`, `turn2.md`, ..."""
_EARLIER = re.compile(r"turn([0-9]{1,4})\.md")


def reply_files(replies: list[str] | tuple[str, ...]) -> dict[str, str]:
    """The files of a candidate that gave these replies, in order."""
    names = [*(f"turn{number}.md" for number in range(1, len(replies))), LAST]
    return {name: reply.strip() + "\n" for name, reply in zip(names, replies, strict=True)} if replies else {}


def replies_of(files: dict[str, str]) -> list[str]:
    """The replies of such files, in order."""
    numbered = {int(found[1]): name for name in files if (found := _EARLIER.fullmatch(name))}
    names = [numbered[number] for number in sorted(numbered)] + [LAST] * (LAST in files)
    return [files[name].strip() for name in names]


def asked_of(turns: Sequence[Message]) -> list[bool]:
    """For each turn whether the model is to reply to it: to every one of the user that no assistant's follows."""
    following = [*(turn.role for turn in turns[1:]), "user"][: len(turns)]
    return [turn.role == "user" and then == "user" for turn, then in zip(turns, following, strict=True)]


def told(system: str, turns: tuple[Message, ...]) -> str:
    """The conversation as one text for people."""
    parts = [f"[system]\n{system.strip()}"] if system.strip() else []
    if not parts and len(turns) == 1 and not turns[0].pictures:
        return turns[0].content
    for turn in turns:
        number = len(turn.pictures)
        shown = f" (with {'a picture' if number == 1 else f'{number} pictures'})" if number else ""
        parts.append(f"[{turn.role}]{shown}\n{turn.content}")
    return "\n\n".join(parts)
