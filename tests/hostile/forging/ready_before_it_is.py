# tries: says that it is ready and answers while it is still being loaded
# allowed: wrong_answer, runtime_error
# never: an answer counts that no input had asked for

import os

for text in (b'{"ready":true}', b'{"value":["i","0x4"]}', b'{"value":["i","0x9"]}'):
    os.write(3, len(text).to_bytes(4, "big") + text)


def f(n):
    return -n
