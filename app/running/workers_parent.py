"""What the process that workers are forked from does first: it ends with the service only.

`app.running.supervision` has it imported there, and nowhere else.
"""

import gc
import signal

from app.processes.bounds import die_with_parent, return_memory

die_with_parent()
return_memory()
# A service manager tells all processes of a service to end; workers, which end gracefully,
# would be killed with their parent.
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
# Nothing of what is imported from here on is ever thrown away.
gc.disable()
