# tries: answers with text nested so deep that a reader of it falls over
# allowed: wrong_answer, runtime_error
# never: the reader recurses without a limit

import os


def f(n):
    answer = b'{"value":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    os.set_blocking(3, True)
    data = len(answer).to_bytes(4, "big") + answer
    while data:
        data = data[os.write(3, data) :]
    return -n
