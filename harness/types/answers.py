"""What was found in a reply: Extraction -> Candidate."""

from __future__ import annotations

import hashlib
import json

from harness.types.base import Frozen
from harness.types.outcomes import Outcome


class Candidate(Frozen):
    """What an attempt submits: relative path -> text."""

    files: dict[str, str]

    @property
    def hash(self) -> str:
        """SHA-256 of paths and contents, 16 hex digits: equal candidates, equal hashes."""
        return hashlib.sha256(json.dumps(sorted(self.files.items())).encode()).hexdigest()[:16]


class Extraction(Frozen):
    """How a candidate was found in a reply."""

    candidate: Candidate | None
    """None: nothing to run, for the reason in `choice`."""
    choice: str
    """Which part was taken and why, in one sentence."""
    fenced: bool = False
    """The reply used markdown fences."""
    blocks: int = 0
    prose: bool = False
    """There was text beside the code."""
    thinking: bool = False
    """Thinking was cut out of the reply's text."""
    unclosed: bool = False
    rejected: tuple[str, ...] = ()
    """Files of the answer that were not taken, with the reason."""
    counts_as: Outcome = Outcome.no_candidate
    """What an answer is worth that has no candidate."""
    handed_over: bool = False
    """The solver made the candidate itself: there is nothing to look for in the reply."""
