"""Models, masked losses, folds, training, out-of-fold predictions and the leaderboard."""

import data.system.keras_environment  # noqa: F401
