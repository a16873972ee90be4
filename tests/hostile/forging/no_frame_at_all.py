# tries: answers with bytes that are no text and lengths that are no lengths
# allowed: wrong_answer, output_limit, runtime_error, timeout
# never: a broken answer breaks the host
# timeout_s: 0.6

import os


def f(n):
    os.write(3, (5).to_bytes(4, "big") + b"\xff\xfe{[\x00" + b"\xff" * 64)
    return n * n
