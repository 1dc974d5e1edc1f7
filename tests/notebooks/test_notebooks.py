"""Every notebook runs from its first cell to its last, on a few rendered faces."""

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.kfold.few_faces import few_faces
from tests.tiny_run import tiny_preset, train_run

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
SMALL_PRESETS = """
from dataclasses import replace
from kfold.config.presets import PRESETS, Preset
from tests.tiny_run import tiny_preset

heatmap, regression = (
    tiny_preset(epochs=1, folds=2, network=network).models["tiny"]
    for network in ("heatmap", "regression")
)
complete = replace(regression, complete_rows_only=True)
PRESETS["demo"] = Preset({"heatmap": heatmap})
PRESETS["standard"] = Preset({"base": complete, "base_extended": complete, "mask": regression})
%reset -f
"""
"""A cell that gives the notebooks' presets networks that TensorFlow traces in a few seconds."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The executed cells of each notebook.

    One kernel runs all of them, because every kernel would import TensorFlow again. Its variables
    are cleared after each notebook, so that none can use those of another.
    """
    folder = tmp_path_factory.mktemp("notebooks")
    cells, ranges = [new_code_cell(SMALL_PRESETS)], {}
    for path in NOTEBOOKS:
        own = jupytext.read(path).cells
        ranges[path.stem] = slice(len(cells), len(cells) + len(own))
        cells += [*own, new_code_cell("%reset -f")]
    with few_faces(folder, train=30) as patch:
        train_run(Path("runs/demo"), Path("demo"), tiny_preset(epochs=1, folds=2))
        environment = {
            "PYTHONPATH": ROOT,
            "DATA": "demo",
            "RUN": "demo",
            "EPOCHS": 1,
            "WEIGHTS": "none",
        }
        for name, value in environment.items():
            patch.setenv(name, str(value))
        all_cells = new_notebook(cells=cells)
        resources = {"metadata": {"path": str(folder)}}
        options = {"timeout": 300, "kernel_name": "python3", "allow_errors": True}
        NotebookClient(all_cells, resources=resources, **options).execute()
    return {name: all_cells.cells[own] for name, own in ranges.items()}


def test_there_are_six_and_none_holds_an_output():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]
    assert not list((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_without_errors_and_warnings(name, executed):
    cells = executed[name]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    errors = ["\n".join(o["traceback"]) for o in outputs if o.output_type == "error"]
    assert not errors, errors[0]
    printed = "".join(o["text"] for o in outputs if o.output_type == "stream")
    assert printed
    assert "Warning" not in printed
    figures = sum("image/png" in o.get("data", {}) for o in outputs)
    sources = [cell.source for cell in cells]
    assert figures == sum("plt.show()" in text or "draw_sheet(" in text for text in sources)
