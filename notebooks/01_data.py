# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # What is in the files?
#
# Four things decide everything that comes later: how many labels are missing, that two annotators
# meant different points by the same names, that photographs repeat, and that some labels are wrong.
#
# `DATA` names the folder with the competition's four files; `make demo` renders one to begin with.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from data.competition import ANNOTATORS, KEYPOINTS
from data.reader import read_competition
from kfold.groups import person_groups, repeated_photos
from kfold.noise import label_noise

data = read_competition(Path(os.environ.get("DATA", "data/rendered")))
train, test = data.train, data.test
print(f"{len(train)} training faces, {len(test)} test faces, {len(data.lookup)} values asked for")

# %% [markdown]
# ## Most labels are missing, and not at random
#
# A face has either nearly all of its 15 keypoints or at most four. A model that drops every
# incomplete row throws most of the faces away; one that fills the gaps with zeros learns that
# eyebrows are in the upper left corner.

# %%
points = train.labelled.sum(axis=1)
counts = np.bincount(points, minlength=len(KEYPOINTS) + 1)
plt.figure(figsize=(6, 2.5))
plt.bar(range(len(counts)), counts)
plt.xlabel("labelled keypoints")
plt.ylabel("faces")
plt.show()
complete = (points == len(KEYPOINTS)).mean()
print(
    f"{complete:.0%} of the faces are complete, {train.labelled.mean():.0%} of the labels are there"
)

# %% [markdown]
# ## Two annotators
#
# Faces with at most four labels come from another source, labelled by somebody else. Draw the mean
# of each keypoint for both: the nose and the mouth are where they disagree, since the second one
# marks the base of the nose and the middle of the mouth. One network, one trunk, but maps of its
# own for each annotator is how this toolkit deals with it. Which one a test image belongs to is
# told by how many points the lookup table asks for.

# %%
figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for annotator, panel in zip(ANNOTATORS, axes, strict=True):
    own = train[train.annotator == annotator]
    labelled = own.labelled.any(axis=0)
    panel.imshow(own.images.mean(axis=0), cmap="gray")
    panel.scatter(*np.nanmean(own.keypoints[:, labelled], axis=0).T, s=14, color="#d95f02")
    panel.set_title(f"annotator {annotator}: {len(own)} faces")
    panel.axis("off")
plt.show()

# %% [markdown]
# ## The same face more than once
#
# Identical photographs, other shots of one person, neighbouring frames of a video: if they fall on
# both sides of a split, validation rewards memory. Folds therefore deal out whole groups.

# %%
groups = person_groups(train)
sizes = np.bincount(groups.labels)
print(f"{groups}; the largest holds {sizes.max()} faces")
print(f"{repeated_photos(train.images, test.images)} test images repeat a training image")

# %% [markdown]
# ## How well can one score at all?
#
# Where an annotator labelled the same image twice, the two labels differ. The standard deviation of
# one label about their mean is what a perfect model would still be charged with.

# %%
for noise in label_noise(train):
    print(f"annotator {noise.annotator}: {noise.deviation:.2f} px, from {noise.rows} rows")
