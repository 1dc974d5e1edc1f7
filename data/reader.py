"""Read the competition's four files into arrays, from the cache if they were read before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np

from data.competition import KEYPOINTS
from data.faces import Faces
from data.files import files_digest
from data.image_tables import read_test, read_training
from data.lookup import Lookup, read_lookup
from data.system.cache import Arrays, cached

CACHE = Path("data/cache")

_CACHE_VERSION = 3
"""To be raised when the meaning of the cached arrays changes."""


@dataclass(frozen=True)
class Competition:
    """Contents of the four files.

    Attributes:
        train: labelled faces.
        test: faces to predict; their keypoints are all NaN.
        lookup: the values that a submission must hold.
        checksum: SHA-256 of the arrays above, in hex; the same however the files are packed.
    """

    train: Faces
    test: Faces
    lookup: Lookup
    checksum: str


Part = TypeVar("Part", Faces, Lookup)


def _fields(kind: type[Faces] | type[Lookup]) -> list[str]:
    return [field.name for field in fields(kind)]


_PARTS = {"train": Faces, "test": Faces, "lookup": Lookup}
_ARRAYS = [f"{part}.{field}" for part, kind in _PARTS.items() for field in _fields(kind)]
_CHECKSUM = "checksum"


def read_competition(folder: Path, cache: Path = CACHE) -> Competition:
    """Read a folder with the competition's files; a second read comes from the cache.

    Args:
        folder: holds training.csv, test.csv, IdLookupTable.csv and SampleSubmission.csv in one of
            the layouts of `data.files`.
        cache: folder for the decoded arrays, keyed by the SHA-256 of the files.

    Raises:
        UserError: a file is missing or damaged, or a field is invalid.
    """
    key = f"{files_digest(folder)[:16]}-{_CACHE_VERSION}"
    arrays = cached(cache, key, lambda: _read(folder), [*_ARRAYS, _CHECKSUM])
    return Competition(
        _part(arrays, "train", Faces),
        _part(arrays, "test", Faces),
        _part(arrays, "lookup", Lookup),
        arrays[_CHECKSUM].tobytes().hex(),
    )


def _part(arrays: Arrays, name: str, kind: type[Part]) -> Part:
    return kind(**{field: arrays[f"{name}.{field}"] for field in _fields(kind)})


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
    arrays = {f"{part}.{field}": a for part, of in parts.items() for field, a in of.items()}
    return arrays | {_CHECKSUM: _checksum(arrays)}


def _checksum(arrays: Arrays) -> np.ndarray:
    """SHA-256 of names, shapes and values, as uint8 (32,)."""
    digest = hashlib.sha256()
    for name in _ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return np.frombuffer(digest.digest(), np.uint8)
