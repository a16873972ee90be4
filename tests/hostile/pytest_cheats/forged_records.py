# kind: workspace
# tries: writes the records of a run in which everything passed, and exits
# allowed: tampered, wrong_answer, runtime_error
# never: forged records pass

import glob
import json
import os
import re

names = [
    f"{path}::{name}"
    for path in glob.glob("tests/test_*.py")
    for name in re.findall(r"^def (test_\w+)", open(path).read(), re.MULTILINE)
]
records = [{"collected": names}]
records += [{"id": name, "when": "call", "outcome": "passed", "message": "", "seconds": 0.01} for name in names]
records += [{"finish": 0}]
data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
for fd in range(3, 64):
    try:
        os.write(fd, data)
    except OSError:
        continue
os._exit(0)
