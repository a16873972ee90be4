"""A store with something in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.store import Store
from harness.types import Outcome
from tests.store.made import attempt


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A run directory with ten attempts, one of them failed."""
    with Store(tmp_path) as store:
        for number in range(10):
            store.save(attempt(number, None if number == 3 else Outcome.passed))
    return tmp_path
