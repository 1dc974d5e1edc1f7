"""Four files in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.cache import Arrays, cached
from data.competition import COORDINATES, KEYPOINTS
from data.faces import Faces
from data.files import checksum
from data.lookup import Lookup, read_lookup
from data.rows import read_test, read_training

CACHE = Path("data/cache")

_FORMAT = 2  # of the cached arrays: raise it when their meaning changes


@dataclass(frozen=True)
class Competition:
    """Everything the four files say.

    Attributes:
        train: labelled faces.
        test: faces to predict; their keypoints are all NaN.
        lookup: the values a submission asks for.
        checksum: SHA-256 of the files, in hex.
    """

    train: Faces
    test: Faces
    lookup: Lookup
    checksum: str


def read_competition(folder: Path, cache: Path = CACHE) -> Competition:
    """Read a folder with the competition's files, zipped or not; at once if read before.

    Args:
        folder: holds training.csv, test.csv, IdLookupTable.csv and SampleSubmission.csv, each
            plain, in a zip of its own, or in Kaggle's outer zip.
        cache: where the decoded arrays are kept, under the files' checksum.

    Raises:
        UserError: a file is missing, damaged, or says something it must not.
    """
    digest = checksum(folder)
    arrays = cached(cache, f"{digest[:16]}-{_FORMAT}", lambda: _read(folder))
    parts: dict[str, Arrays] = {"train": {}, "test": {}, "lookup": {}}
    for name, array in arrays.items():
        part, field = name.split(".")
        parts[part][field] = array
    return Competition(
        Faces(**parts["train"]), Faces(**parts["test"]), Lookup(**parts["lookup"]), digest
    )


def _read(folder: Path) -> Arrays:
    train = read_training(folder)
    images, ids = read_test(folder)
    lookup = read_lookup(folder, ids)
    test = {
        "images": images,
        "keypoints": np.full((len(ids), len(COORDINATES)), np.nan, np.float32).reshape(
            -1, len(KEYPOINTS), 2
        ),
        "ids": ids,
        "annotator": lookup.annotators(len(ids)),
    }
    parts = {"train": train, "test": test, "lookup": vars(lookup)}
    return {f"{part}.{field}": a for part, fields in parts.items() for field, a in fields.items()}
