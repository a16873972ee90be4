"""What models, or people, say about answers; nothing that they do not say is ever made up.

    questions   which candidates are compared, under which labels
    candidates  what of an attempt a judge is shown
    neutral     so that it neither speaks to the judge nor names itself: names as they are spelt (spelling), words that
                are others', too (known, ordinary) only where a text speaks of itself (speaking); in programs only
                in comments and strings (passages)
    prompt      the request, from verifiers/rubrics
    panel       asks the judges
    parse       a reply -> Reading: every candidate marked, or a code that says why not; `reading` calls it
    results     labels off: marks with their models
    verdicts    what that makes of conversations
    choosing    best of N by judges
    impartial   judges that judge their own
    analysis    marks -> standings, bias, agreement, judges against mechanics

A judge is asked about candidates that it knows by labels only. Its reply is kept as it came; a reading can be made
again from it at any time, without another call.
"""
