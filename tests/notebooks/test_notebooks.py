"""Every notebook runs from its first cell to its last, on a few rendered faces."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from data.demo import Demo, write_demo

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with demo data and a finished run, as a reader would have them."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_demo(Demo(folder / "data" / "rendered", train=60, test=12))
    command = "-m kfold.cv --data data/rendered --preset demo --run demo --epochs 1"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *command.split()], cwd=folder, env=environment, check=True)
    return folder


def test_there_are_five_and_none_holds_an_output():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]
    assert not list((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_warns_of_nothing(path, place, monkeypatch):
    for name, value in {"PYTHONPATH": str(ROOT), "RUN": "demo", "EPOCHS": "1"}.items():
        monkeypatch.setenv(name, value)
    notebook = jupytext.read(path)
    resources = {"metadata": {"path": str(place)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    said = "".join(o["text"] for o in outputs if o.output_type == "stream")
    assert said
    assert "Warning" not in said
    drawn = sum("image/png" in o.get("data", {}) for o in outputs)
    sources = [cell.source for cell in notebook.cells]
    assert drawn == sum("plt.show()" in text or "draw_sheet(" in text for text in sources)
