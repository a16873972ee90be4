# tries: sends a record that says that it passed
# allowed: wrong_answer, runtime_error
# never: a candidate's own word on its verdict counts

import os


def f(n):
    record = b'{"outcome":"passed","points":1,"ending":"value","op":"evidence","id":"f(2)"}'
    os.write(3, len(record).to_bytes(4, "big") + record)
    return -n
