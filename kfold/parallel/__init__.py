"""Many trainings at once, on this machine or on a Ray cluster.

A pool trains the tasks it is given; one event loop serves cross-validation and search. A new kind
of pool implements `pool.Pool`: see README.md.
"""
