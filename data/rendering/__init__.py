"""Rendered faces with exactly known keypoints, labelled with the flaws of the real data.

The demo, the tests and the benchmarks use them. Their look may change freely, their seeds may not.
"""
