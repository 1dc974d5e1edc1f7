"""Optuna's search for a better recipe.

The space is data in `space.py`: add a field of `Recipe` there to search it. Each trial is a model
of a run, the search's folder.
"""
