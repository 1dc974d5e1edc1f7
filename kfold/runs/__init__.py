"""A run is a folder, and the folder is its only state.

Configuration, folds, joined predictions, and the files of each training. Every file is written
whole or not at all, and `done.json` last; a training with a file that cannot be read is named and
counts as not finished; only this package, `training`, `parallel` and `kaggle_kernel` write into a
training's folder.
"""
