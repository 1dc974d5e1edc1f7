"""Training and prediction of one model on one fold with one seed.

`fit_fold` depends on its arguments only, so any process on any machine may call it; keep it so. How
many trainings run, and where, is the business of `kfold.parallel`.
"""
