"""A judgment's reply, read by `parse` with what is known of the question."""

from __future__ import annotations

import re

from harness.judging.parse import parse
from harness.types import Judgment, Reading, Reply, Request

MARK = re.compile(r"^<<< (\w+) begin ", re.MULTILINE)
UNMARKED = "missing_id"
"""No object of the reply has the mark."""
QUOTED = re.compile(r"^\| ?(.*)$", re.MULTILINE)
"""A line of the task or of a candidate."""


def read(judgment: Judgment, reply: Reply) -> Reading:
    """What the reply says of the judgment's labels.

    Where the judge put the question's mark into its verdict, as the form asks, only such objects count: no candidate
    knows it. Judges that leave it out are read as well; then an object that stands in the prompt, where a candidate may
    have put it, is no verdict. Nor is, in either case, what the judge's object wraps if a candidate wrote it.
    """
    asked = sent(judgment)
    # What stands in quotes is not ours: the form of the answer, with its examples, is.
    material = "\n".join(QUOTED.findall(asked))
    mark = MARK.search(asked)
    if mark is not None and mark[1] in reply.text:
        marked = parse(
            reply.text,
            judgment.labels,
            judgment.mode,
            finish_reason=reply.finish_reason,
            nonce=mark[1],
            material=material,
        )
        # A verdict that has the mark and cannot be taken is the judge's all the same: nothing else stands in for it.
        if marked.reason != UNMARKED:
            return marked
    return parse(
        reply.text,
        judgment.labels,
        judgment.mode,
        finish_reason=reply.finish_reason,
        prompt=asked,
        material=material,
    )


def sent(judgment: Judgment) -> str:
    """All text that the judge was sent."""
    request = Request.model_validate(judgment.request) if judgment.request else Request()
    return request.prompt or "\n\n".join(message.content for message in request.messages)
