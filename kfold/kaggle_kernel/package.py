"""The script that is pushed: this project's code and the run without its trainings, and a plan."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import asdict, replace
from pathlib import Path

from data.system.errors import UserError
from kfold.config.cv_config import CORRECTIONS
from kfold.kaggle_kernel.packages import INSTALLED_FROM
from kfold.kaggle_kernel.plan import PLAN, Plan
from kfold.runs.code_version import ROOT, project_modules
from kfold.runs.fold_table import FOLDS
from kfold.runs.run import Run
from kfold.runs.run_config import CONFIG

MAX_SOURCE = 1_000_000
"""Bytes. Kaggle takes no script of more than 1 MB."""

_SCRIPT = '''\
"""Made by `make cv ON=kaggle RUN={run}`, with code and options in a compressed package."""

import base64
import io
import sys
import tarfile
import tempfile
from pathlib import Path

CHECKSUM = "{checksum}"
PACKAGE = """
{package}
"""

folder = tempfile.mkdtemp(prefix="keypoints-")
content = io.BytesIO(base64.b85decode(PACKAGE.replace("\\n", "")))
tarfile.open(fileobj=content, mode="r:gz").extractall(folder, filter="data")
sys.path.insert(0, folder)

from kfold.kaggle_kernel.session import main

main(Path(folder))
'''


def pack(run: Run, plan: Plan) -> tuple[str, str]:
    """The source of a script that trains a run by a plan, and its checksum, which it contains.

    Args:
        run: with its folds assigned.
        plan: what to train.

    Raises:
        UserError: the script is larger than Kaggle takes.
    """
    files = {str(path): (ROOT / path).read_bytes() for path in _project_files()}
    config = {"config": asdict(replace(run.config, data="")), "made_with": []}
    folder = f"runs/{plan.run}"
    files |= {
        PLAN: plan.to_json().encode(),
        f"{folder}/{CONFIG}": json.dumps(config).encode(),
        f"{folder}/{FOLDS}": (run.folder / FOLDS).read_bytes(),
    }
    if run.config.corrections:
        files[f"{folder}/{CORRECTIONS}"] = (run.folder / CORRECTIONS).read_bytes()
    package = _compressed(files)
    checksum = hashlib.sha256(package).hexdigest()
    text = base64.b85encode(package).decode()
    lines = "\n".join(text[start : start + 100] for start in range(0, len(text), 100))
    script = _SCRIPT.format(run=plan.run, checksum=checksum, package=lines)
    if len(script.encode()) > MAX_SOURCE:
        raise UserError(
            f"expected a script of at most {MAX_SOURCE >> 10} KB for Kaggle, found one of "
            f"{len(script.encode()) >> 10} KB. Pass a smaller CODE= or CORRECTIONS=, or fewer "
            "models in a run."
        )
    return script, checksum


def _project_files() -> list[Path]:
    return [*project_modules(), *map(Path, ("pyproject.toml", *INSTALLED_FROM))]


def _compressed(files: dict[str, bytes]) -> bytes:
    """A compressed tar of files by path, the same for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)
