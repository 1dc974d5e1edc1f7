# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # Where is the error?
#
# A score is one number; what to do next is in its parts. This reads a finished run (`RUN`, the
# latest by default) and takes its best line apart: labels that are wrong, keypoints that are hard,
# bias that could be taken away, and the noise that nobody gets below.

# %%
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from data.competition import ANNOTATORS, KEYPOINTS
from kfold.leaderboard import make_leaderboard
from kfold.noise import label_noise
from kfold.report.suspects import rank_suspects
from kfold.run import open_finished
from kfold.score import squared_errors, trusted_faces

run, data, folds = open_finished(os.environ.get("RUN"))
lines = make_leaderboard(run, data, folds)
best = lines[0]
train, oof = data.train, best.entry.oof
print(f"{run.folder.name}, {best.entry.name}: {best.score.rmse:.3f} px over all labels")

# %% [markdown]
# ## A few labels carry most of it
#
# Squares make a handful of grossly wrong labels heavier than all the rest. They are no fault of the
# model's and no lever either, so two scores are kept: over all labels, and over the trusted ones.

# %%
believed = trusted_faces(train, (line.entry.oof for line in lines)).labelled
suspects = train.labelled & ~believed
errors = squared_errors(train.keypoints, oof)
share = np.nansum(errors[suspects]) / np.nansum(errors)
print(
    f"{suspects.sum()} labels, {best.flagged:.1%}, carry {share:.0%} of the squared error; "
    f"without them {best.trusted.rmse:.3f} px"
)

# %% [markdown]
# ## Which labels are wrong?
#
# The farther a label is from a prediction that never saw it, in units of what is usual for its
# keypoint and annotator, the less it is to be believed. The whole list is in the run's
# `suspects.csv`. Of rendered faces we know which labels were misplaced, and how many are found:

# %%
ranked = rank_suspects(train, oof)
for suspect in ranked[:5]:
    print(f"row {train.ids[suspect.row]}: {suspect.reason}")
record = Path(run.config.data) / "demo.json"
if record.is_file():
    wrong = json.loads(record.read_text())["flaws"]["training"]["wrong"]
    first = {suspect.row for suspect in ranked[: 2 * len(wrong)]}
    print(f"{len(first & set(wrong))} of {len(wrong)} wrong rows are in the first {2 * len(wrong)}")

# %% [markdown]
# ## By keypoint
#
# Eyes are points; an eyebrow's end is an opinion. Across which axis the error lies shows it.

# %%
trusted = np.where(suspects[..., None], np.nan, errors)
known = np.isfinite(trusted).any(axis=(0, 2))
by_axis = np.sqrt(np.nanmean(trusted[:, known], axis=0))
plt.figure(figsize=(6, 4), layout="constrained")
y = np.arange(known.sum())
plt.barh(y - 0.2, by_axis[:, 0], 0.4, label="along x")
plt.barh(y + 0.2, by_axis[:, 1], 0.4, label="along y")
plt.yticks(y, np.array(KEYPOINTS)[known])
plt.gca().invert_yaxis()
plt.xlabel("RMSE, px")
plt.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Is it bias?
#
# A mean error can be taken away; scatter cannot. The intercepts of `stack`, with which `refined`
# begins, have done so already where one of the two is the best line.

# %%
residuals = np.where(suspects[..., None], np.nan, oof - train.keypoints)
for annotator in ANNOTATORS:
    own = residuals[train.annotator == annotator]
    if np.isfinite(own).any():
        x, y = np.nanmean(own, axis=(0, 1))
        print(f"annotator {annotator}: mean error {x:+.2f} px along x, {y:+.2f} along y")

# %% [markdown]
# ## How much is left?
#
# What two labels of one image differ by is a floor under every score.

# %%
for noise in label_noise(train):
    score = best.trusted.by_annotator[noise.annotator - 1]
    print(f"annotator {noise.annotator}: {score:.2f} px, labels alone {noise.deviation:.2f} px")

# %% [markdown]
# ## The worst faces
#
# Look at them. Either the label is wrong, or the face is of a kind that there is too little of.

# %%
labels = np.isfinite(trusted).sum(axis=(1, 2))
each = np.sqrt(np.nansum(trusted, axis=(1, 2)) / np.maximum(labels, 1))
worst = np.argsort(each)[::-1][:6]
figure, axes = plt.subplots(1, len(worst), figsize=(10, 2.2), layout="constrained")
for panel, i in zip(axes, worst, strict=True):
    panel.imshow(train.images[i], cmap="gray")
    panel.scatter(*train.keypoints[i].T, s=12, facecolors="none", edgecolors="#1b9e77")
    panel.scatter(*oof[i][train.labelled[i]].T, s=12, marker="x", color="#d95f02")
    panel.set_title(f"row {train.ids[i]}: {each[i]:.1f} px", fontsize=9)
    panel.axis("off")
plt.show()
