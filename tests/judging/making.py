"""Judgments and marks made of plain data, as a store would give them back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from harness.types import (
    DIMENSIONS,
    JudgeMode,
    Judgment,
    Labelled,
    Mark,
    Marked,
    Purpose,
    Reading,
    Reply,
)

Said = Mapping[str, Any]
"""Of a candidate: `score` (all dimensions) or `scores`, `rank`, `rubric`, `passes`, `note`, `characters`, `attempt`."""


def name_of(place: int) -> str:
    """Label of a place: A, B, ..., Z, AA, ..."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


@dataclass
class Bench:
    """Collects judgments with their labels and marks."""

    judgments: list[Judgment] = field(default_factory=list)
    labels: dict[str, tuple[Labelled, ...]] = field(default_factory=dict)
    marked: list[Marked] = field(default_factory=list)

    def ask(
        self, judge: str, task: str, said: Mapping[str, Said], *, mode: JudgeMode = "listwise", repeat: int = 0,
        part: str = "", purpose: Purpose = "compare", reason: str = "", error: str = "", text: str = "{}",
        **reading: object,
    ) -> Judgment:  # fmt: skip
        """One question about the models of `said`, shown in that order. `reason`: rejected; `error`: no reply."""
        key = f"{purpose} {mode} {judge} {task} {repeat} {part}"
        identity = sha256(key.encode()).hexdigest()[:16]
        labelled = tuple(
            Labelled(label=name_of(i), model=model, attempt=int(str(one.get("attempt", 0))),
                     characters=int(str(one.get("characters", 100))))
            for i, (model, one) in enumerate(said.items())
        )  # fmt: skip
        marks = tuple(mark(name_of(i), one) for i, one in enumerate(said.values()))
        found = Reading.model_validate({"marks": () if reason else marks, "reason": reason, **reading})
        judgment = Judgment(
            id=identity, purpose=purpose, mode=mode, judge=judge, task=task, repeat=repeat, part=part,
            labels=tuple(one.label for one in labelled), reply=None if error else Reply(text=text), error=error,
            reading=None if error else found, seconds=1.0,
        )  # fmt: skip
        self.judgments.append(judgment)
        self.labels[identity] = labelled
        if judgment.scored:
            self.marked += [
                Marked(
                    identity, purpose, mode, judge, task, repeat, part, one.model, one.attempt, slot, len(labelled),
                    one.characters, marks[slot],
                )
                for slot, one in enumerate(labelled)
            ]  # fmt: skip
        return judgment

    def pair(self, judge: str, task: str, first: str, second: str, winners: Sequence[str], repeat: int = 0) -> None:
        """Two candidates in both orders; `winners`: who won when `first` was shown first, then when `second` was."""
        for shown, winner in zip(((first, second), (second, first)), winners, strict=False):
            said = {model: {"rank": 1 if winner in (model, "tie") else 2} for model in shown}
            self.ask(judge, task, said, mode="pairwise", repeat=repeat, part="-".join(shown))


def mark(label: str, said: Said) -> Mark:
    score = said.get("score")
    scores = dict.fromkeys(DIMENSIONS, float(str(score))) if score is not None else said.get("scores", {})
    kept = {key: said.get(key) for key in ("rank", "rubric", "passes")}
    return Mark.model_validate({"label": label, "scores": scores, "note": said.get("note", ""), **kept})


Value = Callable[[random.Random, str, str, int, int], float]
"""(rng, judge, model, slot, characters) -> what a judge thinks of a reply."""


def simulated(
    judges: Iterable[str], models: Sequence[str], tasks: int, value: Value, *, seed: int = 0, repeats: int = 1,
) -> Bench:  # fmt: skip
    """Listwise judgments: the greatest value is first; scores are 5 + value, the same on every dimension."""
    rng = random.Random(seed)
    bench = Bench()
    for task in range(tasks):
        for repeat in range(repeats):
            lengths = {model: int(100 * 2 ** rng.uniform(0, 3)) for model in models}
            for judge in judges:
                shown = rng.sample(list(models), len(models))
                values = {model: value(rng, judge, model, slot, lengths[model]) for slot, model in enumerate(shown)}
                order = sorted(shown, key=lambda model: -values[model])
                said = {
                    model: {
                        "score": min(10, max(1, round(5 + values[model]))), "rank": order.index(model) + 1,
                        "characters": lengths[model],
                    }
                    for model in shown
                }  # fmt: skip
                bench.ask(judge, f"suite/t{task:03d}", said, repeat=repeat)
    return bench
