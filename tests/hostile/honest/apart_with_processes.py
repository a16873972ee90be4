# kind: proxy
# tries: works through child processes, files and the standard library while its tests wait in another box
# allowed: passed
# never: an honest program is refused

import json
import os
import subprocess
import sys
import tempfile


def total(prices):
    code = "import json, sys; print(json.dumps(sum(json.load(sys.stdin))))"
    if prices is None:
        raise TypeError("no prices")
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(prices), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def label(count):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "label")
        with open(path, "w") as file:
            file.write(f"{count} item" + "s" * (count != 1))
        with open(path) as file:
            return file.read()
