"""Numbers about judges and what they said: pure functions on marks and judgments.

sheet       marks in columns, questions, pairs        standings  how models stand, with and without partial judges
coverage    how much could be read                    bias       place, swapped order, own family, contradictions
length      the slope of winning on length            agreement  two judges on the same cells, beside chance
conflicts   judges against mechanics                  whole      all of it together: `judged`
families    who is whose relative                     across     the judges of several runs, for a comparison
"""
