"""Cost of one training: `python -m tests.bench.growth ROWS EPOCHS`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from data.rendering.demo_faces import demo_faces
from kfold.config.recipe import MODELS
from kfold.training.fit_fold import fit_fold
from kfold.training.training_data import TrainingData


def main() -> None:
    """Train `heatmap` at full resolution; print its seconds and the megabytes of its peak."""
    rows, epochs = map(int, sys.argv[1:])
    faces, _ = demo_faces(rows + 64, np.random.SeedSequence(0), (0.0, 0.0))
    folds = (np.arange(len(faces)) >= rows).astype(int)
    recipe = replace(MODELS["heatmap"], epochs=epochs, low_res_share=0.0, tta="flip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        data = TrainingData(faces, faces[:64], folds)
        summary = fit_fold(recipe, data, 1, 0, Path(folder, "fold"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": summary.seconds, "megabytes": (peak - before) / 1024}))


if __name__ == "__main__":
    main()
