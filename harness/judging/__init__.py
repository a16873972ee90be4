"""What judges are asked and what is made of their replies.

    parse      a judge's reply -> Reading: every candidate marked, or a code that says why not
    analysis   marks -> standings, bias, agreement, conflicts

A judge is asked about candidates that it knows by labels only. Its reply is kept as it came; a reading can be made
again from it at any time, without another call.
"""
