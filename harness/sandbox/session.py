"""One job in one box: inputs go in one at a time, evidence comes out, whatever happens on the way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from harness.sandbox import Box, BoxLost, Frame, wire
from harness.types import CallInput, CaseEvidence, ExecInput, Job, JobInput, PytestInput

GRACE_S = 15.0
"""Beyond a case's own limit, which the supervisor enforces, before a box counts as silent."""
WHILE_LOADING = "while loading"
"""How the detail of an exception begins that came before the first call."""
_uids = random.SystemRandom()


def begin(box: Box, job: Job, files: dict[str, str] | None = None) -> None:
    """Tell the supervisor about the candidate: its limits, its uid, its source; its `files` if it answers tests in
    another box."""
    box.send(_start(job, files))


def _start(job: Job, files: dict[str, str] | None = None) -> Frame:
    limits = job.limits
    header = {
        "op": "start",
        # Kernel quotas (processes, pipes, inotify) are counted a uid across containers, so each has its own.
        "uid": _uids.randrange(100_000, 2_000_000_000),
        "timeout_s": limits.timeout_s,
        "cpu_s": int(limits.timeout_s * max(1, len(job.inputs))) + 2,
        "output_kb": limits.output_kb,
        "module": job.module,
        "entry": job.entry,
        "called": files is not None or any(isinstance(item, CallInput) for item in job.inputs),
        "apart": files is not None,
    }
    return header, {"source": to_bytes(job.source or ""), **file_blobs(files or {})}


def patience(job: Job) -> float:
    """Seconds until the evidence of an input, or the next of several, must have come: loading a module, and then a
    call, may take their limit, stretched where there is no processor for them."""
    return 2 * wire.STRETCH * job.limits.timeout_s + GRACE_S


class Served(NamedTuple):
    """How a row of calls ended."""

    loaded: bool
    """False: the module does not load, and would not for the next call either."""
    clean: bool | None
    """None: the candidate waits for more. Otherwise it ended; whether nothing of it is left in the box."""


def calls(
    box: Box, job: Job, inputs: Sequence[JobInput], keep: Callable[[CaseEvidence], None], *, start: bool, end: bool
) -> Served:
    """Call a candidate with one input after the other, up to the first that ends its process; `keep` gets evidence.

    `start`: of a new candidate; `end`: with the last input. All inputs go to the box at once, the candidate gets the
    next when it has answered: a wait between host and box costs more than most calls. Raises BoxLost, BoxSilent.
    """
    header: dict[str, Any] = {"op": "calls", "calls": [_call(item) for item in inputs], "end": end}
    frames: list[Frame] = [(header, {})]
    if start:
        frames.insert(0, _start(job))
    # While the module loads nobody reads.
    box.send(*frames, within_s=patience(job))
    waiting = [item.id for item in inputs]
    while True:
        header, blobs = box.receive(patience(job))
        seen = _several(header, blobs)
        if not seen or [case.id for case in seen] != waiting[: len(seen)]:
            raise BoxLost(f"expected evidence of {waiting[:1]}, got {str(header)[:200]}")
        del waiting[: len(seen)]
        for case in seen:
            keep(case)
        if header.get("last") is True:
            clean = header.get("clean")
            if waiting and clean is None and header.get("loaded") is True:
                raise BoxLost(f"no evidence of {waiting[0]!r}")
            return Served(header.get("loaded") is True, None if clean is None else clean is True)


def _several(header: dict[str, Any], blobs: dict[str, bytes]) -> list[CaseEvidence]:
    """Evidence of the calls a frame is about. Raises BoxLost for a frame that no supervisor sends."""
    try:
        found = [(facts, dict[str, bytes]()) for facts in header["cases"]]
        for name, data in blobs.items():
            number, _, rest = name.partition(":")
            found[int(number)][1][rest] = data
        return [evidence_of(facts, out) for facts, out in found]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BoxLost(f"no evidence of calls: {str(header)[:200]} ({type(error).__name__})") from None


def ask(box: Box, job: Job, item: JobInput) -> CaseEvidence:
    """Run one input of a candidate that was begun. Raises BoxLost, BoxSilent."""
    if isinstance(item, CallInput):
        found: list[CaseEvidence] = []
        calls(box, job, [item], found.append, start=False, end=False)
        return found[0]
    box.send(_outgoing(item))
    header, blobs = box.receive(patience(job))
    if header.get("op") != "evidence" or header.get("id") != item.id:
        raise BoxLost(f"expected evidence of {item.id!r}, got {str(header)[:200]}")
    return evidence_of(header, blobs)


def end(box: Box) -> bool:
    """Close the candidate; whether nothing of it is left in the box. Raises BoxLost, BoxSilent."""
    box.send(({"op": "end"}, {}))
    header, _ = box.receive(GRACE_S)
    return header.get("op") == "ended" and header.get("clean") is True


def _call(item: JobInput) -> dict[str, Any]:
    assert isinstance(item, CallInput)
    args = [wire.encode(value) for value in item.args]
    return {"id": item.id, "args": args, "kwargs": [[name, wire.encode(value)] for name, value in item.kwargs.items()]}


def _outgoing(item: ExecInput | PytestInput) -> Frame:
    blobs = file_blobs(item.files)
    if isinstance(item, PytestInput):
        return {"op": "pytest", "id": item.id, "targets": list(item.targets)}, blobs
    blobs["stdin"] = to_bytes(item.stdin)
    return {"op": "exec", "id": item.id, "argv": list(item.argv), "collect": list(item.collect)}, blobs


def file_blobs(files: dict[str, str]) -> dict[str, bytes]:
    """Files as blobs of a frame."""
    return {f"f:{path}": to_bytes(text) for path, text in files.items()}


def to_bytes(text: str) -> bytes:
    """UTF-8; undecodable bytes of a file as they were, and any other lone surrogate somehow: never an error."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def evidence_of(header: dict[str, Any], blobs: dict[str, bytes]) -> CaseEvidence:
    """What a supervisor's frame says of one input."""
    facts: dict[str, Any] = {
        "id": header["id"],
        "ending": header["ending"],
        "stdout": blobs.get("stdout", b""),
        "stderr": blobs.get("stderr", b""),
        "truncated": bool(header.get("truncated")),
        "wall_s": header.get("wall_s", 0.0),
        "cpu_s": header.get("cpu_s", 0.0),
        "exit_code": header.get("exit_code"),
        "signal": header.get("signal"),
        "detail": header.get("detail", ""),
        "records": tuple(_records(blobs.get("records", b""))),
        "files": {name[2:]: data for name, data in blobs.items() if name.startswith("f:")},
    }
    if header.get("rejected"):
        facts["ending"] = "rejected"
        facts["detail"] = "; ".join(f"{name}: {why}" for name, why in header["rejected"].items())
    elif header["ending"] == "answer":
        facts.update(_answer(blobs.get("answer", b"")))
    elif "answer" in blobs and not facts["detail"]:
        facts["detail"] = "answered, but not within its limits"
    return CaseEvidence(**facts)


def _answer(blob: bytes) -> dict[str, Any]:
    """What the candidate's own process said; anything out of form is `rejected`, never trusted."""
    said = wire.load_answer(blob) or {}
    if "value" in said:
        return {"ending": "value", "value": said["value"]}
    described = said.get("exception") or said.get("load")
    if isinstance(described, list) and len(described) == 3 and all(isinstance(part, str) for part in described):
        phase = WHILE_LOADING if "load" in said else ""
        return {
            "ending": "exception",
            "exception": (storable(described[0]), storable(described[1])),
            "detail": storable(" ".join(part for part in (phase, described[2]) if part)),
        }
    if isinstance(said.get("missing"), str):
        error = ("NameError", f"no function {storable(said['missing'])!r}")
        return {"ending": "exception", "exception": error, "detail": WHILE_LOADING}
    if isinstance(said.get("unsupported"), str):
        return {"ending": "rejected", "detail": storable(said["unsupported"][:500])}
    return {"ending": "rejected", "detail": "the process sent no answer in the agreed form"}


def storable(text: str) -> str:
    """The text with lone surrogates, which no type of ours, file or database takes, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _records(blob: bytes) -> list[Any]:
    """The lines a pytest process wrote, unverified; a line of another form than the plugin's is `{"broken": True}`."""
    return [_record(line) for line in blob.split(b"\n") if line]


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {"broken": True}
    if not isinstance(record, dict) or not all(_flat(value) for value in record.values()):
        return {"broken": True}
    return {key: storable(value) if isinstance(value, str) else value for key, value in record.items()}


def _flat(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | int | float)
