"""Bars in a terminal; plain lines in the cell of a notebook, whose commands have one, too."""

import os
import sys
from pathlib import Path

import pexpect
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[3]
PROGRAM = """
from data.system.terminal import open_console
from kfold.parallel.progress import TrainingProgress
console = open_console()
progress = TrainingProgress(console, 2)
with progress.shown():
    progress.start("heatmap", 2)
    for epoch in (1, 2):
        held_out = {"val_rmse": 2.5, "val_capped_rmse": 1.5, "size": 96}
        progress.epoch("heatmap", epoch, {"loss": 8.0} | held_out)
        progress.bars.refresh()
print(console.width)
"""


def test_the_cell_of_a_notebook_gets_plain_lines(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    cell = new_code_cell(f"!PYTHONPATH={ROOT} {sys.executable} program.py")
    resources = {"metadata": {"path": str(tmp_path)}}
    notebook = new_notebook(cells=[cell])
    NotebookClient(notebook, resources=resources, timeout=60, kernel_name="python3").execute()
    lines = "".join(output["text"] for output in cell.outputs).splitlines()
    assert [line.partition(" ·")[0] for line in filter(None, lines)] == ["heatmap"] * 2 + ["200"]


def test_a_terminal_gets_bars(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    environment.pop("JPY_PARENT_PID", None)
    printed = pexpect.run(f"{sys.executable} {tmp_path}/program.py", env=environment).decode()
    assert "\x1b[2K" in printed
    assert "epoch 1/2" not in printed
