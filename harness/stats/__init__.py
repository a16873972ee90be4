"""Pure statistics: no SQL, no files, no clock. numpy and scipy load where they are used.

score.py       Score, Interval            a number and how sure it is
intervals.py   one rate, a few runs, a mean over tasks
passk.py       pass@k, pass^k, the expected best of k
paired.py      two models on the same tasks: difference, sign flips, McNemar, Holm
tiers.py       rank sets and letters          noise.py      wins by chance, from run to run
pooling.py     several judges as one, their severities taken out
agreement.py   two judges on the same items      drift.py       two judgings of the same replies
selectors.py   agreement of candidates: CodeT, clusters of outputs
bestofn.py     mean, selected, oracle, recovery, curves
tally.py       attempts, streamed, -> counts
numbers.py     Summary and what it is made of
summary.py     summarise(attempts, selections) -> Summary
pathologies.py loops, echoes, empty replies: flags of attempts and tasks
compare/       several runs side by side, and the routes they support
inputs.py      ReportInput: the plain data a report is made of
"""
