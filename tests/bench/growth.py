"""What one training costs: `python -m tests.bench.growth ROWS EPOCHS`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from data.demo_faces import demo_faces
from kfold.fit import fit_fold
from kfold.recipe import MODELS


def main() -> None:
    """Train `heatmap` at full size, and print seconds of training and peak megabytes in all."""
    rows, epochs = map(int, sys.argv[1:])
    faces, _ = demo_faces(rows + 64, np.random.SeedSequence(0), (0.0, 0.0))
    folds = (np.arange(len(faces)) >= rows).astype(int)
    recipe = replace(MODELS["heatmap"], epochs=epochs, coarse=0.0, views="mirror")
    with tempfile.TemporaryDirectory() as folder:
        summary = fit_fold(recipe, faces, faces[:64], folds, 1, 0, Path(folder, "fold"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": summary["seconds"], "megabytes": peak}))


if __name__ == "__main__":
    main()
