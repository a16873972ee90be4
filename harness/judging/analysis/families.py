"""Who is whose relative: judges that mark themselves or models of their own family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.judging.results import IMPORTED


def itself(judge: str, model: str) -> bool:
    """Whether the two are one model, going by their names: `import:qwen` judges both `qwen` and `qwen (ingest)`."""
    name = judge.removeprefix(IMPORTED)
    return name == model or (model.startswith(f"{name} (") and model.endswith(")"))


def related(judge: str, model: str, families: Mapping[str, str]) -> bool:
    """Whether `judge` is `model` itself or of the same family, as far as the catalogue names one."""
    named = (family for name, family in families.items() if itself(judge, name))
    mine = (families.get(judge) or next(named, "")).lower()
    return itself(judge, model) or (bool(mine) and mine == families.get(model, "").lower())


def partial_judges(judges: Iterable[str], models: Iterable[str], families: Mapping[str, str]) -> list[str]:
    """The judges that have a relative among the contestants, sorted."""
    contestants = list(models)
    return sorted({judge for judge in judges if any(related(judge, model, families) for model in contestants)})


def joined(several: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The families of several runs as one: names are of one family where any run, or a chain of them, says so.

    Labels of families differ between runs where an entry without one got a relative's name.
    """
    above: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (parent := above.setdefault(node, node)) != node:
            node = parent
        return node

    for families in several:
        for name, family in families.items():
            # "family" comes before "name": what stands for all is a label.
            first, second = sorted((root(("family", family.lower())), root(("name", name))))
            above[second] = first
    return {name: root((kind, name))[1] for kind, name in list(above) if kind == "name"}
