# tries: writes and reads temporary files and leaves some of them
# allowed: passed
# never: the scratch directories cannot be used

import os
import tempfile


def f(n):
    with tempfile.NamedTemporaryFile("w+", delete=False) as file:
        file.write(str(n * n))
    with tempfile.TemporaryDirectory() as place, open(os.path.join(place, "copy"), "w") as copy:
        copy.write("x")
    with open(file.name) as again:
        return int(again.read())
