"""The report: `leaderboard.html` of one or more runs, and `search.html` of a search.

`page.py` assembles the page from charts (`charts/`), pictures of faces (`faces/`) and templates.
Parts only read a `Leaderboard`; none of them trains or scores anything.
"""
