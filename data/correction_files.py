"""One or more files of corrections, of which no two may contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.competition import KEYPOINTS
from data.corrections import COLUMNS, DATA, DATA_DIGITS, Correction, parse_corrections
from data.faces import Faces
from data.system.csv_text import read_csv_text
from data.system.errors import UserError


@dataclass(frozen=True)
class MergedCorrections:
    """Corrections of one or more files.

    Attributes:
        content: a CSV file of all of them; of one file, itself.
        changes: number of lines that drop or set labels.
    """

    content: bytes
    changes: int


def merge_corrections(paths: Sequence[Path], faces: Faces, checksum: str) -> MergedCorrections:
    """Read files of corrections and put them together.

    Args:
        paths: of the files, at least one.
        faces: N faces; the column `row` holds ids of theirs.
        checksum: of the data that the faces are from, in hex.

    Raises:
        UserError: a file is refused by `parse_corrections`, or two of them correct one label
            differently.
    """
    files = [parse_corrections(path, faces, checksum) for path in paths]
    _refuse_conflicts(files, faces)
    content = paths[0].read_bytes() if len(paths) == 1 else _joined(paths, checksum)
    changes = sum(each.action != "keep" for corrections in files for each in corrections)
    return MergedCorrections(content, changes)


def _refuse_conflicts(files: Sequence[Sequence[Correction]], faces: Faces) -> None:
    """Compare what each file makes of a label; within a file, its last line counts."""
    first: dict[tuple[int, int], Correction] = {}
    for corrections in files:
        own = {(each.row, k): each for each in corrections for k in each.keypoints}
        for (row, k), correction in own.items():
            other = first.setdefault((row, k), correction)
            if _text(other) != _text(correction):
                raise UserError(
                    f"{correction.where}: expected the same for {KEYPOINTS[k]} of row "
                    f"{faces.ids[row]} as in {other.where}, {_text(other)!r}, found "
                    f"{_text(correction)!r}. Delete one of the lines."
                )


def _text(correction: Correction) -> str:
    """'drop', 'keep' or 'set 40.5 50'."""
    if correction.action != "set":
        return correction.action
    x, y = correction.position
    return f"set {x:g} {y:g}"


def _joined(paths: Sequence[Path], checksum: str) -> bytes:
    """The lines of all files, each once."""
    tables = [read_csv_text(path)[list(COLUMNS)] for path in paths]
    lines = pd.concat(tables).drop_duplicates().assign(**{DATA: checksum[:DATA_DIGITS]})
    return lines.to_csv(index=False, lineterminator="\n").encode()
