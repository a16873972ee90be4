"""What a test sees of a candidate in another box: values as values, all else as stand-ins that decide nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.sandbox.pool import Pool
from harness.types import Job, Limits, PytestInput

SHOP = '''
"""A shop."""
import collections, dataclasses, enum, functools

__version__ = "1.2"
__all__ = ["Cart", "total"]
RATES = {"de": 19, "fr": (20, 5.5)}
Missing = KeyError

class ShopError(ValueError):
    def __init__(self, code):
        super().__init__(f"no such code: {code}")
        self.code = code

class Late(ShopError): pass

class Size(enum.Enum):
    SMALL = 1

class Base:
    def _inner(self): return 7

@dataclasses.dataclass
class Cart(Base):
    owner: str = "me"
    lines: list = dataclasses.field(default_factory=list)

    @property
    def count(self): return len(self.lines)

    @classmethod
    def of(cls, owner): return cls(owner)

    def add(self, name, *, price=0):
        self.lines.append((name, price))
        return self

    def other(self): return Cart("other")
    def __eq__(self, other): return True
    def __str__(self): return f"cart of {self.owner}"

def total(cart): return sum(price for _, price in cart.lines)
def refuse(code): raise (Late if code == "late" else ShopError)(code)
def missing(key): return {}[key]
def broken(): return open("/nowhere")
def leave(code): raise SystemExit(code)
def stop(): raise KeyboardInterrupt
def group(): raise ExceptionGroup("several", [ValueError("a")])
def undecodable(): return b"\\xff".decode()
def carts(n): return [Cart(str(i)) for i in range(n)]
def same(value): return value
def deep():
    value = []
    for _ in range(300): value = [value]
    return value
def counted(): return collections.Counter("aab"), collections.OrderedDict(a=1)
class Loud(int): pass
def loud(): return Loud(3)
def counter():
    n = 0
    while True:
        yield n
        n += 1
partial = functools.partial(Cart, "partial")
_hidden = 5
__test__ = False
pytestmark = [1]
'''
CANDIDATE = {
    "src/__init__.py": "from src.shop import total\n",
    "src/shop.py": SHOP,
    "src/bad.py": "raise ZeroDivisionError('at import')\n",
    "src/needs.py": "import nowhere_to_be_found\n",
    "src/deep/__init__.py": "",
    "src/deep/er.py": "X = 1\n",
    "other.py": "X = 2\n",
    "json.py": "raise RuntimeError\n",
}
TESTS = """
import importlib, json, sys
import pytest
import src
import src.deep.er
from src import shop
from src.shop import Cart, ShopError, Size, carts, refuse, total

def test_values():
    assert shop.RATES == {"de": 19, "fr": (20, 5.5)}
    assert (shop.__version__, shop.__all__, shop._hidden) == ("1.2", ["Cart", "total"], 5)
    values = [None, True, 1, -2**70, 1.5, float("inf"), 2j, "t\\u00e4\\U0001f600", b"b", bytearray(b"B")]
    for value in [*values, [1], (1,), {1}, {1: [2]}, frozenset({1}), values]:
        again = shop.same(value)
        assert again == value and type(again) is type(value)
    assert shop.counted() == ({"a": 2, "b": 1}, {"a": 1})

def test_objects():
    cart = Cart("you")
    assert cart.add("pen", price=3).add("pad") is cart
    assert (cart.owner, cart.count, cart.lines) == ("you", 2, [("pen", 3), ("pad", 0)])
    assert total(cart) == shop.total(cart=cart) == 3
    cart.owner = "they"
    assert str(cart) == "cart of they" and repr(cart).startswith("Cart(owner='they'")
    assert cart.other().owner == "other"
    assert Cart.of("x").owner == "x" and shop.partial().owner == "partial"
    assert cart._inner() == 7
    assert [item.owner for item in carts(3)] == ["0", "1", "2"]
    assert Size.SMALL is Size.SMALL and Size.SMALL.value == 1

def test_identity_and_names():
    assert src.total is shop.total is total
    assert (total.__name__, Cart.__name__, Cart.__module__) == ("total", "Cart", "src.shop")
    assert isinstance(Cart(), Cart) and isinstance(Cart(), shop.Base) and not isinstance(Cart(), Size)
    assert type(Cart()) is Cart
    assert shop.Missing is KeyError
    assert importlib.import_module("src.shop") is shop is sys.modules["src.shop"]
    assert src.deep.er.X == 1

def test_a_stand_in_is_equal_to_itself_only():
    cart = Cart()
    assert cart == cart and cart != Cart() and cart != 1 and not cart == "x"
    assert cart in [cart] and cart not in [1, Cart()]
    assert shop.loud() != 3
    for action in (len, iter, int, lambda x: x + 1, lambda x: x[0], lambda x: x < 1):
        with pytest.raises(TypeError):
            action(cart)

def test_errors():
    with pytest.raises(ShopError) as caught:
        refuse("x")
    assert type(caught.value) is ShopError and caught.type.__name__ == "ShopError"
    assert str(caught.value) == "no such code: x" and caught.value.args == ("no such code: x",)
    assert caught.value.code == "x"
    with pytest.raises(ValueError, match="^no such code: late$") as late:
        refuse("late")
    assert isinstance(late.value, ShopError) and type(late.value) is shop.Late
    with pytest.raises(KeyError) as key:
        shop.missing("k")
    assert type(key.value) is KeyError and key.value.args == ("k",) and str(key.value) == "'k'"
    with pytest.raises(FileNotFoundError) as gone:
        shop.broken()
    assert "/nowhere" in str(gone.value)
    with pytest.raises(SystemExit) as left:
        shop.leave(3)
    assert left.value.code == 3
    with pytest.raises(UnicodeDecodeError):
        shop.undecodable()
    with pytest.raises(TypeError, match="missing 1 required"):
        total()

def test_errors_that_would_stop_pytest():
    for name in ("stop", "group"):
        try:
            getattr(shop, name)()
        except BaseException as error:
            assert not isinstance(error, (KeyboardInterrupt, BaseExceptionGroup))
            assert type(error).__name__ in ("KeyboardInterrupt", "ExceptionGroup")
        else:
            assert False

def test_what_is_missing():
    assert not hasattr(shop, "nothing") and not hasattr(Cart, "nothing") and not hasattr(Cart(), "nothing")
    with pytest.raises(ImportError):
        from src.shop import nothing
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("src.nothing")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        importlib.import_module("src.needs")
    with pytest.raises(ZeroDivisionError, match="at import"):
        importlib.import_module("src.bad")

def test_nothing_else_comes_from_the_candidate():
    assert json.dumps(1) == "1"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("other")
    assert not hasattr(shop, "pytestmark") and not hasattr(shop, "__test__") and not hasattr(shop, "__wrapped__")
    assert "runner" not in sys.modules

NOT_BY_VALUE = [
    lambda: shop.same(lambda: 1),
    lambda: shop.same(object()),
    lambda: shop.same([json]),
    lambda: shop.deep(),
    lambda: setattr(shop, "RATES", {}),
    lambda: delattr(Cart(), "owner"),
]

@pytest.mark.parametrize("number", range(len(NOT_BY_VALUE)))
def test_what_cannot_go_by_value_is_no_exception_to_expect(number):
    try:
        NOT_BY_VALUE[number]()
    except Exception:
        assert False, "this could satisfy pytest.raises"
    except BaseException as error:
        assert type(error).__name__ == "NotByValue"
    else:
        assert False, "it went through"

def test_arguments_are_copies():
    lines = [("pen", 1)]
    cart = Cart("me", lines)
    cart.add("pad")
    assert lines == [("pen", 1)] and cart.count == 2
"""
FAILS = """
from src.shop import same

def test_not_by_value():
    try:
        same(print)
    except Exception:
        pass
"""
Outcomes = Callable[[str], dict[str, tuple[str, str]]]


@pytest.fixture(scope="module")
def outcomes(pool: Pool) -> Outcomes:
    """{test: (outcome, message)} of tests over `CANDIDATE`."""

    def run(tests: str) -> dict[str, tuple[str, str]]:
        item = PytestInput(
            id="plain",
            files={"tests/test_shop.py": tests},
            targets=("tests/test_shop.py",),
            candidate=CANDIDATE,
            modules=("src", "json"),
        )
        (seen,) = pool.run(Job(limits=Limits(timeout_s=30), inputs=(item,)), "stand-ins").cases
        assert seen.ending == "exit", seen
        return {
            str(r["id"]).rpartition("::")[2]: (str(r["outcome"]), str(r["message"])) for r in seen.records if "id" in r
        }

    return run


def test_every_test_of_a_module_by_value(outcomes: Outcomes) -> None:
    found = outcomes(TESTS)
    assert len(found) == TESTS.count("\ndef test_") + 5
    assert {name: message for name, (outcome, message) in found.items() if outcome != "passed"} == {}


def test_what_cannot_go_by_value_fails_the_test(outcomes: Outcomes) -> None:
    (found,) = outcomes(FAILS).values()
    assert found[0] == "failed"
    assert "cannot be passed by value: builtins.builtin_function_or_method" in found[1]
