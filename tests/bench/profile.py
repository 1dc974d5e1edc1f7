"""Time of a training step by operation, on one core: `python -m tests.bench.profile MODEL`.

oneDNN computes TensorFlow's convolutions and matrix products on a CPU. With `ONEDNN_VERBOSE` (see
its developer guide) it prints the milliseconds of each call, and of each convolution the shape,
which gives the number of operations.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections import defaultdict

from tests.bench.measure import ONE_THREAD
from tests.bench.training import EPOCHS, FACES

_CALL = re.compile(r"onednn_verbose,v1,primitive,exec,cpu,(\w+),[^,]*,(\w+),.*,([^,]+),([\d.e+-]+)")
_SIZES = re.compile(r"(?:mb|ic|oc|oh|ow|kh|kw)(\d+)")
_CONVOLUTIONS = {
    "forward_training": "convolutions, forward",
    "backward_data": "convolutions, gradient of features",
    "backward_weights": "convolutions, gradient of weights",
}
_PRODUCTS = ("gemm_api", "matmul")


def profile(output: str) -> dict[str, float]:
    """Seconds by kind of call, and as `<kind> in GFLOP` the operations of the convolutions.

    Args:
        output: of a training, with oneDNN's lines in it.
    """
    total: dict[str, float] = defaultdict(float)
    for primitive, direction, shape, milliseconds in _CALL.findall(output):
        kind = "other oneDNN calls"
        if primitive == "convolution":
            kind = _CONVOLUTIONS.get(direction, "convolutions, predicting")
            total[f"{kind} in GFLOP"] += 2e-9 * math.prod(map(int, _SIZES.findall(shape)))
        elif primitive in _PRODUCTS:
            kind = "matrix products"
        total[kind] += float(milliseconds) / 1e3
    return total


def main() -> None:
    """Print each kind's share of a training's seconds, and the convolutions' GFLOP/s."""
    command = [sys.executable, "-m", "tests.bench.training", sys.argv[1], "plain"]
    environment = os.environ | ONE_THREAD | {"ONEDNN_VERBOSE": "1"}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    total = profile(output.stdout)
    speed = json.loads(output.stdout.splitlines()[-1])["images_per_second"]
    seconds = (EPOCHS + 1) * FACES / speed  # the first epoch is trained but not timed
    figures = {kind: total[kind] / seconds for kind in total if " in " not in kind}
    figures["outside oneDNN"] = 1 - sum(figures.values())
    for kind in _CONVOLUTIONS.values():
        figures[f"{kind} in GFLOP/s"] = total[f"{kind} in GFLOP"] / total[kind]
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
