"""A task of three files, a scripted model, and runs of real agents in real containers over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from harness.conclusion import Run
from harness.config import AgentSettings, RunConfig
from harness.plan import Plan, plan
from harness.runner import run
from harness.store import Store
from harness.types import Attempt, Judgment, ModelCall
from tests.servers.scripted import Exchange, Step
from tests.servers.wires import Chat

WIRE = Chat(stream=False)
INSTRUCTION = """\
# Prices in cents

`shop/price.py` keeps prices as floats. Keep whole cents instead: `Price(cents)` with an attribute `cents`. Change
`shop/cart.py` and `shop/receipt.py` so that `total(prices)` returns cents and `line(name, price)` prints `name 1.50`.
"""
BEFORE = {
    "shop/__init__.py": "",
    "shop/price.py": "class Price:\n    def __init__(self, amount):\n        self.amount = amount\n",
    "shop/cart.py": "def total(prices):\n    return sum(price.amount for price in prices)\n",
    "shop/receipt.py": 'def line(name, price):\n    return f"{name} {price.amount}"\n',
}
AFTER = {
    "shop/price.py": "class Price:\n    def __init__(self, cents):\n        self.cents = cents\n",
    "shop/cart.py": "def total(prices):\n    return sum(price.cents for price in prices)\n",
    "shop/receipt.py": 'def line(name, price):\n    return f"{name} {price.cents // 100}.{price.cents % 100:02d}"\n',
}
HALF = {**AFTER, "shop/cart.py": BEFORE["shop/cart.py"], "shop/receipt.py": BEFORE["shop/receipt.py"]}
NEARLY = {**AFTER, "shop/receipt.py": AFTER["shop/receipt.py"].replace(":02d", "")}
"""Passes the visible test, and not the hidden one."""
VISIBLE = """\
from shop.cart import total
from shop.price import Price
from shop.receipt import line


def test_shown():
    assert total([Price(150), Price(25)]) == 175
    assert line("tea", Price(150)) == "tea 1.50"
"""
HIDDEN = """\
from shop.cart import total
from shop.price import Price
from shop.receipt import line

SECRET_OF_THE_TESTS = 4711


def test_total_of_none():
    assert total([]) == 0


def test_small_change():
    assert line("gum", Price(105)) == "gum 1.05"
"""


def whole(files: Mapping[str, str], said: str = "Here it is.") -> str:
    """A reply in aider's format for whole files."""
    return said + "\n\n" + "\n\n".join(f"{path}\n```\n{text}```" for path, text in files.items())


def bash(command: str) -> str:
    """A reply of mini-swe-agent's kind."""
    return f"THOUGHT: next.\n\n```mswea_bash_command\n{command}\n```"


def says(*texts: str) -> list[Step]:
    """One reply after the other, the last one for all that follow."""
    return [WIRE.says(text) for text in texts]


def never(exchange: Exchange) -> None:
    """A model that thinks for ever."""
    exchange.until_gone()


class Seen:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.attempts: list[Attempt] = []
        self.judgments: list[Judgment] = []

    def note(self, line: str) -> None:
        self.notes.append(line)

    def begin(self, total: int, done: int, spent: float, what: str = "attempts") -> None:
        """Not looked at."""

    def attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def judgment(self, judgment: Judgment) -> None:
        self.judgments.append(judgment)


class Workshop:
    """A directory with a suite of one task `prices`, a catalogue and a place for runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.suite = root / "s"
        self.task(visible=VISIBLE)

    def task(self, *, visible: str = "", hidden: str = HIDDEN, name: str = "prices", **keys: Any) -> None:
        """Write the task."""
        place = self.suite / name
        files = {f"workspace/{path}": text for path, text in BEFORE.items()}
        files |= {f"reference/{path}": text for path, text in AFTER.items()}
        files |= {"instruction.md": INSTRUCTION, "tests/test_hidden.py": hidden}
        if visible:
            files["visible_tests/test_shown.py"] = visible
        facts = {"kind": "workspace", "editable": ["shop/*.py"], "category": "refactor", **keys}
        files["task.yaml"] = yaml.safe_dump(facts)
        (place / "visible_tests" / "test_shown.py").unlink(missing_ok=True)
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text)

    def model(self, url: str, **keys: Any) -> None:
        """The catalogue: model `m` on that server."""
        entry = {"provider": "openai_compatible", "model": "m-1", "base_url": f"{url}/v1", "retries": 0}
        entry |= {"price": {"input": 1.0, "output": 2.0}, "stream": False, **keys}
        (self.root / "models.yaml").write_text(yaml.safe_dump({"models": {"m": entry}}))

    def plan(self, solver: str = "aider", agent: Mapping[str, Any] | None = None, **keys: Any) -> Plan:
        given: dict[str, Any] = {"paths": (self.suite,), "models": ("m",), "out": self.root / "runs", "name": "r"}
        given["catalogue"] = self.root / "models.yaml"
        settings = AgentSettings.model_validate({"timeout_s": 120, **(agent or {})})
        return plan(RunConfig(**{**given, "solver": solver, "agent": settings, **keys}))

    def run(self, solver: str = "aider", agent: Mapping[str, Any] | None = None, **keys: Any) -> Run:
        return run(self.plan(solver, agent, **keys), Seen())

    def one(self, solver: str = "aider", agent: Mapping[str, Any] | None = None, **keys: Any) -> Attempt:
        """The only attempt of a run."""
        self.run(solver, agent, **keys)
        (found,) = self.attempts()
        return found

    def attempts(self) -> list[Attempt]:
        with Store(self.root / "runs" / "r", write=False) as store:
            return list(store.attempts())

    def calls(self) -> list[ModelCall]:
        with Store(self.root / "runs" / "r", write=False) as store:
            return list(store.calls())


def asked(call: ModelCall) -> str:
    """Everything that a call told the model."""
    return json.dumps(call.request)


Said = Callable[[str], None]
