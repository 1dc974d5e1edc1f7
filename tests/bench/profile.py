"""Where a step of training goes, on one core: `python -m tests.bench.profile MODEL`.

oneDNN, which computes convolutions and matrix products for TensorFlow on a CPU, tells of each how
many milliseconds it took (`ONEDNN_VERBOSE` in its developer guide); the shape of a convolution,
which it tells too, says how many operations that were.
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
    "backward_data": "convolutions, back to features",
    "backward_weights": "convolutions, back to weights",
}
_PRODUCTS = ("gemm_api", "matmul")


def profile(output: str) -> dict[str, float]:
    """Seconds of each kind of call, and as `<kind> in GFLOP` what the convolutions computed.

    Args:
        output: of a training, with oneDNN's lines in it.
    """
    total: dict[str, float] = defaultdict(float)
    for primitive, direction, shape, milliseconds in _CALL.findall(output):
        kind = "the rest of oneDNN"
        if primitive == "convolution":
            kind = _CONVOLUTIONS.get(direction, "convolutions, predicting")
            total[f"{kind} in GFLOP"] += 2e-9 * math.prod(map(int, _SIZES.findall(shape)))
        elif primitive in _PRODUCTS:
            kind = "matrix products"
        total[kind] += float(milliseconds) / 1e3
    return total


def main() -> None:
    """Print the share of a training's seconds for each kind, and the convolutions' GFLOP/s."""
    command = [sys.executable, "-m", "tests.bench.training", sys.argv[1], "plain"]
    environment = os.environ | ONE_THREAD | {"ONEDNN_VERBOSE": "1"}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    total = profile(output.stdout)
    speed = json.loads(output.stdout.splitlines()[-1])["images_per_second"]
    seconds = (EPOCHS + 1) * FACES / speed  # one epoch more is trained than is timed
    figures = {kind: total[kind] / seconds for kind in total if " in " not in kind}
    figures["all that is not oneDNN's"] = 1 - sum(figures.values())
    for kind in _CONVOLUTIONS.values():
        figures[f"{kind} in GFLOP/s"] = total[f"{kind} in GFLOP"] / total[kind]
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
