"""The candidate's process where its tests are in another box: imports its modules and answers what is asked of them.

A question names a module, or an object by the name it got in an earlier answer; values go both ways, objects stay here.

    {"do": "import", "name": "src.shop"}                     {"do": "get", "of": "4", "name": "total"}
    {"do": "call", "of": "4", "name": "", "args": [...], "kwargs": [[k, value], ...]}   name: a method of it
    {"do": "set", "of": "4", "name": "x", "value": value}     {"do": "text", "of": "4", "name": "repr" or "str"}

An answer is `value` (tagged, see values.py), `raised`, or `unsupported`, and in `new` what stands behind names that it
is the first to use: [name, kind, ...], kind being module, class, exception, callable or object.
"""

import builtins
import sys

from . import child, values, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIRECTORY = "/box/work"


def of_python(value: "Any") -> bool:
    """Whether this is a class that every Python has under its name."""
    return isinstance(value, type) and bool(value is vars(builtins).get(value.__name__))


class Objects:
    """What the tests know by name. Nothing is forgotten: a test may come back to it."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.names: dict[int, str] = {}
        self.new: list[list[Any]] = []

    def refer(self, value: "Any") -> str:
        """The name of an object. Built-in classes have the same name everywhere: `=ValueError`."""
        if of_python(value):
            return "=" + str(value.__name__)
        name = self.names.get(id(value))
        if name is None:
            name = self.names[id(value)] = f"{len(self.kept):x}"
            self.kept.append(value)
            self.new.append([name, *self._described(value)])
        return name

    def named(self, name: str) -> "Any":
        return getattr(builtins, name[1:]) if name.startswith("=") else self.kept[int(name, 16)]

    def _described(self, value: "Any") -> "list[Any]":
        if isinstance(value, type(sys)):
            return ["module", value.__name__]
        if isinstance(value, type):
            bases = [self.refer(base) for base in value.__bases__]
            kind = "exception" if issubclass(value, BaseException) else "class"
            return [kind, _word(value.__name__), bases, _word(value.__module__, "."), _methods(value)]
        if isinstance(value, _FUNCTIONS):
            return ["callable", _word(value.__name__), _word(value.__module__ or "", ".")]
        return ["object", self.refer(type(value))]


_FUNCTIONS = (type(child.lay_out), type(len), type(Objects().refer))


def _word(text: "Any", between: str = "") -> str:
    """A name that is an identifier, or several with dots between them, as every class and most functions have one."""
    parts = text.split(between) if between else [text]
    return text[:200] if all(part.isidentifier() for part in parts) else "unnamed"


def _methods(cls: type) -> list[str]:
    """Plain methods, which can be called in one question instead of two."""
    found = {
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if isinstance(value, _FUNCTIONS[0]) and not name.startswith("__")
    }
    return sorted(name for name in found if name.isidentifier())


def serve(files: "dict[str, bytes]") -> None:
    """Lay out the candidate's files, then answer one question after the other until there are no more."""
    child._forget_runner("__main__")
    child.lay_out(files, DIRECTORY)
    # At the end, as for tests in one process: nothing of a candidate may stand in for the standard library.
    sys.path.append(DIRECTORY)
    objects = Objects()
    child._answer(child.RESULT_FD, {"ready": True})
    while True:
        try:
            header, _ = wire.receive(child.INPUT_FD)
        except wire.Broken:
            return
        child._answer(child.RESULT_FD, _answer(objects, header["question"]))


def _answer(objects: Objects, question: "dict[str, Any]") -> "dict[str, Any]":
    objects.new = []
    answer: dict[str, Any]
    try:
        found = _ask(objects, question)
    except BaseException as error:
        answer = {"raised": _raised(objects, error)}
    else:
        try:
            answer = {"value": values.encode(found, 0, objects.refer)}
        except values.Unsupported as error:
            answer = {"unsupported": str(error)}
        except BaseException as error:  # a value that misbehaves while it is read
            answer = {"unsupported": f"{type(error).__name__} while the value was read"}
    return {**answer, "new": objects.new}


def _ask(objects: Objects, question: "dict[str, Any]") -> "Any":
    name = question["name"]
    if question["do"] == "import":
        return _import(name)
    target = objects.named(question["of"])
    if question["do"] == "get":
        return getattr(target, name)
    if question["do"] == "set":
        setattr(target, name, values.decode(question["value"], objects.named))
        return None
    if question["do"] == "text":
        return repr(target) if name == "repr" else str(target)
    args = [values.decode(item, objects.named) for item in question["args"]]
    kwargs = {key: values.decode(item, objects.named) for key, item in question["kwargs"]}
    return (getattr(target, name) if name else target)(*args, **kwargs)


def _import(name: str) -> "Any":
    """The module, or None when the candidate has none of this name."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise


def _raised(objects: Objects, error: BaseException) -> "list[Any]":
    """[name of the exception, its message, its arguments]; arguments that are no values are left out."""
    try:
        message = str(error)[: child.MESSAGE_CAP]
    except BaseException:
        message = "<str() of the exception failed>"
    try:
        args = [values.encode(item, 0, objects.refer) for item in error.args]
    except BaseException:
        args = []
    return [objects.refer(error), message, args]
