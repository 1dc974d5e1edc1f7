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
# On FaceBench (5,721 real faces), two folds, nine epochs, one seed, `make cv DATA=facebench
# PRESET=ablation SEEDS=1` gave, trusted, with the interval of the difference to `refined`, the
# stack of them all corrected:
#
# | line | px | behind | annotator 1 | annotator 2 | minutes |
# |---|---|---|---|---|---|
# | `refined` | 1.308 | | 1.377 | 1.207 | |
# | `stack` | 1.328 | +0.015 to +0.023 | 1.393 | 1.231 | |
# | `batch_norm`: after every convolution | 1.345 | +0.030 to +0.043 | 1.406 | 1.255 | 7.0 |
# | `full_size`: all epochs at 96x96 | 1.357 | +0.042 to +0.055 | 1.425 | 1.257 | 5.9 |
# | `mean` of them all | 1.390 | +0.074 to +0.090 | 1.467 | 1.276 | |
# | `full`: the short training as it is | 1.398 | +0.081 to +0.099 | 1.473 | 1.287 | 5.7 |
# | `distrust`: drop labels seen far off | 1.400 | +0.082 to +0.102 | 1.475 | 1.288 | 7.7 |
# | `bfloat16`: forward and backward | 1.405 | +0.087 to +0.106 | 1.476 | 1.300 | 6.6 |
# | `no_map_loss` | 1.415 | +0.096 to +0.116 | 1.495 | 1.294 | 5.1 |
# | `ema`: averaged weights predict (0.99) | 1.416 | +0.098 to +0.117 | 1.497 | 1.295 | 7.5 |
# | `wing` loss | 1.478 | +0.157 to +0.182 | 1.567 | 1.344 | 5.3 |
# | `mse`: squared error | 1.498 | +0.178 to +0.202 | 1.598 | 1.347 | 5.0 |
# | `no_offset` from the mirror axis | 1.569 | +0.243 to +0.280 | 1.514 | 1.643 | 5.8 |
# | `strong_augmentation` | 1.589 | +0.258 to +0.307 | 1.690 | 1.435 | 4.9 |
# | `one_head` for both annotators | 1.719 | +0.387 to +0.435 | 1.818 | 1.572 | 5.7 |
# | `adamw` instead of Muon | 1.731 | +0.398 to +0.445 | 1.864 | 1.528 | 4.5 |
# | `no_augmentation` | 1.853 | +0.526 to +0.563 | 1.888 | 1.804 | 4.8 |
# | `regression`: thirty numbers, no maps | 1.926 | +0.556 to +0.683 | 1.954 | 1.887 | 4.9 |
#
# Two cores, shared with other work, which was most during `distrust` and `ema`: minutes are no fine
# measure. A second seed differs by 0.0004 px in `full`, 0.01 in `one_head`, 0.02 in `no_offset`. So
# `distrust`, `bfloat16`, `ema` and `no_map_loss` are about as good as `full`; wrong labels do
# little harm under Huber's loss, and bfloat16 saves no minute on these cores. Batch norm learns
# more an epoch, and each takes a third longer. A search that started from `full` took it up, with
# twice the rate (see the README): the quick and the standard preset have that recipe. Trained
# for as long as `make cv` may take, it gains little: 1.154 in 86 minutes of training on two cores,
# and 1.160 by `full`'s network in 84. Two networks err differently: the best preset has that one
# and one with batch norm (1.158 in 96 minutes, beside other work), whose mean has 1.144.

# %%
table = run.folder.with_name("ablation") / "leaderboard.csv"
rows = list(csv.DictReader(table.open())) if table.is_file() else []
for row in rows:
    interval = f"{float(row['behind_low']):+.3f} to {float(row['behind_high']):+.3f}"
    print(f"{row['name']:20} {float(row['rmse_trusted']):.3f} px  {interval}")
print(f"{len(rows)} lines in {table}")
