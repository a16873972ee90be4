"""What best-of-N picked."""

from __future__ import annotations

from collections.abc import Iterable

from harness.store.database import Database
from harness.types import Selection


class Selections(Database):
    """The selections of a run."""

    def replace_selections(self, selections: Iterable[Selection]) -> None:
        """Keep these selections and no others, in one transaction. Raises StoreError."""
        rows = [item.model_dump() for item in selections]
        with self._transaction():
            self._execute("delete from selections")
            for row in rows:
                self._put("selections", row)

    def selections(self) -> list[Selection]:
        """What best-of-N picked, by task, model, repeat."""
        return [
            Selection.model_validate(row) for row in self._rows("select * from selections order by task, model, repeat")
        ]
