"""What a line may say: ReplyLine, JudgmentLine. Numbers are numbers, unknown keys are errors."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from harness.importing.lines import Place, Refused
from harness.types import DIMENSIONS, Kind, Outcome

MOST = 999
"""Greatest number of a repeat or an attempt, counted from 0."""
_SHOWN = 60


def _plain(name: str) -> str:
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise PydanticCustomError("name", "a name is printable, not empty, and has no space at its ends")
    return name


Name = Annotated[str, Field(max_length=300), AfterValidator(_plain)]
Number = Annotated[int, Field(ge=0, le=MOST)]
Tokens = Annotated[int, Field(ge=0, le=2**53)]
Amount = Annotated[float, Field(ge=0)]


class Line(BaseModel):
    """Base of both kinds: nothing is converted, nothing is passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ReplyLine(Line):
    """One reply of one model to one task, with what became of it where that is known."""

    task: Name
    model: Name
    role: Name | None = None
    """Models are told apart by name and role."""
    repeat: Number = 0
    attempt: Number = 0
    reply: str | None = None
    """The text. None: only the result was kept."""
    replies: list[str] | None = Field(default=None, min_length=1)
    """Of a conversation of several turns: all of them, in place of `reply`."""
    prompt: str | None = None
    """What the model was asked, as one text, in place of what the task says."""
    thinking: str | None = None
    finish_reason: str | None = None
    tokens: Tokens | None = None
    """Of the reply."""
    prompt_tokens: Tokens | None = None
    seconds: Amount | None = None
    """From the request to the end of the reply."""
    category: Name | None = None
    kind: Kind | None = None
    cost_usd: Amount | None = None
    family: Name | None = None
    error: str | None = None
    """The model's server failed, and how."""
    score: Amount | None = None
    """Points reached, of `max_score`."""
    max_score: Annotated[float, Field(gt=0)] | None = None
    passed: bool | None = None
    outcome: Annotated[Outcome, Strict(False)] | None = None

    @property
    def shown(self) -> str:
        """The name by which runs and reports know the model."""
        return self.model if self.role is None else f"{self.model} ({self.role})"

    @property
    def replied(self) -> bool:
        """Whether the line has the text of a reply, or of thinking that led to none."""
        return self.reply is not None or self.replies is not None or self.thinking is not None

    @property
    def judged(self) -> bool:
        """Whether the line has a verdict of its own."""
        return self.score is not None or self.passed is not None or self.outcome is not None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.reply is not None and self.replies is not None:
            raise _wrong("replies", "there is `reply` already: give one of them")
        if (self.score is None) != (self.max_score is None):
            raise _wrong(*(("max_score", "missing: points of how many?") if self.max_score is None else
                           ("score", "missing: there is a `max_score`")))  # fmt: skip
        if self.score is not None and self.max_score is not None and self.score > self.max_score:
            raise _wrong("score", f"{self.score:g} is more than max_score, {self.max_score:g}")
        for key in ("prompt", "tokens", "prompt_tokens", "finish_reason"):
            if getattr(self, key) is not None and not self.replied:
                raise _wrong(key, "is about a reply, and there is none: give `reply`")
        if self.error is not None and (self.judged or self.replied):
            raise _wrong("error", "says that no reply came, so there can be neither reply nor verdict")
        full = None if self.score is None else self.score == self.max_score
        by_outcome = None if self.outcome is None else self.outcome is Outcome.passed
        said = [("passed", self.passed), ("outcome", by_outcome), ("score", full)]
        known = [(key, value) for key, value in said if value is not None]
        if len({value for _, value in known}) > 1:
            raise _wrong(known[0][0], f"contradicts `{next(key for key, value in known if value != known[0][1])}`")
        return self


class JudgmentLine(Line):
    """What one judge said of one task: a ranking, a winner, scores, or a mark of one reply."""

    task: Name
    judge: Name
    repeat: Number = 0
    model: Name | None = None
    """Rubric only: whose reply."""
    role: Name | None = None
    attempt: Number | None = None
    """Which attempt was judged; without it the first one there is."""
    rubric: Annotated[int, Field(ge=0, le=3)] | None = None
    ranking: list[Name | list[Name]] | None = Field(default=None, min_length=1)
    """Best first; equals in a list of their own."""
    winner: Name | list[Name] | None = None
    """Of all that have a line for this task and repeat; several share the first place."""
    scores: dict[Name, dict[str, Annotated[float, Field(ge=1, le=10)]]] | None = Field(default=None, min_length=1)
    """Model -> dimension -> 1..10, all five."""
    passes: dict[Name, bool] | None = None
    """Model -> whether the judge found that it does what was asked. Beside ranking, winner or scores."""
    note: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        told = [key for key in ("rubric", "ranking", "winner", "scores") if getattr(self, key) is not None]
        if not told:
            raise _wrong("judge", "said nothing: expected `rubric`, `ranking`, `winner` or `scores`")
        if len(told) > 1 and told != ["ranking", "scores"]:
            raise _wrong(told[1], f"there is `{told[0]}` already: only ranking and scores go together")
        if (self.rubric is None) != (self.model is None):
            raise _wrong("model", "missing: whose rubric is it?" if self.model is None else "belongs to a rubric only")
        for key in ("role", "passes"):
            if getattr(self, key) is not None and (key == "role") != (self.rubric is not None):
                raise _wrong(key, "belongs to a rubric only" if key == "role" else "does not go with a rubric")
        for model, marks in (self.scores or {}).items():
            if set(marks) != set(DIMENSIONS):
                raise _wrong("scores", f"{model}: expected exactly {', '.join(DIMENSIONS)}, found {', '.join(marks)}")
        return self


Kept = TypeVar("Kept", ReplyLine, JudgmentLine)


def line_of(record: dict[str, Any], place: Place) -> ReplyLine | JudgmentLine:
    """A line's record: with `judge` it is a judgment. Raises Refused naming file, line and key."""
    return _validated(JudgmentLine, record, place) if "judge" in record else _validated(ReplyLine, record, place)


def _validated(kind: type[Kept], record: dict[str, Any], place: Place) -> Kept:
    try:
        return kind.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = [str(part) for part in first["loc"] if not str(part).startswith(("constrained", "function-", "tuple["))]
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields)
            raise Refused(place, "unknown key", key=".".join(where), remedy=f"keys of such a line: {known}") from None
        if first["type"] == "missing":
            raise Refused(place, "missing", key=".".join(where)) from None
        if first["type"] == "line":
            raise Refused(place, first["msg"], key=first["ctx"]["key"]) from None
        found = repr(first["input"])
        clipped = found if len(found) <= _SHOWN else found[:_SHOWN] + "..."
        raise Refused(place, f"{first['msg'].lower()}, found {clipped}", key=".".join(where)) from None


def _wrong(key: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("line", "{text}", {"key": key, "text": message})
