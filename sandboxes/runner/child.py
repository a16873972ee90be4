"""The candidate's own process: gives up every right, then loads the module and answers calls, or becomes a program."""

import os
import sys

from . import hardening, values, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

MESSAGE_CAP = 10_000
RESULT_FD = 3
INPUT_FD = 4
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
INTERPRETER = "/usr/bin/python3"


def wait_for_candidate() -> None:
    """A process made ahead of time: all that needs no candidate is done when one comes. Then serve it."""
    _settle()
    _tidy_up()
    start, blobs = wire.receive(INPUT_FD)
    _become_nobody(start["uid"], start["cpu_s"])
    if start["apart"]:
        from . import asked  # here: no other kind of job should pay for it

        asked.serve({name[2:]: data for name, data in blobs.items() if name.startswith("f:")})
    else:
        serve_calls(blobs["source"], start["module"], start["entry"])


def give_up_rights(uid: int, cpu_s: int) -> None:
    """From supervisor to candidate: last in line when memory runs out, bounded, and nobody in particular."""
    _settle()
    _become_nobody(uid, cpu_s)


def _settle() -> None:
    """The part of giving up rights that is the same for all candidates."""
    import resource

    os.setsid()
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)
    except OSError:
        pass
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (100, 100))
    hardening.limit_candidate()


def _become_nobody(uid: int, cpu_s: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    if hardening.enter():
        return
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def arrange(stdin: int, stdout: int, stderr: int, result: int, inputs: int | None = None) -> None:
    """Descriptors 0-2 as a program expects them, 3 for results, 4 for inputs, nothing else open."""
    high = 200
    wanted = {0: stdin, 1: stdout, 2: stderr, RESULT_FD: result}
    if inputs is not None:
        wanted[INPUT_FD] = inputs
    for place, fd in wanted.items():
        os.dup2(fd, high + place)
    for place in wanted:
        os.dup2(high + place, place)
    os.closerange(len(wanted), 256)


def serve_calls(
    source: bytes, module_name: str, entry: str, answer_fd: int = RESULT_FD, input_fd: int = INPUT_FD
) -> None:
    """Load the candidate's module, then answer one input after the other until there are no more."""
    module = _forget_runner(module_name)
    try:
        exec(compile(source, f"{module_name}.py", "exec"), module.__dict__)
        function = getattr(module, entry, None)
        if not callable(function):
            _answer(answer_fd, {"missing": entry})
            return
    except BaseException as error:
        _answer(answer_fd, {"load": _describe(error, module_name)})
        return
    _answer(answer_fd, {"ready": True})
    while True:
        try:
            header, _ = wire.receive(input_fd)
        except wire.Broken:
            return
        _answer(answer_fd, _call(function, header, module_name))


def _call(function: "Callable[..., Any]", header: "dict[str, Any]", module_name: str) -> "dict[str, Any]":
    args = [values.decode(item) for item in header["args"]]
    kwargs = {name: values.decode(item) for name, item in header["kwargs"]}
    try:
        value = function(*args, **kwargs)
    except BaseException as error:
        return {"exception": _describe(error, module_name)}
    try:
        return {"value": values.encode(value)}
    except values.Unsupported as error:
        return {"unsupported": str(error)}
    except BaseException as error:  # a value that misbehaves while it is read
        return {"unsupported": f"{type(error).__name__} while the value was read"}


def _describe(error: BaseException, module_name: str) -> list[str]:
    try:
        message = str(error)[:MESSAGE_CAP]
    except BaseException:
        message = "<str() of the exception failed>"
    where, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == f"{module_name}.py":
            where = f"line {trace.tb_lineno}, in {code.co_name}"
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        where = f"line {error.lineno}"
    return [type(error).__name__, message, where]


def _answer(fd: int, content: "dict[str, Any]") -> None:
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105  `contextlib` takes milliseconds to import
            stream.flush()
        except BaseException:
            pass
    data = wire.dumps(content).encode("ascii", "replace")
    data = len(data).to_bytes(4, "big") + data
    while data:
        data = data[os.write(fd, data) :]


def _tidy_up() -> None:
    """The interpreter as a program finds it."""
    import builtins

    sys.path[:] = [entry for entry in sys.path if not entry.startswith("/opt/harness")]
    # Without `site` these two are missing, and scripts do call them.
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    os.chdir("/tmp")


def _forget_runner(module_name: str) -> "ModuleType":
    """A namespace like a freshly imported module's; the runner's own names are gone from `sys.modules`."""
    import builtins

    for name in [name for name in sys.modules if name == "runner" or name.startswith("runner.")]:
        del sys.modules[name]
    sys.argv[:] = [f"{module_name}.py"]
    module = type(sys)(module_name)
    module.__dict__["__file__"] = f"{module_name}.py"
    module.__dict__["__builtins__"] = builtins
    sys.modules[module_name] = module
    return module


def lay_out(files: dict[str, bytes], directory: str = "/box/work", mode: str = "xb") -> None:
    """Write the given files as the candidate's own user, so that no root ever writes where a candidate may."""
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    for path, data in files.items():
        parent = os.path.dirname(path)
        if parent:
            os.makedirs(parent, exist_ok=True)
        with open(path, mode) as file:
            file.write(data)


def become(argv: list[str]) -> None:
    """Replace this process by the interpreter running `argv`."""
    os.execve(INTERPRETER if os.path.exists(INTERPRETER) else sys.executable, ["python3", *argv], ENVIRONMENT)
