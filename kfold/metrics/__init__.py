"""The competition's score, its parts and its uncertainty.

Every score that the toolkit prints comes from here, so a change here changes all of them.
"""
