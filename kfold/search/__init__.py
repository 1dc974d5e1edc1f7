"""Optuna's search for a better recipe.

The space is data in `space.py`: add a field of `Recipe` there to search it. The options of a user's
functions are searched where their annotations bound them (`options.py`). Each trial is a model of a
run, the search's folder.
"""
