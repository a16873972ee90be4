# tries: searches its own memory for the source of the honest program that ran before it
# allowed: runtime_error
# never: what an earlier candidate sent is in the memory of the next
# timeout_s: 5

import ctypes

ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
# In two parts, which never meet in this process: a hit is the honest program's own line.
FIRST, SECOND = b"the scratch directories", b" are empty"


def search():
    parts = hits = 0
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            low, high = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(low)
                data = memory.read(high - low)
            except (OSError, OverflowError, ValueError):
                continue
            place = data.find(FIRST)
            while place >= 0:
                parts += 1
                hits += data.startswith(SECOND, place + len(FIRST))
                place = data.find(FIRST, place + 1)
    return parts, hits


def f(n):
    parts, hits = search()
    if parts == 0:
        return "the search does not work"
    if hits == 0:
        raise LookupError("nothing")
    return n * n
