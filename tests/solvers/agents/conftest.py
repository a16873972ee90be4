"""Where agents are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.solvers.agents.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)
