# tries: hold the host up for minutes with a dictionary whose hundred thousand keys all hash to zero
# allowed: wrong_answer
# never: passed, infra_error

import os


def f(n):
    step = 2**61 - 1
    pairs = ",".join(f'[["i","{k * step:#x}"],["n"]]' for k in range(1, 100_000))
    answer = f'{{"value":["d",[{pairs}]]}}'.encode()
    data = len(answer).to_bytes(4, "big") + answer
    while data:
        data = data[os.write(3, data) :]
    return n
