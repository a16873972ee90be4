"""Recorded replies and results of other systems become a run like any other.

lines      a file -> JSON objects, each with its place          records    an object -> ReplyLine or JudgmentLine
survey     all lines, checked before anything is stored         attempts   ReplyLine -> Attempt
judgments  JudgmentLine -> Judgment and its labels              load       the whole way, into a run directory
"""
