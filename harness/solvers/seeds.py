"""Seeds: every attempt has its own, and it does not depend on what else runs or in which order."""

from __future__ import annotations

import hashlib
import json


def attempt_seed(base: int, task_id: str, model: str, repeat: int, attempt: int) -> int:
    """The seed sent to the model for one attempt, 0 <= seed < 2**31.

    The first 31 bits of a SHA-256 over all arguments. The same attempt of a run repeated, resumed, extended by tasks,
    models or attempts, or reordered gets the same seed; two different attempts get unrelated ones, so that repeats
    are independent draws. 31 bits because servers read the seed as a signed 32-bit number, and some take a negative
    one as "choose one".
    """
    key = json.dumps([base, task_id, model, repeat, attempt]).encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:4], "big") >> 1
