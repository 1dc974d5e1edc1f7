"""Draw a contact sheet of augmentation policies: `make preview`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from augment.policies import POLICIES, Policy
from data.system.command import run_command
from data.system.errors import UserError


@dataclass(frozen=True)
class PreviewOptions:
    """Draw a contact sheet of every augmentation policy."""

    data: Path = Path("data/raw")
    """Folder with the competition's four files, zipped or not."""
    out: Path = Path("runs/preview.png")
    """PNG file to write."""
    code: Path | None = None
    """Python file of your own, whose policies are drawn instead."""
    faces: int = 6
    """Rows of the sheet, half of them from each annotator."""
    seed: int = 0
    """Seed of the choice of faces and of the augmentation."""


def main(options: PreviewOptions) -> None:
    """Write the sheet and print its path.

    Raises:
        UserError: `out` is not a PNG file, `faces` is below 1, a policy of `code` is refused, or
            the data cannot be read.
    """
    if options.out.suffix.lower() != ".png":
        raise UserError(f"--out: expected a name that ends in .png; found '{options.out}'")
    if options.faces < 1:
        raise UserError(f"--faces: expected 1 or more; found {options.faces}")
    from augment.preview import choose_faces, draw_sheet
    from data.reader import read_competition
    from data.system.atomic import replacing

    policies = _policies_of(options.code) if options.code else POLICIES
    faces = choose_faces(read_competition(options.data).train, options.faces, options.seed)
    sheet = draw_sheet(faces, policies, options.seed)
    with replacing(options.out) as path:
        sheet.savefig(path)
    print(f"{options.out}: {len(faces)} faces under {', '.join(policies)}")


def _policies_of(path: Path) -> dict[str, Policy]:
    from kfold.config.code_file import read_code_file
    from kfold.custom.policies import policies_of
    from kfold.models import backend  # noqa: F401  imports Keras quietly, as the file may

    return policies_of(read_code_file(path))


if __name__ == "__main__":
    run_command(main, PreviewOptions)
