"""The code that runs inside a sandbox: standard library only.

    supervisor.py   PID 1: one warden a candidate, and a clean container between two of them
    warden.py       serves one candidate: runs its inputs, enforces limits, reports evidence
    child.py        the candidate's process, from fork to its last answer
    process.py      a watched child process: pipes, deadline, byte cap, exit facts
    cgroup.py       what the kernel counts for all of it
    hardening.py    what an engine does before all this, for sandboxes without one
    scratch.py      nothing of a candidate stays: kill, wipe, check
    wire.py         frames of the stream, small JSON
    values.py       Python values <-> tagged lists
    copyout.py      hands named files back, read as the candidate's user
    pytest_main.py  runs pytest and records what it does
    apart.py        the same where the candidate is in another box: stand-ins of its modules
    questions.py    carries their questions from the test process to the host, and the answers back
    asked.py        the candidate's process there: imports its modules and answers

No expected value ever comes here.
"""
