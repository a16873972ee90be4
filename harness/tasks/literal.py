"""Expected values and arguments as Python literals, read from the very text of a YAML file, never evaluated."""

from __future__ import annotations

import ast
import math
from typing import Any

import yaml

from harness import syntax

MAX_DEPTH = 100
"""Of lists in lists; less than what Python's own parser and the sandbox's protocol take."""
_NAMES = {"inf": math.inf, "nan": math.nan, "Infinity": math.inf, "NaN": math.nan}
_YAML_WORDS = {"true": True, "false": False, "null": None, "~": None}
_MAKERS = {"set": set, "frozenset": frozenset, "bytearray": bytearray, "float": float}


def parse(source: str) -> Any:
    """The value of a literal expression. Raises ValueError saying what is no literal."""
    # In brackets a literal may go over several lines; nothing in brackets would be the empty tuple.
    body = _parsed(f"({source.strip()}\n)", "not a Python literal")
    if isinstance(body, ast.Tuple) and not body.elts and "(" not in source:
        raise ValueError("there is no value: write None for none, '' for empty text")
    return evaluate(body)


def _parsed(source: str, otherwise: str) -> ast.expr:
    try:
        return syntax.expression(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning) as error:
        raise ValueError(f"{otherwise}: {getattr(error, 'msg', None) or error}") from None


def evaluate(node: ast.expr) -> Any:
    """The value of a literal node: constants, containers, signs, complex sums, inf, nan, set(...), frozenset(...)."""
    if isinstance(node, ast.Constant) and node.value is not Ellipsis:
        return node.value
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        values = [evaluate(item) for item in node.elts]
        return tuple(values) if isinstance(node, ast.Tuple) else values if isinstance(node, ast.List) else _set(values)
    if isinstance(node, ast.Dict) and None not in node.keys:
        return _dict([(evaluate(k), evaluate(v)) for k, v in zip(node.keys, node.values, strict=True) if k is not None])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = evaluate(node.operand)
        if type(value) in (int, float, complex):
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = evaluate(node.left), evaluate(node.right)
        if type(left) in (int, float) and type(right) is complex:
            return left + right if isinstance(node.op, ast.Add) else left - right
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MAKERS and not node.keywords:
        try:
            return _MAKERS[node.func.id](*[evaluate(item) for item in node.args])
        except (TypeError, ValueError, OverflowError, MemoryError) as error:
            raise ValueError(f"{ast.unparse(node)[:80]}: {str(error) or 'too large'}") from None
    raise ValueError(f"not a Python literal: {ast.unparse(node)[:80]}")


def _set(values: list[Any]) -> set[Any]:
    try:
        return set(values)
    except TypeError as error:
        raise ValueError(f"in a set: {error}") from None


def _dict(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in pairs:
        try:
            if key in found:
                raise ValueError(f"the key {key!r} stands twice")
            found[key] = value
        except TypeError as error:
            raise ValueError(f"as a key: {error}") from None
    return found


def from_yaml(text: str, node: yaml.Node) -> Any:
    """The value a YAML node stands for: its own characters as a Python literal.

    What is no literal as it stands may still be one part by part: a block list or mapping of literals, with YAML's
    true, false and null as Python's. Raises ValueError; a bare word is an error, not a string.
    """
    if _deep(node, 0):
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return _value(text, node)


def _value(text: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return parse(node.value)
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        return _by_parts(text, node)  # the dashes of a block list would be minus signs
    raw = text[node.start_mark.index : node.end_mark.index]
    try:
        value = parse(raw)
    except ValueError:
        return _by_parts(text, node)
    if isinstance(node, yaml.ScalarNode) and node.style and value != node.value:
        raise ValueError(f"{raw} means one thing to YAML and another to Python; write it after | instead")
    return value


def _deep(node: yaml.Node, depth: int) -> bool:
    """Whether a node goes deeper than is any use, or contains itself."""
    if depth > MAX_DEPTH:
        return True
    if isinstance(node, yaml.SequenceNode):
        return any(_deep(item, depth + 1) for item in node.value)
    return isinstance(node, yaml.MappingNode) and any(_deep(item, depth + 1) for pair in node.value for item in pair)


def _by_parts(text: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(text, item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _dict([(_value(text, key), _value(text, value)) for key, value in node.value])
    assert isinstance(node, yaml.ScalarNode)
    word = str(node.value)
    if not word and not node.style:
        raise ValueError("there is no value: write None for none, '' for empty text")
    if not node.style and word.lower() in _YAML_WORDS:
        return _YAML_WORDS[word.lower()]
    if node.style:
        raise ValueError(f"not a Python literal: {word[:80]!r}")
    raise ValueError(
        f"not a Python literal: {word[:80]} (text needs quotes, and a long or nested literal goes after |)"
    )


def call(source: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """(function name, arguments, keyword arguments) of a call with literal arguments. Raises ValueError."""
    tree = _parsed(source.strip(), "not a call")
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise ValueError("not a call such as name(1, key='text')")  # noqa: TRY004  what is wrong is the text
    keywords: dict[str, Any] = {}
    for item in tree.keywords:
        if item.arg is None:
            raise ValueError("** is not possible in a call")
        if item.arg in keywords:
            raise ValueError(f"the argument {item.arg} stands twice")
        keywords[item.arg] = evaluate(item.value)
    return tree.func.id, tuple(evaluate(item) for item in tree.args), keywords
