"""The replay provider: a recorded run answers again, for grading anew and for tests without a model."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.config import ModelProfile
from harness.errors import ConfigError, ProviderError
from harness.types import AttemptKey, Reply, Request

RECORDING = "raw.jsonl"


class Replay:
    """Answers (task, repeat, attempt) with the reply that was recorded for it."""

    def __init__(self, profile: ModelProfile) -> None:
        self._profile = profile
        self._path = recording_file(profile)
        self._lock = threading.Lock()
        self._offsets: dict[AttemptKey, int] | None = None
        self._model = ""

    def complete(self, request: Request) -> Reply:
        """The recorded reply. Raises ProviderError where the recording has none, or recorded a failure."""
        if request.task is None:
            raise ProviderError(f"{self._profile.name} cannot answer: the request carries no task")
        offsets = self._index()
        key = AttemptKey(task=request.task.id, model=self._model, repeat=request.repeat, attempt=request.attempt)
        if key not in offsets:
            raise ProviderError(
                f"{self._path} has no reply of {self._model} to {key.task}, "
                f"repeat {key.repeat + 1}, attempt {key.attempt + 1}",
                remedy="ask for the tasks, repeats and attempts that were recorded",
            )
        with self._path.open("rb") as file:
            file.seek(offsets[key])
            record = json.loads(file.readline())
        if record["reply"] is None:
            raise ProviderError(record.get("error") or f"{self._path} recorded a failure for {key.task}")
        try:
            return Reply.model_validate(_of_turn(request, record["reply"]))
        except ValidationError as error:
            raise ProviderError(
                f"{self._path}: the reply to {key.task} is not one: {error.errors()[0]['msg']}"
            ) from None

    def identity(self) -> dict[str, str]:
        """The file, and how much it holds."""
        try:
            count = len(self._index())
        except ConfigError as error:
            return {"recording": str(self._path), "status": error.message}
        return {"recording": str(self._path), "served": self._model, "replies": str(count), "status": "answers"}

    def close(self) -> None:
        """Nothing to give back: the file is opened for each reply."""

    def keys(self) -> list[AttemptKey]:
        """What the recording can answer, in its order. Raises ConfigError for a broken one."""
        return list(self._index())

    def _index(self) -> dict[AttemptKey, int]:
        """Where each record starts. Recordings can be larger than memory, so replies are read when asked for."""
        with self._lock:
            if self._offsets is None:
                found = _records(self._path)
                self._model = self._chosen({key.model for key in found})
                self._offsets = {key: at for key, at in found.items() if key.model == self._model}
            return self._offsets

    def _chosen(self, models: set[str]) -> str:
        wanted = self._profile.model
        if wanted in models:
            return wanted
        if not models:
            raise ConfigError(f"{self._path} records no attempt")
        if len(models) == 1 and not wanted:
            return models.pop()
        raise ConfigError(
            f"{self._path} records {', '.join(sorted(models))}" + (f", not {wanted}" if wanted else ""),
            remedy="choose one: an entry with `provider: replay`, `recording: PATH` and `model: NAME` in models.yaml",
        )


def _of_turn(request: Request, reply: Any) -> Any:
    """Of a conversation of several turns the reply to the one that is asked."""
    turns = reply["raw"].get("turns") if isinstance(reply, dict) and isinstance(reply.get("raw"), dict) else None
    if request.task is None or request.task.runs or not isinstance(turns, list):
        return reply
    # Past the end: it ended early, with a reply that said nothing.
    return turns[request.turn] if request.turn < len(turns) else reply


def recording_file(profile: ModelProfile) -> Path:
    """The raw.jsonl a profile names. Raises ConfigError where there is none."""
    if profile.recording is None:
        raise ConfigError(
            f"model {profile.name}: provider replay needs `recording`, a run directory or its {RECORDING}"
        )
    path = profile.recording / RECORDING if profile.recording.is_dir() else profile.recording
    if not path.is_file():
        raise ConfigError(
            f"model {profile.name}: there is no recording {path}", remedy=f"name a run directory or its {RECORDING}"
        )
    return path


def _records(path: Path) -> dict[AttemptKey, int]:
    """Key -> offset of its line; the last record of a key counts, as a resumed run may write one again."""
    found: dict[AttemptKey, int] = {}
    with path.open("rb") as file:
        offset = 0
        for number, line in enumerate(file, start=1):
            try:
                if line.strip():
                    found[_key(json.loads(line))] = offset
            except (ValueError, KeyError, TypeError) as error:
                # A run that was killed while writing leaves half a line at the end, and nothing else.
                if not line.endswith(b"\n"):
                    break
                raise ConfigError(
                    f"{path}:{number}: not the record of an attempt: {error}",
                    remedy="each line is a JSON object with task, model, repeat, attempt and reply",
                ) from None
            offset += len(line)
    return found


def _key(record: Any) -> AttemptKey:
    if not isinstance(record, dict):
        raise TypeError("not an object")
    missing = [name for name in ("task", "model", "repeat", "attempt", "reply") if name not in record]
    if missing:
        raise ValueError(f"no {', '.join(missing)}")
    return AttemptKey.model_validate({name: record[name] for name in ("task", "model", "repeat", "attempt")})
