"""How much of what takes long is done: `make test` does a part of it, `make test-full` all."""

from __future__ import annotations

import os

FULL = bool(os.environ.get("FULL"))
