# kind: program
# tries: closes its input before anything was read and sends itself large messages
# allowed: wrong_answer, runtime_error
# never: the supervisor blocks on a pipe that nobody reads

import os

os.close(0)
os.close(1)
reader, writer = os.pipe()
os.set_blocking(writer, False)
os.write(writer, bytes(1 << 16))
