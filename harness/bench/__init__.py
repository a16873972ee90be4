"""How fast verdicts are on this machine, beside what a process and a bare container cost on it.

ways.py      what is measured: backends under both isolations, and the floors
unit.py      the unit of work
load.py      how it is loaded
counters.py  what it uses
plan.py      which of it, how long
measure.py   all of it in rounds that take turns -> report.py
"""
