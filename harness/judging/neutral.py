"""Candidates cannot speak to a judge: nothing that is read as control, nothing that says which model it is (`names`).

The texts go on to `prompt`, which quotes every line: there a candidate can neither end its own part nor begin another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.judging.candidates import Contender, Piece
from harness.judging.names import Names

MASKED, CONTROL, CLIPPED = "masked", "control", "clipped"
"""Flags of a judgment: names were masked, control characters or tokens replaced, the middle of a long text left out."""

LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
    # Joiners belong into emoji and some scripts; in a Latin word they only hide it.
    r"|(?<=[\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f])"
)
TOKENS = re.compile(
    r"<(?=[|｜])|<(?=/?s>|(?:start|end)_of_turn>|(?:bos|eos|pad|unk)>|/?SYS>|<SYS>)|\[(?=/?(?:INST|AVAILABLE_TOOLS|TOOL_\w+)\])"
)
"""Where what ends a turn in a chat template begins. A server that reads those in plain text would let a candidate speak
as the system."""
LOOKALIKE = {"<": "‹", "[": "⟦"}

SHORTEST = 80
"""Characters that every piece of an answer keeps; of those for which there is no such room it is said how many."""
LONGEST_HEADING = 300


@dataclass(frozen=True, slots=True)
class Neutral:
    """A contender as it may be shown."""

    pieces: tuple[Piece, ...]
    characters: int
    """Of its own texts, as shown."""
    flags: frozenset[str]
    """What was done to them."""


def neutralised(contender: Contender, names: Names, topic: str, characters: int) -> Neutral:
    """The contender's texts, without control and names, at most `characters` of them; what is left out says so."""
    flags: set[str] = set()
    own = sum(len(piece.text) for piece in contender.pieces if not piece.given)
    pieces = []
    most = max(1, characters // SHORTEST)
    for piece in contender.pieces[:most]:
        heading, text = (_plain(part, flags) for part in (piece.heading, piece.text))
        if not piece.given:
            heading = _masked(heading, names, topic, flags)
            text = _masked(text, names, topic, flags, program=piece.program)
            if own > characters:
                # Every piece gives its share.
                text, cut = clipped(text, max(SHORTEST, characters * len(piece.text) // max(1, own)))
                flags |= {CLIPPED} if cut else set()
        pieces.append(
            Piece(heading.replace("\n", " ")[:LONGEST_HEADING], text, piece.given, piece.named, piece.program)
        )
    if len(contender.pieces) > most:
        flags.add(CLIPPED)
        pieces.append(Piece(f"{len(contender.pieces) - most} more left out by the judging system", ""))
    shown = sum(len(piece.text) for piece in pieces if not piece.given)
    return Neutral(tuple(pieces), shown, frozenset(flags))


def clipped(text: str, characters: int) -> tuple[str, bool]:
    """`text`, and whether its middle was left out so that about `characters` remain: two thirds from the beginning, a
    third from the end, and a line between them that says how much is missing."""
    if len(text) <= characters:
        return text, False
    head, tail = characters * 2 // 3, characters // 3
    left = len(text) - head - tail
    return (
        f"{text[:head]}\n(... {left} characters left out by the judging system ...)\n{text[len(text) - tail :]}",
        True,
    )


def plain(text: str) -> str:
    """`text` with ordinary line ends, without invisible characters and without tokens of chat templates."""
    text = INVISIBLE.sub("", LINE_ENDS.sub("\n", text))
    return TOKENS.sub(lambda found: LOOKALIKE[found[0]], text)


def _plain(text: str, flags: set[str]) -> str:
    found = plain(text)
    if found != text.replace("\r\n", "\n"):
        flags.add(CONTROL)
    return found


def _masked(text: str, names: Names, topic: str, flags: set[str], *, program: bool = False) -> str:
    found = names.masked(text, topic, program=program)
    if found != text:
        flags.add(MASKED)
    return found
