"""The review: a page on which every training face can be looked at and its labels corrected.

`page.py` writes it into the run's folder from `contents.py` and `sheets.py`; `server.py` serves it
on this machine alone and saves what is corrected, see `saved.py`. What the page itself does is
JavaScript, in `page/scripts/`.
"""
