"""Kaggle's API: sign in, download, leaderboard, kernels, and a message for every failure.

Only this package and `submit.upload` use `kagglesdk`. Tests run the real client against a server
on this machine.
"""
