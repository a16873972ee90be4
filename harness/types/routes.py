"""Which model gets which kind of work, as far as measurements say: RoutingTable -> Route -> Evidence."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from harness.types.base import Frozen

Basis = Literal["category", "overall", "none"]
"""category: tasks of the category separate models; overall: only all tasks together do; none: nothing does."""


class Evidence(Frozen):
    """What a choice rests on: its model against the best of those it was preferred to."""

    n: int = Field(ge=0)
    """Tasks that both have met."""
    against: str = ""
    """The closest of the models that are significantly worse."""
    difference: float | None = None
    """Of means, in the metric's unit a task; for the choice."""
    low: float | None = None
    high: float | None = None
    """95% interval over tasks, not adjusted."""
    adjusted_p: float | None = Field(default=None, ge=0, le=1)
    """Holm's, over all pairs of models in all categories and overall."""
    runs_agree: int = Field(default=0, ge=0)
    runs: int = Field(default=0, ge=0)
    note: str = ""


class Route(Frozen):
    """Where requests of one category go."""

    primary: str
    fallback: str | None = None
    """When the primary cannot be reached; None where there is no second model."""
    basis: Basis
    reason: str
    """In words: `best`, `not told apart from ...`, `no evidence: cheapest`."""
    not_told_apart: tuple[str, ...] = ()
    """Models that the data do not separate from the primary."""
    evidence: Evidence | None = None
    """None where there is none."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.fallback == self.primary:
            raise ValueError(f"the fallback of {self.primary} is itself")
        if (self.basis == "none") != (self.evidence is None):
            raise ValueError("evidence belongs to a route that has a basis, and to no other")
        return self


class RoutingTable(Frozen):
    """Category -> route, and what to do with any other category."""

    version: Literal[1] = 1
    metric: str
    alpha: float = Field(gt=0, lt=1)
    runs: tuple[str, ...]
    models: tuple[str, ...] = Field(min_length=1)
    default: Route
    """For categories that are not listed."""
    routes: dict[str, Route]

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, route in {"default": self.default, **self.routes}.items():
            named = {route.primary, route.fallback or route.primary, *route.not_told_apart}
            if unknown := named - set(self.models):
                raise ValueError(f"{name}: {', '.join(sorted(unknown))} is not one of the table's models")
        return self
