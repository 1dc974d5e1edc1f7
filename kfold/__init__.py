"""Models, masked losses, folds, training, out-of-fold predictions and the leaderboard."""
