"""Faces with the corrections of a file."""

from __future__ import annotations

from pathlib import Path

from data.correction_files import merge_corrections
from data.corrections import apply_corrections, parse_corrections
from data.faces import Faces


def read_corrections(path: Path, faces: Faces, checksum: str) -> tuple[Faces, int]:
    """The corrected faces, and the number of changes."""
    changes = merge_corrections((path,), faces, checksum).changes
    return apply_corrections(faces, parse_corrections(path, faces, checksum)), changes
