"""Charts as SVG that takes its colours from the page.

One module a chart, or a few of one idea; `page.py` names each and a template places it.
"""
