"""Entries, blends, estimated ranks, and the leaderboard as tables.

`make_leaderboard` scores one or more runs. Every blend is fitted on other folds than the ones it is
scored on; keep it so.
"""
