# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [markdown]
# # Do keypoints follow their pixels?
#
# An augmentation that moves a face by one pixel more than its keypoints silently adds a pixel of
# error. So we look at what every policy does, and then measure it.

# %%
import io
import os
from dataclasses import asdict
from pathlib import Path

import albumentations as A
import numpy as np
from IPython.display import Image

from augment.pipeline import augment_faces
from augment.policies import POLICIES
from augment.preview import choose_faces, draw_sheet
from augment.transform_check import check_transform
from data.competition import IMAGE_SIZE, KEYPOINTS
from data.faces import mirror_keypoints
from data.reader import read_competition
from data.system.errors import UserError

train = read_competition(Path(os.environ.get("DATA", "data/rendered"))).train

# %% [markdown]
# ## What each policy does
#
# Blue is the subject's left side, orange its right: a flip that does not swap the names of left and
# right keypoints would show as crossed colours.

# %%
for name, policy in POLICIES.items():
    print(name, {field: value for field, value in asdict(policy).items() if value})
sheet = io.BytesIO()
draw_sheet(choose_faces(train, count=4, seed=0), POLICIES, seed=0).savefig(sheet)
Image(sheet.getvalue())

# %% [markdown]
# ## The proof
#
# Draw a dot at a random position, make that position a keypoint, augment both, and find the dot
# again by its centre of mass. Photometric changes are left out, as they would move the centre of
# mass but not the dot.

# %%
rng = np.random.default_rng(0)
dots = rng.uniform(30, 65, (200, 2)).astype(np.float32)
y, x = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]
squares = (x - dots[:, 0, None, None]) ** 2 + (y - dots[:, 1, None, None]) ** 2
images = np.round(250 * np.exp(-squares / 4.5)).astype(np.uint8)
keypoints = np.repeat(dots[:, None], len(KEYPOINTS), axis=1)

moved, points, mirrored = augment_faces(images, keypoints, POLICIES["flip"], seed=0)
weights = moved / moved.sum(axis=(1, 2), keepdims=True)
found = np.stack([(weights * x).sum(axis=(1, 2)), (weights * y).sum(axis=(1, 2))], axis=-1)
farthest = abs(found - points[:, 0]).max()
print(f"{mirrored.mean():.0%} of the dots are mirrored; the farthest is {farthest:.3f} px off")
assert farthest < 0.05

# %% [markdown]
# Could this test fail? Many solutions mirror keypoints with 96 - x instead of 95 - x. Columns are
# counted from 0, so every label of a mirrored face would be off by one pixel:

# %%
wrong = keypoints[mirrored][:, 0] * [-1, 1] + [IMAGE_SIZE, 0]
print(f"with 96 - x the dots are {abs(found[mirrored] - wrong).max():.2f} px off")

# %% [markdown]
# Mirroring twice gives the original keypoints, up to rounding.

# %%
twice = mirror_keypoints(mirror_keypoints(train.keypoints))
np.testing.assert_allclose(twice, train.keypoints, atol=1e-5)

# %% [markdown]
# ## Which transforms of albumentations could join?
#
# A policy takes further transforms, `Policy(transforms=(A.Rotate(10),))`. Each is first tried as
# above, with random states instead of random faces: dots are drawn on a texture, and the difference
# to the texture without a dot shows where it went. Medians over dots, in pixels:

# %%
tried = [
    A.CoarseDropout((1, 3), (6, 20), (6, 20)),
    A.GridDropout(),
    A.RandomGamma(),
    A.RandomShadow(),
    A.ImageCompression(),
    A.Sequential([A.ToRGB(p=1), A.RandomRain(), A.ToGray(1, p=1)]),
    A.Blur(),
    A.Rotate(30),
    A.Affine(rotate=(-20, 20), scale=(0.8, 1.2), translate_px=(-6, 6), shear=(-8, 8)),
    A.SafeRotate(30),
    A.CLAHE(),
    A.GridElasticDeform((4, 4), 5),
    A.CropAndPad(px=(-8, 8)),
    A.MedianBlur(),
    A.GaussNoise(),
    A.Equalize(),
    A.RandomResizedCrop((96, 96), scale=(0.6, 1)),
    A.ShotNoise((0.001, 0.01)),
    A.ShotNoise(),
    A.Morphological(),
    A.Morphological((2, 2)),
    A.Emboss(),
    A.MotionBlur(),
    A.GlassBlur(),
    A.ZoomBlur(),
    A.Downscale(),
    A.Perspective(),
    A.ElasticTransform(),
    A.GridDistortion(),
    A.OpticalDistortion(),
    A.ThinPlateSpline(),
    A.RandomRain(),
    A.RandomScale(),
    A.HorizontalFlip(),
    A.Transpose(),
]
for transform in tried:
    try:
        print(f"{type(transform).__name__:20s} {check_transform(transform):.3f} px")
    except UserError as error:
        print(error)
