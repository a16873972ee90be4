"""Turns of a conversation: which of them the model replies to, and its replies as the files of a candidate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.types import Message

LAST = "reply.md"
"""The file of a candidate that holds the last reply; earlier ones are `turn1.md`, `turn2.md`, ..."""
_EARLIER = re.compile(r"turn([0-9]{1,4})\.md")
CUES = {"user": "User", "assistant": "Assistant"}
"""Role -> the name that its turns have in a transcript."""
_CUE = re.compile(rf"^[ \t]*({'|'.join(CUES.values())}):", re.MULTILINE)


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


def transcript(system: str, turns: Sequence[Message]) -> str:
    """The conversation as a text that a model can go on with."""
    lines = [f"{CUES.get(turn.role, turn.role)}: {turn.content}" for turn in turns]
    return "\n\n".join([*([system] if system else []), *lines, f"{CUES['assistant']}:"])


def own_words(text: str) -> str:
    """A continued transcript up to the next speaker: not every server keeps to `stop`."""
    return _CUE.split(text, maxsplit=1)[0]


def spoken(prompt: str) -> list[tuple[str, str]]:
    """(role, text) of what stands in a transcript, without the last turn, which is still to be spoken.

    No turn of the model's has another speaker in it, see `own_words`; a user's that has is taken for several.
    """
    first, *rest = _CUE.split(prompt)
    roles = {cue: role for role, cue in CUES.items()}
    turns = [(roles[cue], text.strip()) for cue, text in zip(rest[::2], rest[1::2], strict=True)]
    return [*([("system", first.strip())] if first.strip() else []), *turns[:-1]]


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
