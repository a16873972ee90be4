"""Two commands at work side by side, and what a dead one left: only that is removed."""

from __future__ import annotations

import random

import pytest

from harness.sandbox.reaper import list_containers
from tests.faults.conftest import Start, Verdicts, under_way
from tests.servers.dockerd import PrivateEngine, wait_until

pytestmark = pytest.mark.engine


def test_a_start_removes_what_the_dead_left_and_nothing_of_the_living(
    victim: PrivateEngine, grade: Start, calm: Verdicts
) -> None:
    rng = random.Random(12)
    before = victim.holdings()
    dead = grade("candidate")
    under_way(dead, victim, rng)
    victim.stop()  # so that what it leaves cannot end by itself meanwhile
    dead.process.kill()
    dead.process.communicate()
    victim.go_on()
    with victim.client() as client:

        def owned(pid: int) -> list[str]:
            return [item.id for item in list_containers(client) if item.pid == pid]

        assert owned(dead.process.pid)
        first = grade("candidate")
        wait_until(lambda: not first.running or bool(owned(first.process.pid)), 60)
        assert not owned(dead.process.pid)
        second = grade("candidate")
        wait_until(lambda: not second.running or bool(owned(second.process.pid)), 60)
    for done in (first.ended(), second.ended()):
        assert done.verdicts == calm
        assert "containers were used" not in done.out, "nobody took a container away from it"
    assert victim.holdings() == before
