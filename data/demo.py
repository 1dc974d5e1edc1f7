"""Write a demo of the competition's four files, with rendered faces, and its hidden solution.

    python -m data.demo --data data/rendered --train 1200 --test 400 --seed 0

The same command always writes the same bytes; a folder with this demo is left as it is.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.competition import (
    COORDINATES,
    FILES,
    LOOKUP_FILE,
    LOOKUP_HEADER,
    SAMPLE_SUBMISSION_FILE,
    SUBMISSION_HEADER,
    TEST_FILE,
    TEST_HEADER,
    TRAINING_FILE,
    TRAINING_HEADER,
)
from data.system.atomic import replacing, write_json, write_text
from data.system.command import run_command
from data.system.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from data.faces import Faces
    from data.rendering.demo_faces import Flaws

SOLUTION_FILE = "solution.csv"
SOLUTION_HEADER = (*SUBMISSION_HEADER, "Usage")
RECORD_FILE = "demo.json"
"""Settings and planted flaws; written last, so that it proves the other files complete."""

MIN_FACES = 10
MAX_OFFSET = 4.0
"""Pixels."""

WRONG_SHARE = 0.01
"""Share of training rows whose labels are grossly wrong."""

DECIMALS = 4
"""Of labels, in pixels."""


@dataclass(frozen=True)
class Demo:
    """Settings of a rendered demo.

    Attributes:
        data: folder to write to.
        train: rows of training.csv, the first third by the first annotator.
        test: images of test.csv, the first third by the first annotator.
        seed: random seed.
        mirror_offset: pixels by which each annotator's labels lie too far right.
    """

    data: Path = Path("data/rendered")
    train: int = 1200
    test: int = 400
    seed: int = 0
    mirror_offset: tuple[float, float] = (0.0, 0.0)


def main(config: Demo) -> None:
    """Write the demo unless its folder holds it already."""
    if _settings(config) == _recorded(config.data):
        print(f"{config.data} already holds this demo")
        return
    write_demo(config)
    print(
        f"{config.data}: wrote {config.train} training faces, {config.test} test faces "
        f"and the hidden {SOLUTION_FILE}"
    )


def write_demo(config: Demo) -> None:
    """Render the faces and write `FILES`, the first two zipped, the solution and the record.

    Raises:
        UserError: too few faces, too large an offset, or a folder with files that no demo wrote.
    """
    import numpy as np

    from data.rendering.demo_faces import demo_faces

    _check(config)
    training, testing, halves = np.random.SeedSequence(config.seed).spawn(3)
    train, train_flaws = demo_faces(config.train, training, config.mirror_offset, WRONG_SHARE)
    test, test_flaws = demo_faces(config.test, testing, config.mirror_offset)
    private = np.random.default_rng(halves).permutation(config.test) % 2
    (config.data / RECORD_FILE).unlink(missing_ok=True)
    _write_zip(config.data / TRAINING_FILE, _csv(TRAINING_HEADER, _training_rows(train)))
    _write_zip(config.data / TEST_FILE, _csv(TEST_HEADER, _test_rows(test)))
    _write_answer_tables(config.data, test, private)
    flaws = {"training": _flaw_record(train_flaws), "test": _flaw_record(test_flaws)}
    write_json(config.data / RECORD_FILE, {"settings": _settings(config), "flaws": flaws})


def _check(config: Demo) -> None:
    for option, count in (("--train", config.train), ("--test", config.test)):
        if count < MIN_FACES:
            raise UserError(f"{option}: expected at least {MIN_FACES} faces, found {count}.")
    if config.seed < 0:
        raise UserError(f"--seed: expected 0 or more, found {config.seed}.")
    if max(map(abs, config.mirror_offset)) > MAX_OFFSET:
        raise UserError(
            f"--mirror-offset: expected pixels from -{MAX_OFFSET} to {MAX_OFFSET}, "
            f"found {config.mirror_offset}."
        )
    foreign = [path.name for name in FILES for path in config.data.glob(f"{Path(name).stem}.*")]
    if foreign and not (config.data / RECORD_FILE).is_file():
        raise UserError(
            f"{config.data}: expected an empty folder or an earlier demo, found {foreign[0]} "
            f"without {RECORD_FILE}. Choose another DATA=<folder>, or delete this one."
        )


def _settings(config: Demo) -> dict[str, object]:
    """All settings but the folder, as `json.loads` returns them."""
    return {
        "train": config.train,
        "test": config.test,
        "seed": config.seed,
        "mirror_offset": list(config.mirror_offset),
    }


def _recorded(folder: Path) -> object:
    """Settings of the complete demo in `folder`, None if there is none."""
    if not all(list(folder.glob(f"{Path(name).stem}.*")) for name in (*FILES, SOLUTION_FILE)):
        return None
    try:
        return json.loads((folder / RECORD_FILE).read_text())["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _flaw_record(flaws: Flaws) -> dict[str, object]:
    """Planted flaws as JSON: copies as {row: source}, wrong rows as a list."""
    import numpy as np

    copies = flaws.source != np.arange(len(flaws.source))
    duplicates, retakes = (np.flatnonzero(copies & r) for r in (~flaws.retaken, flaws.retaken))
    return {
        "duplicates": {str(row): int(flaws.source[row]) for row in duplicates},
        "retakes": {str(row): int(flaws.source[row]) for row in retakes},
        "wrong": np.flatnonzero(flaws.wrong).tolist(),
    }


def _training_rows(faces: Faces) -> Iterator[tuple[str, ...]]:
    for image, keypoints in zip(faces.images, faces.keypoints, strict=True):
        labels = (f"{value:.{DECIMALS}f}".replace("nan", "") for value in keypoints.ravel())
        yield (*labels, _pixels(image))


def _test_rows(faces: Faces) -> Iterator[tuple[str, ...]]:
    return ((str(i), _pixels(image)) for i, image in enumerate(faces.images, 1))


def _pixels(image: np.ndarray) -> str:
    return " ".join(map(str, image.ravel().tolist()))


def _write_answer_tables(folder: Path, faces: Faces, private: np.ndarray) -> None:
    """Write lookup table, sample submission and solution, a row for each label of the test set."""
    import numpy as np

    labels = faces.keypoints.reshape(len(faces), -1)
    image, column = np.nonzero(~np.isnan(labels))
    ids = [str(row) for row in range(1, len(image) + 1)]
    names = [COORDINATES[c] for c in column]
    locations = [f"{value:.{DECIMALS}f}" for value in labels[image, column]]
    usage = np.where(private[image], "Private", "Public")
    # As in Kaggle's file, rows lack the header's last column, and lines end as on Windows.
    lookup = _csv(LOOKUP_HEADER, zip(ids, (image + 1).astype(str), names, strict=True), "\r\n")
    write_text(folder / LOOKUP_FILE, lookup)
    sample = _csv(SUBMISSION_HEADER, ((row_id, "0") for row_id in ids))
    write_text(folder / SAMPLE_SUBMISSION_FILE, sample)
    solution = _csv(SOLUTION_HEADER, zip(ids, locations, usage, strict=True))
    write_text(folder / SOLUTION_FILE, solution)


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]], end: str = "\n") -> str:
    return "".join(",".join(fields) + end for fields in (header, *rows))


def _write_zip(table: Path, content: str) -> None:
    """Write `table` in a zip of its own, dated 1980 so that the bytes are reproducible."""
    member = zipfile.ZipInfo(table.name)
    with (
        replacing(table.with_suffix(".zip")) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        archive.writestr(member, content, zipfile.ZIP_DEFLATED, compresslevel=1)


if __name__ == "__main__":
    run_command(main, Demo)
