"""A judge's reply -> Reading.

    thinking   what the judge only considered is cut away
    fragments  balanced {...}, whatever surrounds them
    repair     JSON as it should have been written; says the same
    views      which objects are a verdict, or wrap one
    quotes     what stands in the prompt is no verdict
    schema     a verdict of one of the three modes (single: of one value): labels, numbers (values), ranking
    rows       verdicts of single criteria or questions, which are none of the whole
    assemble   the verdicts of a reply one after the other, and those in pieces (piece): which of them stands
    codes      why not, and what had to be decided

Of several valid verdicts the last counts. A reply that does not say everything that was asked is rejected with a code;
nothing is filled in. In words: docs/judging-replies.md. Every function takes linear time and fails on no text;
what is looked up in the prompt takes as long as that is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.grading.extract.text import clean, encodable
from harness.judging.parse.assemble import Verdicts
from harness.judging.parse.codes import FLAGS, REASONS
from harness.judging.parse.fragments import scan
from harness.judging.parse.quotes import Shown
from harness.judging.parse.thinking import CUT, strip
from harness.judging.parse.values import Labels
from harness.judging.parse.views import written_key
from harness.types import JudgeMode, Reading

__all__ = ["FLAGS", "REASONS", "parse"]

MAX_WITH_THINKING = 4_000_000
MAX_CHARACTERS = 400_000
"""Of a reply without its thinking: some hundred thousand tokens."""
MAX_DETAIL = 300

_LABELS = {"rubric": 1, "pairwise": 2}
_CUT = frozenset({"length", "max_tokens", "model_length", "max_output_tokens"})
_DECLINED = frozenset({"content_filter", "refusal", "safety"})
_BLANK = "\ufeff\u200b \t\r\n\f\v\0"
_REFUSAL = re.compile(
    r"\b(?:i['’]?m sorry|i am sorry|sorry, (?:but )?i|i (?:can(?:no|['’])t|can not|won['’]?t|will not|must decline|"
    r"decline to|refuse to)|(?:i am|i['’]m) (?:unable|not able) to|as an ai\b|unable to (?:assist|comply|help))",
    re.IGNORECASE,
)


def parse(
    text: str,
    labels: Sequence[str],
    mode: JudgeMode,
    *,
    finish_reason: str = "",
    nonce: str = "",
    prompt: str = "",
    material: str | None = None,
) -> Reading:
    """What a judge's reply says of the candidates with these labels (rubric: one, pairwise: two).

    `finish_reason`: the server's word for why the reply ended; a reply that was cut off is never read. `nonce`: if
    given, only objects that carry `"id": nonce` count. `prompt`: what the judge was sent; an object without the nonce
    that stands in it word for word is a quotation of a candidate or of an example and never counts. `material`: of the
    prompt what was quoted; what an object wraps is looked up there, with the nonce as well (default: the prompt).

    Raises ValueError for labels that are none, doubled or too many for the mode; never for a text.
    """
    known = Labels(labels)
    if len(labels) != _LABELS.get(mode, len(labels)):
        raise ValueError(f"mode {mode} takes {_LABELS[mode]} labels: {tuple(labels)!r}")
    reason = finish_reason.casefold()
    cut = reason in _CUT
    whole = clean(text)
    if not whole.strip(_BLANK):
        return _rejected("blank" if text else "empty", "cut off at its token limit" if cut else "")
    if len(whole) > MAX_WITH_THINKING:
        return _rejected("too_long", f"{len(whole)} characters")
    answer = strip(whole)
    if answer.unclosed:
        return _rejected("unclosed_thinking", "thinking never ended")
    body = answer.text.strip(_BLANK + CUT)
    if not body:
        return _rejected("only_thinking", "nothing follows the thinking")
    if cut:
        return _rejected("truncated", f"the server ended the reply: {finish_reason}")
    if len(body) > MAX_CHARACTERS:
        return _rejected("too_long", f"{len(body)} characters")
    found = scan(body, written_key(mode))
    if found.unclosed is not None:
        return _rejected("truncated", f"never closed: {body[found.unclosed : found.unclosed + 60]!r}")
    verdicts = Verdicts(known, mode, nonce, Shown(prompt), Shown(prompt if material is None else material))
    for before, fragment in zip((None, *found.fragments), found.fragments, strict=False):
        between = body[before.end : fragment.start] if before else ""
        verdicts.add(fragment, listed=between.strip() == ",")
    reading = verdicts.reading()
    if reading is not None:
        return reading
    code, detail = verdicts.problem or ("no_json", "")
    if code in ("no_json", "no_verdict", "malformed") and (reason in _DECLINED or _REFUSAL.search(body[:300])):
        code, detail = "refusal", body[:80]
    return _rejected(code, detail)


def _rejected(code: str, detail: str) -> Reading:
    return Reading(reason=code, detail=encodable(detail)[:MAX_DETAIL])
