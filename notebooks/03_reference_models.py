# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # Why does masking win?
#
# Three baselines, as a first attempt at this competition might have them, on the same folds:
#
# - `base`: one convolution block, trained on complete rows only;
# - `base_extended`: three blocks, trained longer on the same rows;
# - `mask`: the network of `base_extended`, trained on **every** row with a masked loss.
#
# A masked loss is a mean over the labels that are present: $\sum_i m_i (\hat y_i - y_i)^2 / \sum_i
# m_i$, where $m_i$ is 1 for a label and 0 for a missing one. The prediction of a missing label gets
# no gradient: no value is made up for it, and no face is dropped because of it.
#
# `EPOCHS` sets the length of the trainings; with the recipes' own they take an hour on two cores.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console

from kfold.config.cv_config import CVConfig
from kfold.config.presets import PRESETS, with_overrides
from kfold.cross_validation import run_cv
from kfold.models.losses import masked_mse

# %% [markdown]
# ## The loss, by hand
#
# One face has a single labelled keypoint, and the prediction is 3 px off in x and in y: the masked
# loss is 3² = 9. With the 14 missing keypoints filled with zeros, nearly all of the loss comes from
# points that nobody labelled. Filled with column means, they teach the network to predict the mean.

# %%
target = np.full((1, 15, 2), np.nan, np.float32)
target[0, 0] = 40, 40
prediction = np.full((1, 15, 2), 43, np.float32)
print(f"masked: {float(masked_mse(target, prediction)):g} px²")
print(f"gaps filled with 0: {float(masked_mse(np.nan_to_num(target), prediction)):g} px²")

# %% [markdown]
# ## The comparison
#
# How good is a network on people it has never seen? Cross-validation assigns the rows to folds,
# trains on all folds but one, and predicts the one held out, in turn: every row gets an out-of-fold
# prediction by networks that never saw it or its group. The score is honest as long as the held-out
# fold decides nothing: no training stops early, and all models share the same folds.
#
# **Trusted** leaves out the few labels that are far from the predictions of every line near the
# best. A gap whose interval reaches 0 is a tie.

# %%
names = ("base", "base_extended", "mask")
epochs = int(os.environ.get("EPOCHS", "0")) or None
preset = with_overrides(PRESETS["standard"], names, folds=2, epochs=epochs)
config = CVConfig(Path(os.environ.get("DATA", "data/rendered")), preset)
leaderboard = run_cv(config, Path("runs/reference"), Console(width=120))

# %% [markdown]
# ## Where masking helps
#
# On the second annotator's faces the first two models guess: none of these faces is complete, so
# they were trained on none.

# %%
shown = [line for line in leaderboard.lines if line.entry.kind == "model"]
width = 0.25
plt.figure(figsize=(6, 2.8), layout="constrained")
for i, line in enumerate(shown):
    plt.bar(np.arange(2) + i * width, line.capped.by_annotator, width, label=line.entry.name)
plt.xticks(np.arange(2) + width, ["annotator 1", "annotator 2"])
plt.ylabel("capped RMSE, px")
plt.legend(frameon=False)
plt.show()

# %% [markdown]
# What masking does not solve: batch norm needs some 800 steps until its running averages are
# useful, and regressing thirty numbers from a flattened feature map discards spatial information.
# The next notebook replaces both.
