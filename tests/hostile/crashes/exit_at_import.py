# tries: exits with success while it is loaded
# allowed: runtime_error
# never: code that never ran passes

import os

os._exit(0)
