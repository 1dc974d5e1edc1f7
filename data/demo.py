"""Write a demo: the competition's four files and their hidden solution, with rendered faces.

    python -m data.demo --out data/rendered --train 1200 --test 400 --seed 0

The same command writes the same bytes; a folder that already holds the set is left alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.atomic import replacing, write_json, write_text
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
from data.errors import UserError, run_command

if TYPE_CHECKING:
    import numpy as np

    from data.demo_faces import Flaws
    from data.faces import Faces

SOLUTION_FILE = "solution.csv"
SOLUTION_HEADER = (*SUBMISSION_HEADER, "Usage")
RECORD_FILE = "demo.json"
"""The configuration and the planted flaws; written last, so that it vouches for the rest."""

FEWEST, FARTHEST = 10, 4.0
WRONG_SHARE = 0.01


@dataclass(frozen=True)
class Demo:
    """A rendered stand-in for the competition's data.

    Attributes:
        out: folder to write to.
        train: rows of training.csv, the first third by the first annotator.
        test: images of test.csv, the first third by the first annotator.
        seed: of everything random.
        mirror_offset: pixels that each annotator's labels lie too far right.
    """

    out: Path = Path("data/rendered")
    train: int = 1200
    test: int = 400
    seed: int = 0
    mirror_offset: tuple[float, float] = (0.0, 0.0)


def main(config: Demo) -> None:
    """Write the demo unless its folder already holds it."""
    if _settings(config) == _recorded(config.out):
        print(f"{config.out} already holds this demo")
        return
    write_demo(config)
    print(
        f"{config.out}: wrote {config.train} training faces, {config.test} test faces "
        f"and the hidden {SOLUTION_FILE}"
    )


def write_demo(config: Demo) -> None:
    """Render the faces and write `FILES`, the first two zipped, with the solution and the record.

    Raises:
        UserError: too few faces, too large an offset, or a folder with files of another origin.
    """
    import numpy as np

    from data.demo_faces import demo_faces

    _check(config)
    training, testing, halves = np.random.SeedSequence(config.seed).spawn(3)
    train, train_flaws = demo_faces(config.train, training, config.mirror_offset, WRONG_SHARE)
    test, test_flaws = demo_faces(config.test, testing, config.mirror_offset)
    private = np.random.default_rng(halves).permutation(config.test) % 2
    (config.out / RECORD_FILE).unlink(missing_ok=True)
    _write_zip(config.out / TRAINING_FILE, _lines(TRAINING_HEADER, _training_rows(train)))
    _write_zip(config.out / TEST_FILE, _lines(TEST_HEADER, _test_rows(test)))
    for name, lines in _answer_tables(test, private).items():
        write_text(config.out / name, "".join(lines))
    flaws = {"training": _listed(train_flaws), "test": _listed(test_flaws)}
    write_json(config.out / RECORD_FILE, {"settings": _settings(config), "flaws": flaws})


def _check(config: Demo) -> None:
    for option, count in (("--train", config.train), ("--test", config.test)):
        if count < FEWEST:
            raise UserError(f"{option}: expected at least {FEWEST} faces, found {count}.")
    if config.seed < 0:
        raise UserError(f"--seed: expected 0 or more, found {config.seed}.")
    if max(map(abs, config.mirror_offset)) > FARTHEST:
        raise UserError(
            f"--mirror-offset: expected pixels from -{FARTHEST} to {FARTHEST}, "
            f"found {config.mirror_offset}."
        )
    foreign = [path.name for name in FILES for path in config.out.glob(f"{Path(name).stem}.*")]
    if foreign and not (config.out / RECORD_FILE).is_file():
        raise UserError(
            f"{config.out}: expected an empty folder or an earlier demo, found {foreign[0]} "
            f"without {RECORD_FILE}. Choose another --out, or delete the folder."
        )


def _settings(config: Demo) -> dict[str, object]:
    """Everything about a demo but its place, as JSON gives it back."""
    return {
        "train": config.train,
        "test": config.test,
        "seed": config.seed,
        "mirror_offset": list(config.mirror_offset),
    }


def _recorded(folder: Path) -> object:
    """Settings of the demo that `folder` holds; None if it holds none, or not all of one."""
    if not all(list(folder.glob(f"{Path(name).stem}.*")) for name in (*FILES, SOLUTION_FILE)):
        return None
    try:
        return json.loads((folder / RECORD_FILE).read_text())["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _listed(flaws: Flaws) -> dict[str, object]:
    """Planted flaws for the record: copies as {row: source}, wrong rows as a list."""
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
        labels = (f"{value:.4f}".replace("nan", "") for value in keypoints.ravel())
        yield (*labels, _pixels(image))


def _test_rows(faces: Faces) -> Iterator[tuple[str, ...]]:
    return ((str(i), _pixels(image)) for i, image in enumerate(faces.images, 1))


def _pixels(image: np.ndarray) -> str:
    return " ".join(map(str, image.ravel().tolist()))


def _answer_tables(faces: Faces, private: np.ndarray) -> dict[str, Iterator[str]]:
    """Lookup table, sample submission and solution, one row for every label of the test set."""
    import numpy as np

    labels = faces.keypoints.reshape(len(faces), -1)
    image, column = np.nonzero(~np.isnan(labels))
    ids = [str(row) for row in range(1, len(image) + 1)]
    names = [COORDINATES[c] for c in column]
    locations = [f"{value:.4f}" for value in labels[image, column]]
    usage = np.where(private[image], "Private", "Public")
    lookup = zip(ids, (image + 1).astype(str), names, strict=True)
    solution = zip(ids, locations, usage, strict=True)
    return {
        LOOKUP_FILE: _lines(LOOKUP_HEADER, lookup, "\r\n"),
        SAMPLE_SUBMISSION_FILE: _lines(SUBMISSION_HEADER, ((row, "0") for row in ids)),
        SOLUTION_FILE: _lines(SOLUTION_HEADER, solution),
    }


def _lines(
    header: tuple[str, ...], rows: Iterable[tuple[str, ...]], end: str = "\n"
) -> Iterator[str]:
    yield ",".join(header) + end
    for row in rows:
        yield ",".join(row) + end


def _write_zip(table: Path, lines: Iterable[str]) -> None:
    """Write the lines as `table` in a zip of its own, dated 1980 so that its bytes repeat."""
    member = zipfile.ZipInfo(table.name)
    with (
        replacing(table.with_suffix(".zip")) as beside,
        zipfile.ZipFile(beside, "w") as archive,
    ):
        archive.writestr(member, "".join(lines), zipfile.ZIP_DEFLATED, compresslevel=1)


if __name__ == "__main__":
    run_command(main, Demo)
