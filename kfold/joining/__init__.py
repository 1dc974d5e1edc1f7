"""Predictions that were made elsewhere: read from CSV files, checked, and joined to a run.

They become a line of the leaderboard and a member of every blend. Nothing here needs a network.
"""
