"""The request of one cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kfold.config.presets import Preset

CORRECTIONS = "corrections.csv"
"""The file in a run's folder that keeps a copy of its corrections."""


@dataclass(frozen=True)
class CVConfig:
    """Everything that `make cv` asks for, except where the trainings run.

    Attributes:
        data: folder with the competition's files.
        preset: models, folds and seeds.
        corrections: CSV files of label corrections to train with; none for the given labels.
    """

    data: Path
    preset: Preset
    corrections: tuple[Path, ...] = ()
