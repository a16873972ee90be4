# kind: program
# tries: deletes the working directory under the one who collects
# allowed: wrong_answer, artifact_rejected, runtime_error
# never: a missing directory breaks the supervisor

import os
import shutil

number = int(input()) ** 2
shutil.rmtree(os.getcwd())
print(number, flush=True)
