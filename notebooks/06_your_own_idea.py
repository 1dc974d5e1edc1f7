# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # How do I try an idea of my own?
#
# Write it into one file. The toolkit trains it on the folds that all models share, and blends it
# with the others. Here are three ideas: a U-Net, a pretrained backbone, and a model of another
# library. Nothing of the toolkit is changed for them.
#
# On rendered faces and two idle cores this takes less than ten minutes. Run it again, and what is
# trained is skipped. `DATA` is another folder with the competition's files, `EPOCHS` sets the
# length of every training.

# %%
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pandas as pd
from rich.console import Console
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from data import demo
from data.competition import COORDINATES
from data.reader import read_competition
from data.system.atomic import replacing
from data.system.locks import locked
from kfold.config.cv_config import CVConfig
from kfold.cross_validation import run_cv
from kfold.joining.record import join_predictions
from kfold.report.write import write_report
from kfold.request import Request, requested_preset
from kfold.runs.open_run import open_named_run

data = Path(os.environ.get("DATA", "data/rendered"))
if "DATA" not in os.environ:
    demo.main(demo.Demo(data))
runs, console = Path("runs"), Console(width=160)
runs.mkdir(exist_ok=True)
epochs = int(os.environ.get("EPOCHS", "0")) or None

# %% [markdown]
# ## 1. A network, a loss and an augmentation
#
# This is the whole file. Decorators declare functions, `model` declares what to train. Look at
# what goes in and out:
#
# - the **network** takes gray values (B, 96, 96, 1) and returns scores of heatmaps, here of 24x24
#   cells: 15 keypoints, and four more for the second annotator. The toolkit turns them into
#   positions;
# - the **loss** takes positions in pixels. A missing label is NaN; `residuals` leaves it out;
# - the **augmentation** is a list of albumentations transforms. A left-right flip comes before it.
#
# The second model is the toolkit's `heatmap`, made small. Fields that a model leaves out are
# those of `heatmap`.

# %%
(runs / "small_unet.py").write_text('''\
"""A small U-Net with a robust loss, and a small built-in network to compare it with."""

from typing import Annotated

import albumentations as A
from annotated_types import Ge, Le
from keras import layers, ops

from kfold.config.architecture import Architecture
from kfold.custom import loss, model, network, policy
from kfold.models.losses import residuals


def block(x, width, stride=1):
    x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


@network
def small_unet(inputs, *, width: Annotated[int, Ge(4), Le(64)] = 16):
    x = layers.Rescaling(1 / 64, offset=-2)(inputs["image"])
    x, skips = block(x, width, stride=2), []  # 48 pixels wide
    for level in (1, 2, 3):
        x = block(block(x, width << level, stride=2), width << level)
        skips.append(x)  # 24, 12, 6
    x = skips.pop()
    while skips:
        skip = skips.pop()
        x = block(layers.Concatenate()([layers.UpSampling2D()(x), skip]), skip.shape[-1])
    return layers.Conv2D(19, 1, name="logits")(x)  # 24 cells, 4 pixels each


@loss
def charbonnier(target, prediction, *, bend: Annotated[float, Ge(0.1), Le(10)] = 1.0):
    difference, present = residuals(target, prediction)
    errors = ops.sqrt(difference**2 + bend**2) - bend  # as squares near 0, as lengths far away
    return ops.sum(errors) / ops.maximum(ops.sum(present), 1.0)


@policy
def tilted(*, angle: Annotated[float, Ge(0), Le(45)] = 15.0):
    moved = A.Affine(rotate=(-angle, angle), scale=(0.85, 1.15), translate_px=(-4, 4), p=0.9)
    return [moved, A.RandomGamma((60, 160), p=0.5)]


model("mine", network="small_unet", loss="charbonnier", policy="tilted", epochs=10, tta="flip")
small = Architecture(
    stem_width=16, stage_widths=(24, 32, 48), stage_blocks=(1, 1, 1), decoder_width=32
)
model("small", architecture=small, policy="light", low_res_share=0.0, epochs=14, tta="flip")
''')

# %% [markdown]
# First the U-Net is tried on four faces of noise, which takes seconds: a typing error or a wrong
# shape ends here, with the line of the file. Then both models train on two folds. Each row is
# predicted by networks that did not see its person.

# %%
request = Request(code=runs / "small_unet.py", folds=2, epochs=epochs)
preset = requested_preset(request, console)
leaderboard = run_cv(CVConfig(data, preset), runs / "idea", console)

# %% [markdown]
# Three lines are blends, made without being asked for. `mean` averages the models, `stack` weights
# them, `refined` also corrects what is left. Look at the capped RMSE: two networks that make
# different errors are better together. On the rendered faces all three blends are better than both
# networks. Behind each score is the 95% interval of its distance to the best line: one that reaches
# 0 is a tie.


# %%
def show(leaderboard):
    """Print the capped RMSE of each line, and its distance to the best."""
    for line in leaderboard.lines:
        low, high = line.gap.low, line.gap.high
        print(f"{line.entry.name:10} {line.capped.rmse:.3f} px, {low:.3f} to {high:.3f} behind")


show(leaderboard)

# %% [markdown]
# ## 2. A pretrained backbone
#
# MobileNetV2 has learned from a million photographs. Its weights are fetched here, once, before
# several processes train with them, and saved beside the other file. Without a connection the
# backbone starts at random: look at what is printed. `WEIGHTS=none` fetches nothing.

# %%
weights, source = runs / "mobilenet.weights.h5", os.environ.get("WEIGHTS", "imagenet")
if not weights.exists() and source == "imagenet":
    try:
        fetched = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False)
        with replacing(weights) as path:
            fetched.save_weights(path)
    except Exception as error:
        print(f"ImageNet's weights could not be fetched: {error}")
print("The backbone starts", "with ImageNet's weights" if weights.exists() else "at random")

# %% [markdown]
# Three things in the file are worth a look:
#
# - **One gray image becomes three channels**, as ImageNet is in colour.
# - **Two learning rates.** Pretrained weights are good already, new layers are not. The optimizer
#   makes a step as AdamW does, then takes nine tenths of it back in the backbone, weight decay
#   included. Smaller gradients would change nothing, since Adam divides by their size. (To override
#   `update_step` does not help either: TensorFlow calls it with variables that have no path.)
# - **The weights' file is an option.** The run keeps it, and the rate, so that every fold and every
#   later command uses the same. Only a training makes an optimizer, so that is where a missing file
#   is an error. `make predict` loads the trained weights instead, and needs no others.

# %%
(runs / "mobilenet.py").write_text('''\
"""MobileNetV2, pretrained where its weights are, before a small decoder."""

from pathlib import Path
from typing import Annotated

import keras
from annotated_types import Ge, Le
from keras import layers, ops

from kfold.custom import model, network, optimizer
from kfold.training.optimizer import schedule


@network
def mobilenet(inputs, *, weights: str = ""):
    gray = layers.Rescaling(1 / 127.5, offset=-1)(inputs["image"])
    with keras.name_scope("backbone"):  # the start of its variables' paths
        whole = keras.applications.MobileNetV2(
            (96, 96, 3), alpha=0.35, include_top=False, weights=None
        )
    if Path(weights).is_file():
        whole.load_weights(weights)
    for layer in whole.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.9  # averages over ten steps: these are short trainings
    taps = [whole.get_layer(f"block_{i}_expand_relu").output for i in (3, 6, 13)]
    *skips, x = keras.Model(whole.input, taps)(layers.Concatenate()([gray, gray, gray]))
    x = layers.Conv2D(48, 1)(x)  # 6 cells wide, then 12 and 24
    for skip in reversed(skips):
        x = layers.Add()([layers.UpSampling2D()(x), layers.Conv2D(48, 1)(skip)])
        x = layers.Conv2D(48, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(19, 1, name="logits")(x)


class SlowBackbone(keras.optimizers.AdamW):
    """AdamW with a share of the learning rate for the backbone."""

    share = 1.0

    def apply(self, grads, trainable_variables=None):
        variables = trainable_variables or self._trainable_variables
        slow = [variable for variable in variables if variable.path.startswith("backbone/")]
        before = [ops.copy(variable) for variable in slow]
        super().apply(grads, trainable_variables)
        for variable, start in zip(slow, before, strict=True):
            variable.assign(start + self.share * (variable - start))


@optimizer
def slow_backbone(recipe, steps, *, share: Annotated[float, Ge(0.001), Le(1)] = 1.0):
    weights = recipe.options.get("weights")
    if weights and not Path(weights).is_file():
        raise FileNotFoundError(f"expected the pretrained weights {weights}, found none")
    rate = schedule(recipe.learning_rate, steps)
    adamw = SlowBackbone(rate, weight_decay=recipe.weight_decay, global_clipnorm=1.0)
    adamw.share = share
    return adamw


file = Path("runs/mobilenet.weights.h5").resolve()
pretrained = file.is_file()
model(
    "pretrained" if pretrained else "mobilenet",
    network="mobilenet",
    policy="light",
    optimizer="slow_backbone",
    learning_rate=0.003,
    epochs=12,
    tta="flip",
    options={"weights": str(file), "share": 0.1} if pretrained else {},
)
''')

# %% [markdown]
# The same run gets one more model, `pretrained`, or `mobilenet` if the backbone starts at random.
# The folds stay, and the two networks above are not trained again. Look at the blends: `mean`
# counts every model alike, and suffers from a weak one. `stack` gives it the weight that helps.

# %%
request = Request(code=runs / "mobilenet.py", folds=2, epochs=epochs)
preset = requested_preset(request, console)
show(run_cv(CVConfig(data, preset), runs / "idea", console))

# %% [markdown]
# ## 3. Predictions from elsewhere
#
# A model of any library takes part by its predictions: of each training row, by a model that was
# trained without the row's fold, and of the test set. `runs/idea/folds.csv` has the folds. Here
# ridge regression predicts each coordinate from 24x24 pixels, compressed by PCA. Look at two lines:
#
# - **Missing labels**, `known`: each coordinate has a regression of its own, on the rows with a
#   label.
# - **Two annotators**, `np.c_`: which of them labelled a face is one more feature, so that each
#   face is predicted as it is labelled.

# %%
competition = read_competition(data)
train, test = competition.train, competition.test
folds = pd.read_csv(runs / "idea" / "folds.csv")["fold"].to_numpy()
pixels = [
    faces.images.reshape(-1, 24, 4, 24, 4).mean(axis=(2, 4)).reshape(len(faces), -1)
    for faces in (train, test)
]
pca = PCA(0.95, whiten=True).fit(np.concatenate(pixels))
x, x_test = (
    np.c_[pca.transform(each), faces.annotator]
    for each, faces in zip(pixels, (train, test), strict=True)
)
labels = train.keypoints.reshape(len(train), -1)
oof, tested = np.zeros(labels.shape), np.zeros((len(test), labels.shape[1]))
for fold in np.unique(folds):
    held_out = folds == fold
    for column, values in enumerate(labels.T):
        known = np.isfinite(values) & ~held_out
        ridge = Ridge(30.0).fit(x[known], values[known])
        oof[held_out, column] = ridge.predict(x[held_out])
        tested[:, column] += ridge.predict(x_test) / len(np.unique(folds))

# %% [markdown]
# Two CSV files are all that `make join` needs: the columns of training.csv, in pixels, and `row` or
# `ImageId`. These lines do what the command does. Ridge regression is no match for a network, but
# far better than `constant`, the mean face. Look at the blends: `stack` is not harmed.

# %%
with TemporaryDirectory() as folder, locked(runs / "idea"):
    for name, id_column, faces, values in (
        ("oof.csv", "row", train, oof),
        ("test.csv", "ImageId", test, tested),
    ):
        table = pd.DataFrame(values, columns=COORDINATES)
        table.insert(0, id_column, faces.ids)
        table.to_csv(Path(folder, name), index=False)
    opened, _ = join_predictions(open_named_run("idea"), Path(folder), "ridge", force=True)
    leaderboard = write_report([opened], console)
show(leaderboard)

# %% [markdown]
# The weights of `stack` for each annotator tell what each view of each model adds. Each face is
# also predicted mirrored, `tta="flip"`:

# %%
stack = next(line.entry for line in leaderboard.lines if line.entry.name == "stack")
for member, shares in stack.weights.items():
    print(f"{member:24}", *(f"{share:.2f}" for share in shares))

# %% [markdown]
# ## What next?
#
# The same from a shell, on the competition's faces:
#
#     make cv CODE=runs/small_unet.py PRESET=quick MODELS="mine unet" RUN=first
#     make cv CODE=runs/mobilenet.py FOLDS=4 RUN=first      # one more model, on the same folds
#     make tune CODE=runs/small_unet.py MODEL=mine          # searches width, bend and angle
#     make folds RUN=first                                  # for models that are trained elsewhere
#     make join RUN=first FROM=<folder> NAME=ridge
#     make predict RUN=first IMAGE=me.jpg
#     make submit RUN=first
#
# Then change the file: another width, another loss. Another text under the same model's name is
# refused with the difference, until you rename the model or pass `FORCE=1`.
#
# [kfold/custom](../kfold/custom/README.md) says what a file may declare,
# [kfold/joining](../kfold/joining/README.md) what `make join` refuses, and
# [kfold/leaderboard](../kfold/leaderboard/README.md) how lines are ranked and blended.
