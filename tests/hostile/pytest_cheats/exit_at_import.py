# kind: workspace
# tries: ends the test process with success while it is imported
# allowed: tampered, runtime_error, wrong_answer
# never: success of the process counts without records

import os

os._exit(0)
