"""What models, or people, say about answers; nothing they do not say is ever made up.

questions   which candidates are compared, under which labels      candidates  what of an attempt a judge is shown
neutral     candidates cannot speak to a judge or say who they are prompt      the request, from verifiers/rubrics
panel       asks the judges                                        parse       reads what they say, or says why not
results     labels off: marks with their models                    verdicts    what that makes of conversations
choosing    best of N by judges                                    conflicts   judges that judge their own
"""
