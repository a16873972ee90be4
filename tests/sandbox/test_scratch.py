"""The scratch directories are as they were before, also where a candidate owns them: bubblewrap without root."""

from __future__ import annotations

from tests.sandbox.conftest import Calls, Plain


def test_the_next_candidate_can_write_whatever_became_of_the_mode(calls: Calls, plain: Plain) -> None:
    places = ("/tmp", "/dev/shm", "/box")
    source = f"""
import os
def f(n):
    for place in {places}:
        try: os.chmod(place, 0)
        except PermissionError: pass
    return n
"""
    (one,) = calls(source, [(1,)], share="mode")
    assert plain(one) == 1
    source = f"""
import os, stat
def f(n):
    for place in {places}: open(place + '/x', 'w').write('x')
    return [stat.S_IMODE(os.stat(place).st_mode) for place in {places}]
"""
    (two,) = calls(source, [(1,)], share="mode")
    assert plain(two) == [0o1777] * 3
