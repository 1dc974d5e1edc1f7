"""Groups of rows that must share a fold, and the assignment of groups to folds.

Scores of two runs compare only on the same folds, so a run keeps its folds for good. A change here
gives new runs other folds than the measured scores were obtained on.
"""
