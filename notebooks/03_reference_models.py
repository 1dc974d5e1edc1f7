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
# $m_i$ is 1 for a label and 0 for a gap. The gap's prediction gets no gradient at all.
#
# `EPOCHS` sets the length of the trainings; the models' own take an hour on two cores.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console

from data.reader import read_competition
from kfold.crossval import cross_validate, deal_folds
from kfold.leaderboard import make_leaderboard
from kfold.losses import masked_mse
from kfold.presets import PRESETS, with_overrides
from kfold.run import RunConfig, open_run
from kfold.tables import print_leaderboard

folder = Path(os.environ.get("DATA", "data/rendered"))
data = read_competition(folder)
console = Console(width=120)

# %% [markdown]
# ## The loss, by hand
#
# Two keypoints of one face, the second without a label: only the first one's error of 3 px counts.

# %%
target = np.full((1, 15, 2), np.nan, np.float32)
target[0, 0] = 40, 40
prediction = np.full((1, 15, 2), 43, np.float32)
print(f"{float(masked_mse(target, prediction)):g} px²")

# %% [markdown]
# ## The comparison
#
# Folds are dealt once and shared. Each row is predicted by a network that never saw its group, so
# that the score is one of unknown people.

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
