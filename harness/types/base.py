"""What every type here is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of every type here: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
