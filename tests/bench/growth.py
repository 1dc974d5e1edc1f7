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
    """Train `heatmap` at full size; print seconds of it and the megabytes it takes at its peak."""
    rows, epochs = map(int, sys.argv[1:])
    faces, _ = demo_faces(rows + 64, np.random.SeedSequence(0), (0.0, 0.0))
    folds = (np.arange(len(faces)) >= rows).astype(int)
    recipe = replace(MODELS["heatmap"], epochs=epochs, coarse=0.0, views="mirror")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        summary = fit_fold(recipe, faces, faces[:64], folds, 1, 0, Path(folder, "fold"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": summary["seconds"], "megabytes": (peak - before) / 1024}))


if __name__ == "__main__":
    main()
