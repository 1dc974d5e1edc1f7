"""The corrections that a review shows and saves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.corrections import Correction, parse_corrections
from data.system.atomic import replacing
from data.system.errors import UserError
from data.system.locks import locked
from kfold.config.cv_config import CORRECTIONS
from kfold.runs.open_run import OpenRun

REVIEW = "review"
"""Folder of the review in that of the run."""


class ChangedError(UserError):
    """The corrections to replace are not those that the page was opened with."""


@dataclass(frozen=True)
class SavedCorrections:
    """The corrections of one review.

    Attributes:
        opened: the run with its data.
    """

    opened: OpenRun

    @property
    def path(self) -> Path:
        """Where the review saves; a file of the review alone, never the one of the training."""
        return self.opened.run.folder / REVIEW / CORRECTIONS

    @property
    def shown(self) -> Path | None:
        """The file to start from: the saved one, else the one that the run was trained with."""
        trained = self.opened.run.folder / CORRECTIONS
        if self.path.is_file():
            return self.path
        return trained if self.opened.run.config.corrections else None

    @property
    def version(self) -> str:
        """SHA-256 of the file to start from, in hex; that of no bytes without one."""
        return hashlib.sha256(self.shown.read_bytes() if self.shown else b"").hexdigest()

    def read(self) -> dict[str, Any]:
        """The corrections to start from, as the page reads them, with their version.

        Raises:
            UserError: the file cannot be read, or is of other data.
        """
        version, shown = self.version, self.shown
        return {"version": version, "rows": _by_row(self._parse(shown) if shown else [])}

    def write(self, content: bytes, expected: str) -> str:
        """Replace the saved corrections, unless they are no file that `CORRECTIONS=` takes.

        Args:
            content: of the file.
            expected: version of the corrections that it replaces.

        Returns:
            The new version.

        Raises:
            ChangedError: the corrections there are of another version.
            UserError: `content` is not valid, or of other data.
        """
        with locked(self.path.parent), replacing(self.path) as temporary:
            if self.version != expected:
                raise ChangedError(f"{self.path}: changed by another program.")
            temporary.write_bytes(content)
            try:
                self._parse(temporary)
            except UserError as error:
                raise UserError(str(error).replace(f"{temporary}", f"{self.path}")) from None
        return hashlib.sha256(content).hexdigest()

    def _parse(self, path: Path) -> list[Correction]:
        data = self.opened.data
        return parse_corrections(path, data.train, data.checksum)


def _by_row(corrections: Sequence[Correction]) -> dict[int, dict[str, Any]]:
    """What is corrected in each row, by its index.

    `points` has a position in pixels for each keypoint that is set, and null for each dropped one;
    `fine` says that the row is kept. The last correction of a keypoint counts.
    """
    rows: dict[int, dict[str, Any]] = {}
    for line in corrections:
        row = rows.setdefault(line.row, {"points": {}, "fine": False})
        if line.action == "keep":
            row["fine"] = True
        for k in line.keypoints if line.action != "keep" else ():
            row["points"][k] = None if np.isnan(line.position).any() else line.position
    return rows
