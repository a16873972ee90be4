"""People as judges: a blind sheet goes out, and comes back as one more judge.

sheet      questions -> rows of a CSV file, and the key to them, which stays in the run
filled     a file that came back -> what was filled in, row by row; whatever is wrong is named
work       the whole way, out of a run directory and back into it
agreed     a person beside each other judge
"""
