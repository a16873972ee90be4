"""JSON files whose errors name file, line and key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from harness.errors import TaskError
from harness.tasks.yamlfile import read_text


class Record:
    """A JSON object; keys are written with dots: `files.solution`."""

    def __init__(self, path: Path, text: str = "", values: dict[str, Any] | None = None) -> None:
        self.path, self._text, self._values = path, text, values or {}

    @classmethod
    def of_file(cls, path: Path) -> Record:
        """The object of a file. Raises TaskError."""
        text = read_text(path).removeprefix("\ufeff")
        try:
            found = json.loads(text)
        except json.JSONDecodeError as error:
            raise TaskError(f"broken JSON: {error.msg}", path=path, line=error.lineno) from None
        except (ValueError, RecursionError) as error:
            raise TaskError(f"broken JSON: {error}", path=path) from None
        if not isinstance(found, dict):
            raise TaskError("expected an object of keys and values", path=path, line=1)
        return cls(path, text, found)

    def error(self, message: str, key: str, remedy: str = "") -> TaskError:
        """A TaskError at this key."""
        at = 0
        for part in key.split("."):
            place = re.compile(rf"{re.escape(json.dumps(part))}\s*:").search(self._text, at)
            if place is None:
                break
            at = place.start()
        line = self._text.count("\n", 0, at) + 1 if at else None
        return TaskError(message, path=self.path, line=line, key=key, remedy=remedy)

    def value(self, key: str) -> Any:
        """The value of a key; None where there is none, or null. Raises TaskError where what is above is no object."""
        found: Any = self._values
        above: list[str] = []
        for part in key.split("."):
            if not isinstance(found, dict):
                raise self.error(f"expected an object, found {_shown(found)}", ".".join(above))
            found = found.get(part)
            above.append(part)
            if found is None:
                return None
        return found

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        found = self.value(key)
        if found is not None and not isinstance(found, str):
            raise self.error(f"expected text, found {_shown(found)}", key)
        return found or ""

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        found = self.value(key)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.error(f"expected a list of texts, found {_shown(found)}", key)
        return tuple(found)

    def records(self, key: str) -> list[Record]:
        """A list of objects; empty where there is none. Errors of one stand at the list's key."""
        found = self.value(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self.error(f"expected a list of objects, found {_shown(found)}", key)
        return [Record(self.path, self._text, item) for item in found]


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:60] + "…"
