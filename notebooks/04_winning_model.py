# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # What does the winning model do differently?
#
# Seven ideas, six of them shown on a finished run (`RUN`, the latest by default), and what each of
# them is worth.

# %%
import os
from itertools import product

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from augment.batches import network_inputs
from data.competition import ANNOTATORS, KEYPOINTS, SECOND_ANNOTATOR
from kfold.config.recipe import MAP_NETWORKS
from kfold.inference.predictor import load_network
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.tables import LEADERBOARD
from kfold.runs.open_run import open_named_run

opened = open_named_run(os.environ.get("RUN"))
run, data = opened.run, opened.data
with_heatmaps = {
    model: recipe
    for model, recipe in run.finished_models.items()
    if recipe.network in MAP_NETWORKS and recipe.architecture.axis_offset
}
if not with_heatmaps:
    raise SystemExit(f"{run.folder} has no finished model with heatmaps: set RUN to one that has.")
name, recipe = next(iter(with_heatmaps.items()))
seed = run.finished_seeds(name)[0]
network = load_network(run, name, seed, fold=0)
faces = data.train[np.flatnonzero(opened.folds == 0)[:4]]


def outputs_as(annotator):
    """The network's outputs for these faces, as `annotator` labels them."""
    annotators = np.full(len(faces), annotator)
    inputs = network_inputs(faces.images, annotators, np.zeros(len(faces), bool))
    return network.predict(inputs, verbose=0)


# %% [markdown]
# ## 1. A heatmap for each keypoint
#
# Instead of thirty numbers from a flattened feature map, the network outputs a heatmap for each
# keypoint, a probability over 24x24 cells and a ring around them. The prediction is the heatmap's
# mean position, which is not limited to cell centres (integral regression, or soft-argmax). A loss
# on the heatmap itself, cross-entropy with a Gaussian around the label, trains every cell. Below
# each face, the maximum over its 15 heatmaps, without the ring:

# %%
outputs = outputs_as(1)
figure, axes = plt.subplots(2, len(faces), figsize=(8, 4.2), layout="constrained")
for i, (top, bottom) in enumerate(axes.T):
    top.imshow(faces.images[i], cmap="gray")
    top.scatter(*outputs["keypoints"][i].T, s=8, color="#d95f02")
    within = np.exp(outputs["maps"][i, 1:-1, 1:-1])
    bottom.imshow(within.max(axis=-1), extent=(-0.5, 95.5, 95.5, -0.5))
    top.axis("off"), bottom.axis("off")
plt.show()

# %% [markdown]
# ## 2. Separate heatmaps for each annotator
#
# Every face trains the backbone, but the second annotator's nose and mouth are other points than
# the first one's. The difference on the same faces:

# %%
difference = (outputs_as(2)["keypoints"] - outputs_as(1)["keypoints"]).mean(axis=0)
for keypoint in SECOND_ANNOTATOR:
    dx, dy = difference[keypoint]
    print(f"{KEYPOINTS[keypoint]}: the second annotator's is {dx:+.1f}, {dy:+.1f} px away")

# %% [markdown]
# ## 3. The mirror axis is measured, not assumed
#
# Flips double the data, if the labels of a flipped face are where the annotator would have put
# them. They are not: labels that are shifted d pixels to the right of the symmetric position are
# shifted d to the left in the flipped image, so training on both averages d out. The network learns
# d for each annotator and pair of keypoints, and heatmaps of the symmetric positions:

# %%
trainings = [run.summary(name, seed, fold) for fold in range(run.config.folds)]
offsets = np.mean([training.axis_offset for training in trainings], axis=0)
for annotator, offset in zip(ANNOTATORS, offsets, strict=True):
    own = range(len(KEYPOINTS)) if annotator == 1 else SECOND_ANNOTATOR
    print(f"annotator {annotator}: {offset[list(own)].mean():+.2f} px on average")

# %% [markdown]
# ## 4. Test-time augmentation, and a stack that is scored honestly
#
# Each face is predicted in several views, flipped and shifted. Their weights are fitted for each
# annotator on out-of-fold predictions, always on other folds than the one they are scored on.

# %%
leaderboard = make_leaderboard([opened])
for line in leaderboard.lines:
    print(f"{line.entry.name:10} {line.capped.rmse:.3f} px")
entries = {line.entry.name: line.entry for line in leaderboard.lines}
for view, weights in entries["stack"].weights.items():
    print(f"{view:36}", *(f"{weight:.2f}" for weight in weights))

# %% [markdown]
# ## 5. A correction for what augmentation hides
#
# Shifted, rotated and scaled copies of a face teach a network that its position in the image says
# nothing about the labels. It does: images are cropped by a rule, and annotators label rotated
# faces in ways of their own. `refined` predicts the stack's out-of-fold errors from the shape of
# the predicted face and subtracts them. The part of the errors that is linear in the face's
# position and width, before and after:

# %%
trusted = leaderboard.trusted
for name in ("stack", "refined"):
    oof = entries[name].oof
    errors = (trusted.keypoints - oof).reshape(len(oof), -1)
    features = np.c_[oof.mean(axis=1), np.ptp(oof[..., 0], axis=1)]
    explained = np.full_like(errors, np.nan)
    for annotator, column in product(ANNOTATORS, range(errors.shape[1])):
        rows = (trusted.annotator == annotator) & np.isfinite(errors[:, column])
        if rows.any():
            regression = LinearRegression().fit(features[rows], errors[rows, column])
            explained[rows, column] = regression.predict(features[rows])
    part, whole = (np.sqrt(np.nanmean(values**2)) for values in (explained, errors))
    print(f"{name:8} {part:.3f} px of {whole:.3f} px")

# %% [markdown]
# ## 6. Low resolution first
#
# The network takes any image size: a heatmap has a quarter of the image's side and covers the same
# face. At 64x64 it learns the rough positions for 4/9 of the arithmetic, so the first epochs, the
# recipe's `low_res_share` of them, use this size, and only the others the full 96x96.

# %%
print(f"{recipe.low_res_share:.0%} of this run's epochs were at low resolution")
figure, axes = plt.subplots(1, 2, figsize=(4, 2), layout="constrained")
for axis, size in zip(axes, (64, 96), strict=True):
    axis.imshow(
        cv2.resize(faces.images[0], (size, size), interpolation=cv2.INTER_AREA), cmap="gray"
    )
    axis.set_title(f"{size}x{size}")
    axis.axis("off")
plt.show()

# %% [markdown]
# ## 7. Two networks, and arithmetic that the processor is good at
#
# `unet` and `heatmap` make different errors, so the standard preset trains both and blends them.
# Both train in bfloat16 where the processor has it (`precision`). On one with AMX, which multiplies
# tiles of 32 channels, a U-Net of 32 channels then takes no longer than one of 24 in float32, and
# is better. Trusted RMSE, mean of the first two folds of four of FaceBench, 16 epochs with the
# policy `light`, seed 0, each fold on one of two cores that reach about 230 GFLOP/s together. Two
# seeds of a recipe differ by about 0.01.
#
# | network | px | minutes a fold |
# |---|---|---|
# | `unet` with 24 channels, decoder 48, float32 | 1.250 | 5.3 |
# | the same in bfloat16 | 1.243 | 4.3 |
# | 32 channels, decoder 48, bfloat16 | 1.228 | 4.2 |
# | 32 channels, decoder 64, bfloat16: as in the presets | 1.224 | 4.9, beside other work |
# | `heatmap`, bfloat16 | 1.219 | 6.1, beside other work |
#
# What longer trainings of `unet` gain, alone and without the corrections of `refined`:
#
# | epochs, policy, folds | px | `refined` | minutes a fold |
# |---|---|---|---|
# | 16, `light`, two of four | 1.224 | | 4.9 |
# | 28, `light`, four: `make cv PRESET=quick` | 1.174 | 1.161 | 8.1 to 10.9 |
# | 48, `standard`, five: `make cv MODELS=unet POLICY=standard` | 1.154 | 1.134 | 20.5 to 29.2 |
#
# Tests ran beside the last one. What more networks gain, on the labels that are trusted in the last
# run (`make cv PRESET=best`; Trusted depends a little on a run's lines), five folds:
#
# | networks | alone | their mean | `refined` |
# |---|---|---|---|
# | `unet`, 48 epochs, `light` | 1.155 | | |
# | `heatmap`, 30 epochs, `light` | 1.167 | | |
# | both: `make cv` | | 1.143 | 1.127 |
# | and `unet`, 48 epochs, policy `standard`: `make cv PRESET=best` | 1.160 | 1.139 | 1.123 |
#
# Their errors are nearly the same, so a third network is worth 0.004 px: what is left is in the
# labels, and in what all of these networks cannot see.
#
# Other ideas were tried on the same folds, changed nothing or too little, and are not in the
# toolkit. With 24 channels:
#
# | idea | px | without it |
# |---|---|---|
# | each face mirrored in every other epoch instead of at random, float32 | 1.254 | 1.250 |
# | missing labels filled in, in 40% of the batches, by such a network, float32 | 1.241 | 1.250 |
# | the same by one of 1.157 px, trained on the same rows, bfloat16, first fold | 1.221 | 1.229 |
# | labels mixed with 40% of that network's predictions, too | 1.223 | 1.229 |
# | half of the rows, twice the epochs, bfloat16 | 1.268 | 1.243 |
#
# Half of the rows says what more rows are worth: 0.025 px for a doubling, so about 0.01 px from the
# 80% of the rows that a fold's network sees to all of them. Networks on all rows for the test set
# were therefore left out.
#
# With the finished `unet` of standard, on held-out labels within 8 px of what it predicts without:
#
# | idea | px | without it |
# |---|---|---|
# | eight more views, turned by 6° or zoomed by 7% (`unet_augmented`, one fold) | 1.226 | 1.224 |
# | mean with a second look, turned, scaled, centred by the first (five folds) | 1.175 | 1.178 |
# | three more epochs without turns, zooms, shifts, rate 0.0005 to 0.002 (a fold) | 1.203 | 1.203 |
#
# ## What each is worth
#
# An ablation leaves out one ingredient, keeps the others, and trains on the same folds. `make cv
# PRESET=ablation` does this with short trainings; if there is such a run, the last cell shows it.
# If the interval of a gap reaches 0, the ingredient may be worth nothing. The recipe was chosen on
# these very faces.
#
# FaceBench (5,721 real faces), two folds, nine epochs, two seeds, `make cv DATA=facebench
# PRESET=ablation`: RMSE of the mean of both seeds over labels within 8 px of the best line, the
# 95% interval over faces of its gap to `refined`, the corrected stack of all of them, and the RMSE
# of one seed. The leaderboard ranks by the capped RMSE since, and adds the scatter of seeds to its
# intervals. `distrust`, `ema` and `wing` were removed from the toolkit because they lost; their
# lines remain as a record. All trained in float32, except `bfloat16`.
#
# | line | px | gap | one seed | annotator 1 | annotator 2 | minutes |
# |---|---|---|---|---|---|---|
# | `refined` | 1.263 | | | 1.320 | 1.180 | |
# | `stack` | 1.273 | 0.006 to 0.014 | | 1.330 | 1.190 | |
# | `full_size`: none at 64x64 | 1.281 | 0.012 to 0.023 | 1.297 ± 0.001 | 1.336 | 1.200 | 4.5 |
# | `no_dropout` | 1.299 | 0.029 to 0.042 | 1.317 ± 0.004 | 1.354 | 1.219 | 4.7 |
# | `bfloat16` | 1.302 | 0.032 to 0.045 | 1.319 ± 0.007 | 1.359 | 1.217 | 3.4 |
# | `full`: then the quick preset | 1.303 | 0.033 to 0.046 | 1.321 ± 0.008 | 1.361 | 1.218 | 4.0 |
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
# Minutes are of the faster seed, on two cores that other work shared for half an hour; both seeds
# of `no_offset` were slowed by it. The two seeds of `full` differ by 0.016 px (± is half of that),
# so `no_dropout`, `bfloat16`, `distrust` and `no_map_loss` tie with `full`. Wrong labels do little
# harm under the Huber loss, and averaging weights gains nothing when the learning rate decays to
# almost 0 anyway. Batch norm takes a third more time per epoch. Networks that make different errors
# are better together: the two of the best preset, with and without batch norm, have 1.158 and 1.160
# alone, and their mean has 1.144.
#
# Today `full` trains in bfloat16 where the processor has it, and `float32` is the variant. The
# lines that were near a tie, again, with `MODELS="full float32 unet no_dropout no_map_loss
# full_size"`: capped RMSE, and intervals that include the scatter of seeds. Minutes are of one
# fold, two at a time on two cores of 269 to 310 GFLOP/s with AMX, some beside other work.
#
# | line | px | gap | one seed | trusted | minutes |
# |---|---|---|---|---|---|
# | `refined` | 1.383 | | 1.390 ± 0.002 | 1.271 | |
# | `full_size`: none at 64x64 | 1.399 | 0.011 to 0.020 | 1.412 ± 0.003 | 1.289 | 2.6 to 3.5 |
# | `stack` | 1.399 | 0.012 to 0.020 | 1.406 ± 0.003 | 1.289 | |
# | `mean` | 1.405 | 0.017 to 0.027 | 1.409 ± 0.002 | 1.297 | |
# | `no_dropout` | 1.417 | 0.026 to 0.041 | 1.431 ± 0.000 | 1.311 | 2.6 to 2.8 |
# | `full` | 1.417 | 0.028 to 0.041 | 1.431 ± 0.003 | 1.310 | 3.0 to 3.2 |
# | `float32` | 1.420 | 0.028 to 0.046 | 1.434 ± 0.005 | 1.314 | 3.6 to 4.2 |
# | `no_map_loss` | 1.424 | 0.033 to 0.048 | 1.440 ± 0.004 | 1.321 | 2.6 to 2.8 |
# | `unet` | 1.433 | 0.042 to 0.058 | 1.448 ± 0.002 | 1.336 | 2.7 to 2.9 |
#
# ± is the sample standard deviation here. bfloat16 loses nothing and dropout gains nothing; in so
# short a training, full-size images are ahead, and `heatmap` is ahead of `unet`.

# %%
path = run.folder.with_name("ablation") / LEADERBOARD
if path.is_file():
    table = pd.read_csv(path)[["name", "rmse_capped", "gap", "gap_low", "gap_high"]]
    print(table.to_string(index=False, float_format="{:.3f}".format))
else:
    print(f"no {path}: `make cv PRESET=ablation` writes it")
