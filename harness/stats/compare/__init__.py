"""Several runs side by side: what holds, what was noise, and what it would take to know more.

tables.py      ReportInput -> RunTable         one streaming walk a run
marks.py       judges' marks as shares and ranks, for tables
grids.py       RunTables -> Grid               models x tasks x runs, only what can be compared
spread.py      each model across runs          pairs.py      every two models; tiers
noise.py       prompts, reruns, luck           claims.py     what run 1 said, and whether the others agree
categories.py  power a category                planning.py   tasks or repeats for a target
stability.py   one model at one task           routes.py     category -> model, as far as the data go
groups.py      several models as one           chances.py    what equal models do by chance
missing.py     attempts that are in no rate    scored_by.py  judged and unjudged verdicts of one task
equal_runs.py  the same in every run, and what that is worth
results.py     Comparison and its parts        build.py      compare(tables) -> Comparison
figures.py     numbers in the metric's unit, as tables and pages show them
"""

from harness.stats.compare.build import compare, standings
from harness.stats.compare.grids import Incomparable
from harness.stats.compare.results import Comparison
from harness.stats.compare.routes import route
from harness.stats.compare.tables import METRICS, Metric, RunTable, Ties

__all__ = ["METRICS", "Comparison", "Incomparable", "Metric", "RunTable", "Ties", "compare", "route", "standings"]
