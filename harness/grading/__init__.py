"""From a reply to a verdict to a selection: extract, grade, select.

extract    a reply -> Candidate           grade      a candidate -> Verdict, by a verifier
select     best of N, on visible evidence attempts   both, for attempts that have a reply
verifier   what one is, and where found   pace       how long a candidate may take here
admission  harness check                  audit      harness sandbox audit
criteria   of replies in plain text (plain), mechanically
records    what a pytest process wrote, and whether it can be believed
canaries   tests changed so that they must fail, at what they expect (expectations, comparisons)
"""
