"""Many side by side or one alone: nobody meets whom they must not, and nobody waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from harness.sandbox.gate import Gate


def test_one_alone_meets_nobody() -> None:
    gate, inside, met = Gate(), [0], []
    lock = threading.Lock()

    def visit(number: int) -> None:
        alone = number % 5 == 0
        with gate.alone() if alone else gate.side_by_side():
            with lock:
                inside[0] += 1
                here = inside[0]
            threading.Event().wait(0.002)
            with lock:
                met.append((alone, max(here, inside[0])))
                inside[0] -= 1

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(visit, range(200)))
    assert len(met) == 200
    assert {most for alone, most in met if alone} == {1}
    assert max(most for alone, most in met if not alone) > 1


def test_company_is_noticed_by_all() -> None:
    gate = Gate()
    with gate.side_by_side() as first, gate.side_by_side() as second:
        assert first.crowded
        assert second.crowded
    with gate.side_by_side() as third:
        pass
    assert [stay.crowded for stay in (first, second, third)] == [True, True, False]


def test_who_waits_to_be_alone_is_not_overtaken() -> None:
    gate, order = Gate(), []
    arrived = threading.Event()

    def alone() -> None:
        arrived.set()
        with gate.alone():
            order.append("alone")

    def late() -> None:
        with gate.side_by_side():
            order.append("late")

    with gate.side_by_side():
        first = threading.Thread(target=alone)
        first.start()
        arrived.wait()
        while not gate.awaited:
            threading.Event().wait(0.001)
        second = threading.Thread(target=late)
        second.start()
        threading.Event().wait(0.02)
        assert order == []
    first.join()
    second.join()
    assert order == ["alone", "late"]


def test_a_failure_inside_opens_the_gate_again() -> None:
    gate = Gate()
    for way in (gate.alone, gate.side_by_side, gate.alone):
        try:
            with way():
                raise ValueError
        except ValueError:
            continue
    with gate.alone():
        assert not gate.awaited
