"""Why a reply is rejected, what a reading had to decide: codes, each with a line for people."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "empty": "The reply has no characters at all.",
    "blank": "The reply is nothing but white space.",
    "unclosed_thinking": "Thinking was opened and never closed: the judge had not come to its answer.",
    "only_thinking": "Nothing stands outside the judge's thinking.",
    "too_long": "The reply is longer than any verdict.",
    "truncated": "The reply was cut off, or a JSON object in it is never closed.",
    "refusal": "The judge declined.",
    "no_json": "No JSON object stands in the reply.",
    "malformed": "What looks like a JSON object cannot be read, even after repair.",
    "no_verdict": "The JSON is not a verdict: its keys are others.",
    "quoted": "The only verdict is one that stands in the prompt: an example or a candidate's text, repeated.",
    "missing_id": "No verdict carries the id that was asked for.",
    "echoed": "Placeholders of the asked form stand where the judge's values should.",
    "duplicate_key": "A key, a candidate or a dimension is given twice in one object or list.",
    "corrected": "After a whole verdict comes one that differs: a part of one, of one thing only, or without the id.",
    "not_finite": "NaN or Infinity stands where numbers do.",
    "missing_model": "A candidate has no scores, or no place in the ranking.",
    "extra_model": "A candidate is named that was not shown.",
    "missing_dimension": "A candidate lacks a score.",
    "missing_ranking": "Several candidates are scored and not ranked.",
    "duplicate_rank": "A candidate stands in the ranking twice, or two have the same number.",
    "out_of_range": "A number is outside the scale, or on another one.",
    "wrong_type": "A value is of another kind than asked for: true for a number, 2.5 for a whole one.",
}
"""Code -> meaning. A rejected reading has one of these and no marks."""

FLAGS: dict[str, str] = {
    "several": "More than one complete verdict; the last was taken.",
    "contradictory": "The verdicts differ from each other; the last was taken.",
    "later_invalid": "After the verdict that was taken comes one that cannot be read.",
    "pieces": "The verdict was put together from several objects.",
    "normalised": "Labels, keys or numbers were written in another form: Model A, 8/10, neither.",
    "tied": "Candidates share a rank.",
    "ranking_differs": "A candidate is ranked above one with a higher total of scores.",
    "passes_unread": "Whether a candidate passes is given in words that mean neither yes nor no.",
}
"""Code -> meaning, of what an accepted reading had to decide."""


class Problem(Exception):
    """An object that would be a verdict but for this. Never leaves this package."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def shown(value: object) -> str:
    """A value in a message, clipped: it is whatever the judge wrote."""
    text = repr(value) if not isinstance(value, str) or len(value) < 1000 else repr(value[:1000])
    return text if len(text) <= 60 else text[:57] + "..."
