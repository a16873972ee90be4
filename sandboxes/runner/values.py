"""Python values as tagged lists, `[tag, payload]`, without JSON numbers.

    None ["n"]  bool ["b", true]  int ["i", hex]  float ["f", float.hex()]  complex ["c", [hex, hex]]
    str ["s", text]  bytes ["y", base64]  bytearray ["Y", base64]
    list ["l", [...]]  tuple ["u", [...]]  set ["S", [...]]  frozenset ["F", [...]]  dict ["d", [[k, v], ...]]

Types are exact: a subclass is not encoded, so nothing that redefines equality can stand for a value. The dictionaries
of `collections` count as dicts. Host and runner share this file.

Between tests and a candidate in two boxes there is one more: `["o", name]`, an object that stays where it is. It is
made and understood only by who passes `refer` and `resolve`.
"""

from binascii import a2b_base64, b2a_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_DEPTH = 200


class Unsupported(Exception):
    """The value has a part that is no plain value; the text says which."""


def encode(value: "Any", depth: int = 0, refer: "Callable[[Any], str] | None" = None) -> "list[Any]":
    """Tagged form of a value; what is no plain value is what `refer` calls it. Raises Unsupported."""
    if depth > MAX_DEPTH:
        raise Unsupported(f"nested deeper than {MAX_DEPTH}")
    kind = type(value)
    if value is None:
        return ["n"]
    if kind is bool:
        return ["b", value]
    if kind is int:
        return ["i", hex(value)]
    if kind is float:
        return ["f", value.hex()]
    if kind is str:
        return ["s", value]
    if kind in _SEQUENCES:
        return [_SEQUENCES[kind], [encode(item, depth + 1, refer) for item in value]]
    if kind is dict or _dict_like(kind):
        pairs = dict.items(value)
        return ["d", [[encode(k, depth + 1, refer), encode(v, depth + 1, refer)] for k, v in pairs]]
    if kind is bytes or kind is bytearray:
        return ["y" if kind is bytes else "Y", b2a_base64(value, newline=False).decode("ascii")]
    if kind is complex:
        return ["c", [value.real.hex(), value.imag.hex()]]
    if refer is not None:
        return ["o", refer(value)]
    raise Unsupported(f"{kind.__module__}.{kind.__qualname__} is not a plain value")


_SEQUENCES: "dict[type, str]" = {list: "l", tuple: "u", set: "S", frozenset: "F"}


def _dict_like(kind: type) -> bool:
    # By name first: importing collections costs more than the rare value is worth.
    if kind.__module__ != "collections" or kind.__name__ not in ("defaultdict", "OrderedDict", "Counter"):
        return False
    import collections

    return kind is getattr(collections, kind.__name__, None)


def decode(wire: "Any", resolve: "Callable[[str], Any] | None" = None) -> "Any":
    """The Python value of a tagged form. Raises ValueError for what `encode` cannot have made."""
    try:
        return _decode(wire, 0, resolve)
    except (TypeError, IndexError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a tagged value: {error!r}") from None


def _decode(wire: "Any", depth: int, resolve: "Callable[[str], Any] | None") -> "Any":
    if depth > MAX_DEPTH or type(wire) is not list or not wire or len(wire) > 2:
        raise ValueError("not a tagged value")
    tag = wire[0]
    if tag == "n":
        return None
    payload = wire[1]
    if tag in _BUILD:
        return _BUILD[tag](_decode(item, depth + 1, resolve) for item in payload)
    if tag == "d":
        return {_decode(k, depth + 1, resolve): _decode(v, depth + 1, resolve) for k, v in payload}
    if tag == "c":
        return complex(float.fromhex(payload[0]), float.fromhex(payload[1]))
    if type(payload) is not (bool if tag == "b" else str):
        raise ValueError("not a tagged value")
    if tag == "o" and resolve is not None:
        return resolve(str(payload))
    return _SCALARS[tag](payload)


_BUILD: "dict[str, Callable[..., Any]]" = {"l": list, "u": tuple, "S": set, "F": frozenset}
_SCALARS: "dict[str, Callable[..., Any]]" = {
    "b": bool,
    "i": lambda text: int(text, 16),
    "f": float.fromhex,
    "s": str,
    "y": a2b_base64,
    "Y": lambda text: bytearray(a2b_base64(text)),
}
