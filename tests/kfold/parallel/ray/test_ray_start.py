"""A cluster of this machine starts below `uv run`, with a long TMPDIR and without a home folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]

RUN = """
import subprocess, sys
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""
"""`uv run` starts the command that follows."""

JOIN = """
import os, pwd
os.environ.pop("HOME", None)
pwd.getpwuid = {}.__getitem__  # raises KeyError, as for a user without a name
from kfold.parallel.ray_cluster import joined_cluster

with joined_cluster({"OMP_NUM_THREADS": "3"}) as ray:
    print(ray.get(ray.remote(os.getenv).remote("OMP_NUM_THREADS")))
"""


def test_a_cluster_starts_below_uv_run_with_a_long_temporary_folder_and_no_home(tmp_path):
    """Ray looks for a process called `uv run`, and would ask uv for an environment like its own."""
    (tmp_path / "run").write_text(RUN)  # Python's first word, after the name that it is given
    (tmp_path / "pyproject.toml").touch()
    long = tmp_path / ("x" * 120)
    long.mkdir()
    environment = {name: at for name, at in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(long)}
    environment |= {
        "RAY_raylet_start_wait_time_s": "300",
        "RAY_agent_register_timeout_ms": "300000",
    }
    command = ["uv", "run", sys.executable, "-c", JOIN]
    printed = subprocess.run(
        command, executable=sys.executable, cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    )
    assert printed.stdout == b"3\n"
    assert printed.returncode == 0
