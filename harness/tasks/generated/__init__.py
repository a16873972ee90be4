"""Documents and pictures that are made from a few lines of a task instead of being stored.

The same specification gives the same document on every machine, and the same picture with the same Pillow.

document(spec) -> text          documents, fillers, words
picture(spec) -> Picture        pictures, canvas, charts, boards
"""

from __future__ import annotations

from harness.tasks.generated.documents import document
from harness.tasks.generated.pictures import picture
from harness.tasks.generated.spec import SpecError

__all__ = ["SpecError", "document", "picture"]
