"""Who is whose relative: judges that mark themselves or models of their own family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def related(judge: str, model: str, families: Mapping[str, str]) -> bool:
    """Whether `judge` is `model` itself or of the same family, as far as the catalogue names one."""
    mine = families.get(judge, "").lower()
    return judge == model or (bool(mine) and mine == families.get(model, "").lower())


def partial_judges(judges: Iterable[str], models: Iterable[str], families: Mapping[str, str]) -> list[str]:
    """The judges that have a relative among the contestants, sorted."""
    contestants = list(models)
    return sorted({judge for judge in judges if any(related(judge, model, families) for model in contestants)})
