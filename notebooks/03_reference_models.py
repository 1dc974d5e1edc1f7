# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # Why does masking win?
#
# Three models that a first attempt at this competition would make, compared on the same folds:
#
# - `base`: one block of convolution, trained on the complete rows only;
# - `base_extended`: three blocks, longer, the same rows;
# - `mask`: the same network on **every** row, with a loss that only sees the labels that are there.
#
# A masked loss is a mean over what is known: $\sum_i m_i (\hat y_i - y_i)^2 / \sum_i m_i$, where
# $m_i$ is 1 for a label and 0 for a gap. The gap's prediction gets no gradient at all: nothing is
# made up to fill it, and no face is thrown away for it.
#
# `EPOCHS` sets the length of the trainings; the models' own take an hour on two cores.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console

from data.reader import read_competition
from kfold.begin import deal_folds
from kfold.crossval import cross_validate
from kfold.leaderboard import make_leaderboard
from kfold.losses import masked_mse
from kfold.presets import PRESETS, with_overrides
from kfold.run import open_run
from kfold.run_config import RunConfig
from kfold.tables import print_leaderboard

folder = Path(os.environ.get("DATA", "data/rendered"))
data = read_competition(folder)
console = Console(width=120)

# %% [markdown]
# ## The loss, by hand
#
# One face, of which one keypoint is labelled and predicted 3 px off, in x and in y: the mask leaves
# 3² = 9. Fill the 14 gaps with zeros instead, and the loss is nearly all about points that nobody
# marked; fill them with the mean of a column, and the network learns to predict the mean.

# %%
target = np.full((1, 15, 2), np.nan, np.float32)
target[0, 0] = 40, 40
prediction = np.full((1, 15, 2), 43, np.float32)
print(f"masked: {float(masked_mse(target, prediction)):g} px²")
print(f"gaps filled with 0: {float(masked_mse(np.nan_to_num(target), prediction)):g} px²")

# %% [markdown]
# ## The comparison
#
# How good is a network on people it has never seen? Deal the rows into folds, train on all folds
# but one, predict that one, and take turns: in the end every row has an out-of-fold prediction, by
# a network that never saw it or its group. The score over these is honest as long as nothing was
# chosen by the fold that is being predicted: so no training stops early, and models share folds.
#
# **Trusted** leaves out the few labels that the best model makes out as grossly wrong, and a
# difference whose interval reaches 0 is no difference.

# %%
names = ("base", "base_extended", "mask")
epochs = int(os.environ.get("EPOCHS", "0")) or None
preset = with_overrides(PRESETS["standard"], names, folds=2, epochs=epochs)
config = RunConfig(str(folder), data.checksum, preset.folds, preset.seeds, preset.models)
run = open_run(Path("runs/reference"), config)
folds = deal_folds(run, data.train, console)
cross_validate(run, names, preset.seeds, console)
lines = make_leaderboard(run, data, folds)
print_leaderboard(console, run.folder, lines)

# %% [markdown]
# ## Where masking helps
#
# On the second annotator's faces the first two models are guessing: they never saw one of them,
# since none is complete.

# %%
shown = [line for line in lines if line.entry.kind == "model"]
width = 0.25
plt.figure(figsize=(6, 2.8), layout="constrained")
for i, line in enumerate(shown):
    plt.bar(np.arange(2) + i * width, line.trusted.by_annotator, width, label=line.entry.name)
plt.xticks(np.arange(2) + width, ["annotator 1", "annotator 2"])
plt.ylabel("RMSE, px")
plt.legend(frameon=False)
plt.show()

# %% [markdown]
# What it does not cure: batch norm needs some 800 steps before its running averages mean anything,
# and regressing thirty numbers from a flattened feature map forgets where things are. The next
# notebook replaces both.
