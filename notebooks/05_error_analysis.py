# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # Where is the error?
#
# A score is one number; what to do next is in its parts. This notebook reads a finished run (`RUN`,
# the latest by default) and splits the error of its best line: labels that are wrong, keypoints
# that are hard, bias that could be removed, and the scatter of repeated labels for comparison.

# %%
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from data.competition import ANNOTATORS, KEYPOINTS
from data.demo import RECORD_FILE
from kfold.labels.noise import label_noise
from kfold.labels.suspects import rank_suspects
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.metrics.score import squared_errors
from kfold.runs.open_run import open_named_run

opened = open_named_run(os.environ.get("RUN"))
leaderboard = make_leaderboard([opened])
best, train = leaderboard.best, opened.data.train
oof = best.entry.oof
print(f"{opened.run.name}, {best.entry.name}: {best.score.rmse:.3f} px over all labels")

# %% [markdown]
# ## A few labels carry most of it
#
# Squared errors give a handful of grossly wrong labels more weight than all the others together.
# They are not the model's fault, and a better model does not remove them, so there are two scores:
# over all labels, and one in which no label counts as farther than 8 px from its prediction. What
# the errors would be without the labels that every good line misses is the RMSE over trusted ones.

# %%
untrusted = train.labelled & ~leaderboard.trusted.labelled
errors = squared_errors(train.keypoints, oof)
share = np.nansum(errors[untrusted]) / np.nansum(errors)
print(
    f"{untrusted.sum()} labels, {leaderboard.untrusted_share:.1%}, carry {share:.0%} of the "
    f"squared error; without them {best.trusted:.3f} px, capped {best.capped.rmse:.3f} px"
)

# %% [markdown]
# ## Which labels are wrong?
#
# A label is suspicious if it is far from the out-of-fold prediction, relative to the median
# distance of its keypoint and annotator. The whole list is in the run's `suspects.csv`. For
# rendered faces we know which labels were misplaced, and can count how many are found:

# %%
ranked = rank_suspects(train, oof)
for suspect in ranked[:5]:
    print(f"row {train.ids[suspect.row]}: {suspect.reason}")
record = Path(opened.run.config.data) / RECORD_FILE
if record.is_file():
    wrong = json.loads(record.read_text())["flaws"]["training"]["wrong"]
    first = {suspect.row for suspect in ranked[: 2 * len(wrong)]}
    print(f"{len(first & set(wrong))} of {len(wrong)} wrong rows are in the first {2 * len(wrong)}")

# %% [markdown]
# ## By keypoint
#
# The centre of an eye is well defined, the end of an eyebrow is a matter of opinion. The direction
# of the error shows it.

# %%
trusted = np.where(untrusted[..., None], np.nan, errors)
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
# A mean error can be subtracted; scatter cannot. `stack` and `refined` have intercepts that already
# did so.

# %%
residuals = np.where(untrusted[..., None], np.nan, oof - train.keypoints)
for annotator in ANNOTATORS:
    own = residuals[train.annotator == annotator]
    if np.isfinite(own).any():
        x, y = np.nanmean(own, axis=(0, 1))
        print(f"annotator {annotator}: mean error {x:+.2f} px along x, {y:+.2f} along y")

# %% [markdown]
# ## How far do repeated labels scatter?
#
# For comparison, the scatter of labels that an annotator gave to the same image more than once. It
# is no limit of the score. (FaceBench adds a jitter to the labels of its exact duplicates.)

# %%
for noise in label_noise(train):
    score = best.capped.by_annotator[noise.annotator - 1]
    scatter = noise.deviation
    print(
        f"annotator {noise.annotator}: capped RMSE {score:.2f} px, repeated labels {scatter:.2f} px"
    )

# %% [markdown]
# ## The worst faces
#
# Look at them. Either the label is wrong, or there are too few faces of this kind to learn from.

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
