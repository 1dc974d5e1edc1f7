# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # What does the winning model do differently?
#
# Six ideas, each shown on a finished run (`RUN`, the latest by default), and at the end what each
# of them is worth.

# %%
import csv
import os
from itertools import product

import cv2
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression

from augment.batches import network_inputs
from data.competition import ANNOTATORS, KEYPOINTS, SECOND_ANNOTATOR
from kfold.leaderboard import make_leaderboard
from kfold.predictor import load_network
from kfold.run import open_finished
from kfold.score import trusted_faces

run, data, folds = open_finished(os.environ.get("RUN"))
maps = {
    model: recipe
    for model, recipe in run.finished_models.items()
    if recipe.network == "heatmap" and recipe.shape.axis_offset
}
if not maps:
    raise SystemExit(f"{run.folder} has no finished model with maps: set RUN to a run with one.")
name, recipe = next(iter(maps.items()))
seed = run.finished_seeds(name)[0]
model = load_network(run, name, seed, fold=0)
faces = data.train[np.flatnonzero(folds == 0)[:4]]


def look(annotator):
    """The model's outputs for these faces, as `annotator` would label them."""
    everyone = np.full(len(faces), annotator)
    inputs = network_inputs(faces.images, everyone, np.zeros(len(faces), bool))
    return model.predict(inputs, verbose=0)


# %% [markdown]
# ## 1. A map for each keypoint
#
# Instead of thirty numbers from a flattened feature map, the network draws one 24x24 map for each
# keypoint, a probability over places; the prediction is the map's mean position, which lies between
# the cells as well as on them (integral regression). A loss on the map itself, cross-entropy with a
# Gaussian about the label, teaches every cell. Below each face, the strongest of its 15 maps in
# each place:

# %%
outputs = look(1)
figure, axes = plt.subplots(2, len(faces), figsize=(8, 4.2), layout="constrained")
for i, (top, bottom) in enumerate(axes.T):
    top.imshow(faces.images[i], cmap="gray")
    top.scatter(*outputs["keypoints"][i].T, s=8, color="#d95f02")
    bottom.imshow(np.exp(outputs["maps"][i]).max(axis=-1), extent=(-0.5, 95.5, 95.5, -0.5))
    top.axis("off"), bottom.axis("off")
plt.show()

# %% [markdown]
# ## 2. Maps of its own for each annotator
#
# Every face trains the trunk, but the second annotator's nose and mouth are other points than the
# first one's. The same faces, as each of them would label them:

# %%
apart = (look(2)["keypoints"] - look(1)["keypoints"]).mean(axis=0)
for keypoint in SECOND_ANNOTATOR:
    dx, dy = apart[keypoint]
    print(f"{KEYPOINTS[keypoint]}: the second annotator's is {dx:+.1f}, {dy:+.1f} px away")

# %% [markdown]
# ## 3. The mirror axis is measured, not assumed
#
# Mirroring doubles the data, if a mirrored face's labels are where the annotator would have put
# them. They are not: labels that lie d pixels to the right of the face's axis lie d to the left of
# it in the mirror image, so training on both averages d away. The network learns d, for each
# annotator and pair of keypoints, beside maps that are free of it:

# %%
trainings = [run.summary(name, seed, fold) for fold in range(run.config.folds)]
offsets = np.mean([training["axis_offset"] for training in trainings], axis=0)
for annotator, offset in zip(ANNOTATORS, offsets, strict=True):
    own = range(len(KEYPOINTS)) if annotator == 1 else SECOND_ANNOTATOR
    print(f"annotator {annotator}: {offset[list(own)].mean():+.2f} px on average")

# %% [markdown]
# ## 4. Views, and a stack that is scored honestly
#
# Each face is predicted in several views. How much each counts is fitted, for each annotator, on
# out-of-fold predictions, always on other folds than the one it is scored on.

# %%
lines = make_leaderboard(run, data, folds)
for line in lines:
    print(f"{line.entry.name:10} {line.trusted.rmse:.3f} px")
stack = next(line.entry for line in lines if line.entry.name == "stack")
for view, weights in stack.weights.items():
    print(f"{view:36}", *(f"{weight:.2f}" for weight in weights))

# %% [markdown]
# ## 5. What augmentation took away is put back
#
# Moved, turned and scaled copies of a face teach a network that its place in the frame says nothing
# about the labels. It does: images are cropped by a rule, and annotators treat turned faces in ways
# of their own. `refined` learns what errors the stack makes, out-of-fold, on faces of such a shape
# and takes them away. The part of its errors that goes with the face's place and width, before:

# %%
entries = {line.entry.name: line.entry for line in lines}
trusted = trusted_faces(data.train, (entry.oof for entry in entries.values()))
for name in ("stack", "refined"):
    oof = entries[name].oof
    errors = (trusted.keypoints - oof).reshape(len(oof), -1)
    place = np.c_[oof.mean(axis=1), np.ptp(oof[..., 0], axis=1)]
    explained = np.full_like(errors, np.nan)
    for annotator, column in product(ANNOTATORS, range(errors.shape[1])):
        rows = (trusted.annotator == annotator) & np.isfinite(errors[:, column])
        if rows.any():
            line = LinearRegression().fit(place[rows], errors[rows, column])
            explained[rows, column] = line.predict(place[rows])
    part, whole = (np.sqrt(np.nanmean(values**2)) for values in (explained, errors))
    print(f"{name:8} {part:.3f} px of {whole:.3f} px")

# %% [markdown]
# ## 6. Coarse first
#
# Nothing in the network depends on the image's size: maps have a quarter of it and cover the same
# face. Where a face's parts are can be learned at 64x64 for 4/9 of the arithmetic, so a recipe's
# `coarse` share of the epochs does that, and only the rest sees all the pixels.

# %%
print(f"{recipe.coarse:.0%} of this run's epochs were coarse")
figure, axes = plt.subplots(1, 2, figsize=(4, 2), layout="constrained")
for axis, size in zip(axes, (64, 96), strict=True):
    axis.imshow(
        cv2.resize(faces.images[0], (size, size), interpolation=cv2.INTER_AREA), cmap="gray"
    )
    axis.set_title(f"{size}x{size}")
    axis.axis("off")
plt.show()

# %% [markdown]
# ## What each is worth
#
# Leave one out, keep the rest, train on the same folds, compare: an ablation. `make cv
# PRESET=ablation` does so with a short training; if there is such a run, this shows it. How far a
# line is behind the best has an interval: if that reaches 0, the ingredient may be worth nothing.
#
# On FaceBench (5,721 real faces), two folds, nine epochs, two seeds, `make cv DATA=facebench
# PRESET=ablation` gave, trusted, the mean of both seeds' predictions, with the interval of its
# difference to `refined`, the stack of them all corrected; and each seed alone:
#
# | line | px | behind | one seed | annotator 1 | annotator 2 | minutes |
# |---|---|---|---|---|---|---|
# | `refined` | 1.263 | | | 1.320 | 1.180 | |
# | `stack` | 1.273 | 0.006 to 0.014 | | 1.330 | 1.190 | |
# | `full_size`: none at 64x64 | 1.281 | 0.012 to 0.023 | 1.297 ± 0.001 | 1.336 | 1.200 | 4.5 |
# | `no_dropout` | 1.299 | 0.029 to 0.042 | 1.317 ± 0.004 | 1.354 | 1.219 | 4.7 |
# | `bfloat16` | 1.302 | 0.032 to 0.045 | 1.319 ± 0.007 | 1.359 | 1.217 | 3.4 |
# | `full`: as the quick preset | 1.303 | 0.033 to 0.046 | 1.321 ± 0.008 | 1.361 | 1.218 | 4.0 |
# | `distrust`: far labels left out | 1.308 | 0.036 to 0.052 | 1.325 ± 0.008 | 1.367 | 1.219 | 3.9 |
# | `no_map_loss` | 1.310 | 0.037 to 0.060 | 1.328 ± 0.003 | 1.360 | 1.238 | 4.1 |
# | `ema`: weights averaged | 1.320 | 0.049 to 0.063 | 1.334 ± 0.001 | 1.381 | 1.229 | 4.3 |
# | `mean` of them all | 1.327 | 0.057 to 0.071 | | 1.392 | 1.232 | |
# | `wing` loss | 1.369 | 0.097 to 0.116 | 1.389 ± 0.006 | 1.443 | 1.260 | 3.9 |
# | `no_batch_norm`, half the rate | 1.370 | 0.097 to 0.117 | 1.392 ± 0.005 | 1.444 | 1.260 | 3.1 |
# | `mse`: squared error | 1.380 | 0.107 to 0.125 | 1.400 ± 0.002 | 1.454 | 1.269 | 4.0 |
# | `strong_augmentation` | 1.439 | 0.160 to 0.192 | 1.463 ± 0.007 | 1.519 | 1.320 | 4.0 |
# | `no_offset` from the axis | 1.488 | 0.209 to 0.241 | 1.504 ± 0.003 | 1.420 | 1.577 | 5.5 |
# | `no_augmentation` | 1.595 | 0.319 to 0.345 | 1.654 ± 0.043 | 1.591 | 1.601 | 3.9 |
# | `one_head` for both | 1.608 | 0.319 to 0.369 | 1.633 ± 0.018 | 1.679 | 1.504 | 4.3 |
# | `adamw` instead of Muon | 1.759 | 0.469 to 0.522 | 1.786 ± 0.017 | 1.892 | 1.555 | 3.7 |
# | `regression`: no maps | 2.048 | 0.715 to 0.854 | 2.083 ± 0.000 | 2.088 | 1.991 | 3.3 |
#
# Minutes are of one seed, the quicker one, on two cores that tests shared for half an hour, which
# `no_offset` met twice. Two seeds of `full` lie 0.016 px apart (± is half of that): `no_dropout`,
# `bfloat16`, `distrust` and `no_map_loss` are as good as `full`. Wrong labels do little harm under
# Huber's loss, and averaged weights gain nothing where the rate falls to nothing anyway. Batch norm
# takes a third longer an epoch. Two networks that err differently are better than either: those of
# the best preset, one with it and one without, have 1.158 and 1.160 alone, and their mean 1.144.

# %%
table = run.folder.with_name("ablation") / "leaderboard.csv"
rows = list(csv.DictReader(table.open())) if table.is_file() else []
for row in rows:
    interval = f"{float(row['behind_low']):+.3f} to {float(row['behind_high']):+.3f}"
    print(f"{row['name']:20} {float(row['rmse_trusted']):.3f} px  {interval}")
print(f"{len(rows)} lines in {table}")
