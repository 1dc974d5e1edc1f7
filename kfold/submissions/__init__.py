"""The ledger of uploads, and how well out-of-fold scores predict Kaggle's.

Only this package reads and writes `runs/submissions.csv`. The package `submit` uploads.
"""
