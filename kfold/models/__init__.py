"""Networks, their layers and their masked losses.

A new network is a module here that `registry.py` names; README.md says how. Use only `keras` and
`keras.ops`, so that every backend runs it.
"""
