"""The pytest process where the candidate is in another box: its modules are stand-ins that ask for every value.

Nothing of the candidate is here. A module that cannot be found is asked for; what it holds comes as a value, or as the
stand-in of an object that stays in the other box. A stand-in is equal only to itself, has no operators, and of names
with two underscores it passes on `__all__` and `__version__`.
"""

import builtins
import os
import sys
from importlib.machinery import ModuleSpec

from . import values, wire
from .asked import of_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

RESULT_FD, INPUT_FD = 3, 4
PASSED_ON = ("__all__", "__version__")
NOT_RAISED = (KeyboardInterrupt, GeneratorExit)
"""What would end pytest rather than fail a test, or ends a generator of the test."""


class NotByValue(BaseException):
    """What a test asked cannot be asked by value, or the answer is none. No test can expect it."""


class Channel:
    """Questions out, answers in; and every stand-in, so that one object has one."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.names: dict[int, str] = {}

    def ask(self, do: str, of: str, name: str, **more: "Any") -> "Any":
        """The value that the candidate gives, or what it raises."""
        write({"question": {"do": do, "of": of, "name": name, **more}})
        size = int.from_bytes(wire.read_exact(INPUT_FD, 4), "big")
        answer = wire.loads(wire.read_exact(INPUT_FD, size).decode("ascii"))
        for found in answer["new"]:
            self.known[found[0]] = found[1:]
        raised = None
        try:
            if "value" in answer:
                return values.decode(answer["value"], self.named)
            if "raised" in answer:
                raised = self._exception(*answer["raised"])
        except (ValueError, RecursionError, MemoryError) as error:
            raise NotByValue(f"an answer that cannot be read: {error}") from None
        raise raised or NotByValue(f"the answer of {name or do} is no value: {answer['unsupported']}")

    def call(self, of: str, name: str, args: "tuple[Any, ...]", kwargs: "dict[str, Any]") -> "Any":
        return self.ask(
            "call",
            of,
            name,
            args=[self.encode(item) for item in args],
            kwargs=[[key, self.encode(item)] for key, item in kwargs.items()],
        )

    def encode(self, value: "Any") -> "list[Any]":
        try:
            return values.encode(value, 0, self._refer)
        except values.Unsupported as error:
            raise NotByValue(f"cannot be passed by value: {error}") from None

    def _refer(self, value: "Any") -> str:
        if id(value) in self.names:
            return self.names[id(value)]
        if of_python(value):
            return "=" + str(value.__name__)
        raise values.Unsupported(f"{type(value).__module__}.{type(value).__qualname__}")

    def named(self, name: str) -> "Any":
        """The stand-in of this name. Raises ValueError for one that no answer explained."""
        if name.startswith("="):
            found = getattr(builtins, name[1:], None)
            if not isinstance(found, type):
                raise ValueError(f"no built-in class {name[1:]!r}")
            return found
        found = self.known.get(name)
        if type(found) is list:
            if name in self._making:
                raise ValueError("an object that is made of itself")
            self._making.add(name)
            found = self._made(*found)
            self._making.discard(name)
            self.known[name] = found
            self.names[id(found)] = name
        elif found is None:
            raise ValueError(f"an object nobody knows: {name!r}")
        return found

    _making: "set[str]" = set()  # noqa: RUF012  there is one channel in a process

    def _made(self, kind: str, name: str, *more: "Any") -> "Any":
        if kind == "module":
            return Module(name)
        if kind == "callable":
            return type("function", (Callable,), {"__name__": name, "__module__": more[0], "__qualname__": name})()
        if kind == "class":
            return _class(name, tuple(self.named(base) for base in more[0]), more[1], more[2])
        if kind == "exception":
            return _exception_class(name, tuple(self.named(base) for base in more[0]), more[1])
        cls = self.named(name)
        if type(cls) is not Class:
            cls = _class(getattr(cls, "__name__", "object"), (), "builtins", [])
        new: Any = object.__new__
        return new(cls)

    def _exception(self, name: str, message: str, args: "list[Any]") -> BaseException:
        """An exception to raise here: of the built-in class it has there, or of a stand-in's."""
        kind = self.known.get(name)
        if type(kind) is not list or kind[0] != "object":
            raise ValueError("no exception")
        cls = self.named(kind[1])
        if not (isinstance(cls, type) and issubclass(cls, BaseException)):
            raise ValueError(f"{cls!r} is no exception")  # noqa: TRY004  caught with the others
        given = [values.decode(item, self.named) for item in args]
        if not issubclass(cls, Remote):
            try:
                error: BaseException = cls(*given)
                if str(error) == message and not isinstance(error, (*NOT_RAISED, BaseExceptionGroup)):
                    return error
            except Exception:  # a class that wants other arguments
                pass
            cls = _exception_class(cls.__name__, (cls,), "builtins")
        error = cls.__new__(cls)
        error.args = tuple(given)
        error.__dict__["_message"] = message
        self.known[name] = error
        self.names[id(error)] = name
        return error


channel = Channel()


def _private(name: str) -> bool:
    """Names that Python and pytest ask everything for; a candidate's answer must not tell them anything."""
    dunder = name.startswith("__") and name.endswith("__")
    return (dunder and name not in PASSED_ON) or name.startswith(("_pytest", "pytest"))


def _get(stand_in: "Any", name: str) -> "Any":
    if _private(name) or id(stand_in) not in channel.names:
        raise AttributeError(f"{name!r} is not passed on by the stand-in of a candidate's object")
    return channel.ask("get", channel.names[id(stand_in)], name)


def _set(stand_in: "Any", name: str, value: "Any") -> None:
    if _private(name):
        raise NotByValue(f"{name!r} cannot be set in the other box")
    channel.ask("set", channel.names[id(stand_in)], name, value=channel.encode(value))


class Remote:
    """Base of the stand-ins of objects."""

    def __getattr__(self, name: str) -> "Any":
        return _get(self, name)

    def __setattr__(self, name: str, value: "Any") -> None:
        _set(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise NotByValue(f"{name!r} cannot be deleted in the other box")


class Callable(Remote):
    """A function, a bound method."""

    def __call__(self, *args: "Any", **kwargs: "Any") -> "Any":
        return channel.call(channel.names[id(self)], "", args, kwargs)


class Class(type):
    """The class of stand-ins of classes: a call makes an object in the other box."""

    def __call__(cls, *args: "Any", **kwargs: "Any") -> "Any":
        return channel.call(channel.names[id(cls)], "", args, kwargs)

    def __getattr__(cls, name: str) -> "Any":
        return _get(cls, name)

    def __setattr__(cls, name: str, value: "Any") -> None:
        _set(cls, name, value)


class ExceptionClass(type):
    """The class of stand-ins of exception classes, which `pytest.raises` and `except` take as what they are."""

    __call__ = Class.__call__
    __getattr__ = Class.__getattr__


def _method(name: str) -> "Any":
    def method(self: "Any", /, *args: "Any", **kwargs: "Any") -> "Any":
        return channel.call(channel.names[id(self)], name, args, kwargs)

    method.__name__ = name
    return method


def _text(how: str) -> "Any":
    def text(self: "Any") -> str:
        found = channel.ask("text", channel.names[id(self)], how)
        if type(found) is not str:
            raise NotByValue(f"{how}() of an object is no text")
        return found

    return text


def _instance_call(self: "Any", /, *args: "Any", **kwargs: "Any") -> "Any":
    return channel.call(channel.names[id(self)], "", args, kwargs)


def _class(name: str, bases: "tuple[Any, ...]", module: str, methods: list[str]) -> type:
    """The stand-in of a class; its bases are those that are stand-ins themselves."""
    ours = tuple(base for base in bases if type(base) is Class) or (Remote,)
    body: dict[str, Any] = {name: _method(name) for name in methods if not _private(name)}
    body.update(__module__=module, __repr__=_text("repr"), __str__=_text("str"), __call__=_instance_call)
    try:
        return Class.__new__(Class, name, ours, body)
    except TypeError:  # bases that Python cannot put into an order
        return Class.__new__(Class, name, (Remote,), body)


def _exception_class(name: str, bases: "tuple[Any, ...]", module: str) -> type:
    """The stand-in of an exception class: of its bases, stand-ins and built-in exceptions that fail a test."""
    ours = [base for base in bases if isinstance(base, type) and issubclass(base, BaseException)]
    ours = [base for base in ours if not issubclass(base, (*NOT_RAISED, BaseExceptionGroup))]
    body = {"__module__": module, "__str__": lambda self: self.__dict__.get("_message", ""), "__getattr__": _get}
    for chosen in (tuple(ours), tuple(ours[:1])):
        try:
            remote = () if any(issubclass(base, Remote) for base in chosen) else (_RemoteError,)
            return ExceptionClass.__new__(ExceptionClass, name, (*remote, *(chosen or (BaseException,))), body)
        except TypeError:
            continue
    return ExceptionClass.__new__(ExceptionClass, name, (_RemoteError, Exception), body)


class _RemoteError(Remote):
    # Python itself sets context and traceback.
    __setattr__ = object.__setattr__  # type: ignore[assignment]
    __delattr__ = object.__delattr__


class Module(type(sys)):  # type: ignore[misc]
    """The stand-in of a module."""

    def __getattr__(self, name: str) -> "Any":
        return _get(self, name)

    def __setattr__(self, name: str, value: "Any") -> None:
        if not (isinstance(value, Module) or name.startswith("__")):  # both are the import system's doing
            raise NotByValue(f"{name!r} cannot be set in the other box")
        super().__setattr__(name, value)


class Finder:
    """The last finder of modules: what nobody else knows may be a module of the candidate.

    Only below the top-level names that the task's own workspace has: nothing that pytest would like to import, such
    as a highlighter of source, may come from a candidate.
    """

    def __init__(self, tops: list[str]) -> None:
        self.tops = tops

    def find_spec(self, fullname: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        if fullname.partition(".")[0] not in self.tops:
            return None
        module = channel.ask("import", "", fullname)
        if not isinstance(module, Module):
            return None
        spec = ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]
        spec.loader_state = module
        return spec

    def create_module(self, spec: ModuleSpec) -> "ModuleType":
        module: ModuleType = spec.loader_state
        return module

    def exec_module(self, module: "ModuleType") -> None:
        """It was executed in the other box."""


def write(content: "dict[str, Any]") -> None:
    """One frame to the warden: a question, or a record of the test run."""
    data = wire.dumps(content).encode("ascii")
    data = len(data).to_bytes(4, "big") + data
    while data:
        data = data[os.write(RESULT_FD, data) :]


def main(tops: list[str], targets: list[str]) -> int:
    """Run the test files against the candidate in the other box; modules below `tops` are its."""
    from . import pytest_main

    class Recorder(pytest_main.Recorder):
        def write(self, record: "dict[str, Any]") -> None:
            write({"record": record})

    for name in [name for name in sys.modules if name == "runner" or name.startswith("runner.")]:
        del sys.modules[name]
    sys.meta_path.append(Finder(tops))
    return pytest_main.run(Recorder(RESULT_FD), targets)
