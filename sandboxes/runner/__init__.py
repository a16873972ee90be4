"""The code that runs inside a sandbox: standard library only.

    supervisor.py   PID 1: one warden a candidate, and a clean container between two of them
    warden.py       serves one candidate: runs its inputs, enforces limits, reports evidence
    child.py        the candidate's process, from fork to its last answer
    process.py      a watched child process: pipes, deadline, byte cap, exit facts
    hardening.py    what an engine does before all this, for sandboxes without one
    scratch.py      nothing of a candidate stays: kill, wipe, check
    wire.py         frames of the stream, small JSON
    values.py       Python values <-> tagged lists
    copyout.py      hands named files back, read as the candidate's user
    pytest_main.py  runs pytest and records what it does

No expected value ever comes here.
"""
