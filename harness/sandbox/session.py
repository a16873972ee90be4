"""One job in one box: inputs go in one at a time, evidence comes out, whatever happens on the way."""

from __future__ import annotations

import json
import random
from typing import Any

from harness.sandbox import Box, BoxLost, wire
from harness.types import CallInput, CaseEvidence, Job, JobInput, PytestInput

GRACE_S = 15.0
"""Beyond a case's own limit, which the supervisor enforces, before a box counts as silent."""
WHILE_LOADING = "while loading"
"""How the detail of an exception begins that came before the first call."""
_uids = random.SystemRandom()


def begin(box: Box, job: Job, files: dict[str, str] | None = None) -> None:
    """Tell the supervisor about the candidate: its limits, its uid, its source; its `files` if it answers tests in
    another box."""
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
        "fresh": job.fresh,
        "apart": files is not None,
    }
    box.send(header, {"source": to_bytes(job.source or ""), **file_blobs(files or {})})


def ask(box: Box, job: Job, item: JobInput) -> CaseEvidence:
    """Run one input. Raises BoxLost, BoxSilent."""
    box.send(*_outgoing(item))
    # Twice: loading the module has a limit of its own.
    header, blobs = box.receive(2 * wire.STRETCH * job.limits.timeout_s + GRACE_S)
    if header.get("op") != "evidence" or header.get("id") != item.id:
        raise BoxLost(f"expected evidence of {item.id!r}, got {str(header)[:200]}")
    return evidence_of(header, blobs)


def end(box: Box) -> bool:
    """Close the candidate; whether nothing of it is left in the box. Raises BoxLost, BoxSilent."""
    box.send({"op": "end"}, {})
    header, _ = box.receive(GRACE_S)
    return header.get("op") == "ended" and header.get("clean") is True


def _outgoing(item: JobInput) -> tuple[dict[str, Any], dict[str, bytes]]:
    if isinstance(item, CallInput):
        args = [wire.encode(value) for value in item.args]
        kwargs = [[name, wire.encode(value)] for name, value in item.kwargs.items()]
        return {"op": "call", "id": item.id, "args": args, "kwargs": kwargs}, {}
    blobs = file_blobs(item.files)
    if isinstance(item, PytestInput):
        return {"op": "pytest", "id": item.id, "targets": list(item.targets)}, blobs
    blobs["stdin"] = to_bytes(item.stdin)
    header = {"op": "exec", "id": item.id, "argv": list(item.argv), "collect": list(item.collect)}
    return header, blobs


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
