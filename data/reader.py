"""Read the competition's four files into arrays, from the cache if they were read before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.competition import KEYPOINTS
from data.faces import Faces
from data.files import checksum
from data.image_tables import read_test, read_training
from data.lookup import Lookup, read_lookup
from data.system.cache import Arrays, cached

CACHE = Path("data/cache")

_CACHE_VERSION = 2
"""To be raised when the meaning of the cached arrays changes."""


@dataclass(frozen=True)
class Competition:
    """Contents of the four files.

    Attributes:
        train: labelled faces.
        test: faces to predict; their keypoints are all NaN.
        lookup: the values that a submission must hold.
        checksum: SHA-256 of the files, in hex.
    """

    train: Faces
    test: Faces
    lookup: Lookup
    checksum: str


def read_competition(folder: Path, cache: Path = CACHE) -> Competition:
    """Read a folder with the competition's files; a second read comes from the cache.

    Args:
        folder: holds training.csv, test.csv, IdLookupTable.csv and SampleSubmission.csv, each
            plain, in a zip of its own, or in Kaggle's outer zip.
        cache: folder for the decoded arrays, keyed by the files' checksum.

    Raises:
        UserError: a file is missing or damaged, or a field is invalid.
    """
    digest = checksum(folder)
    arrays = cached(cache, f"{digest[:16]}-{_CACHE_VERSION}", lambda: _read(folder))
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
        "keypoints": np.full((len(ids), len(KEYPOINTS), 2), np.nan, np.float32),
        "ids": ids,
        "annotator": lookup.annotators(len(ids)),
    }
    parts = {"train": train, "test": test, "lookup": vars(lookup)}
    return {f"{part}.{field}": a for part, fields in parts.items() for field, a in fields.items()}
