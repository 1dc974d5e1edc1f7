"""`make tune` from a smaller reference: `python -m tests.kfold.search.small_tune`."""

from dataclasses import replace

import kfold.config.presets
from data.system.command import run_command
from kfold.config.architecture import Architecture
from kfold.config.presets import QUICK, Preset
from kfold.tune import TuneOptions, main

REFERENCE = replace(
    QUICK.models["unet"],
    network="regression",
    optimizer="adamw",
    low_res_share=0.0,
    precision="float32",
    tta="flip",
    architecture=Architecture(
        stem_width=16,
        stage_widths=(32, 64, 96),
        stage_blocks=(1, 1, 1),
        decoder_width=32,
        dropout=0.0,
        annotator_heads=False,
        axis_offset=False,
        batch_norm=False,
    ),
)
"""The smallest network of the space."""

SMALL = Preset({"regression": REFERENCE}, folds=2)
"""Stands in for the quick preset."""


if __name__ == "__main__":
    kfold.config.presets.QUICK = SMALL
    run_command(main, TuneOptions)
