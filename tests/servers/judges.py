"""Scripted judges: steps for `scripted` that read the question as a judge would, and answer in its form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from harness.types import DIMENSIONS
from tests.servers.scripted import Exchange, Step
from tests.servers.wires import Chat

WIRE = Chat(stream=False)
BLOCK = re.compile(r"^<<< (\w+) begin Model (\w+)\n(.*?)\n<<< \1 end Model \2$", re.MULTILINE | re.DOTALL)

Taste = Callable[[str], float]
"""What a judge thinks of an answer's text: 1..10."""


def prompt_of(body: Any) -> str:
    """Everything a judge was sent, as text."""
    return "\n\n".join(
        message["content"] if isinstance(message["content"], str) else json.dumps(message["content"])
        for message in body["messages"]
    )


def shown(body: Any) -> dict[str, str]:
    """Label -> the candidate as it was shown, quotes off."""
    return {label: re.sub(r"^\| ?", "", text, flags=re.MULTILINE) for _, label, text in BLOCK.findall(prompt_of(body))}


def listwise(scores: dict[str, float], **more: Any) -> str:
    """A verdict that gives each label one score in all dimensions, ranks by it, and lets 6 and better pass."""
    ranking = sorted(scores, key=lambda label: -scores[label])
    marks = {
        label: {**dict.fromkeys(DIMENSIONS, value), "passes": value >= 6, "note": "as it is"}
        for label, value in scores.items()
    }
    return json.dumps({"scores": marks, "ranking": ranking, **more})


def judging(taste: Taste) -> Step:
    """A judge of that taste, in whichever mode it is asked."""

    def step(exchange: Exchange) -> None:
        answers = shown(exchange.request.body)
        liked = {label: taste(text) for label, text in answers.items()}
        text = prompt_of(exchange.request.body)
        if '"winner"' in text:
            best = max(liked.values())
            winners = [label for label, value in liked.items() if value == best]
            WIRE.says(json.dumps({"winner": winners[0] if len(winners) == 1 else "tie"}))(exchange)
        elif '"score"' in text:
            (value,) = liked.values()
            WIRE.says(json.dumps({"score": round((value - 1) / 3)}))(exchange)
        else:
            WIRE.says(listwise(liked))(exchange)

    return step


def says(text: str, finish: str = "stop") -> Step:
    """A judge that says this, whatever it is asked."""
    return WIRE.says(text, finish=finish)


def fails(status: int = 500) -> Step:
    def step(exchange: Exchange) -> None:
        exchange.json({"error": {"message": "out of order"}}, status)

    return step


def hangs_up(exchange: Exchange) -> None:
    exchange.drop()
