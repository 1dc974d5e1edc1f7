"""Which photos to read, and where their predictions go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from PIL import Image

from data.system.errors import UserError


@dataclass(frozen=True)
class Photos:
    """Photos to predict.

    Attributes:
        names: by path, what to call its drawing and JSON, without suffix; of a photo in a folder
            its path in there.
        left_out: files of the folders without a suffix of an image format that Pillow reads.
    """

    names: dict[Path, Path]
    left_out: list[Path]


def list_photos(paths: Sequence[Path], out: Path) -> Photos:
    """The named files, whatever their suffix, and the photos in the named folders and below.

    Hidden files are passed over, and so are earlier drawings in the folder `out`.

    Raises:
        UserError: nothing is named, a path does not exist, or a folder has no photo.
    """
    if not paths:
        raise UserError('IMAGE: expected a photo or a folder, found none. Pass IMAGE="a.jpg b".')
    photos = Photos({}, [])
    suffixes = _suffixes()
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: expected a photo or a folder, found no such file.")
        if not path.is_dir():
            photos.names.setdefault(path, Path(path.stem))
            continue
        files = list(_files(path, out))
        found = [file for file in files if file.suffix.lower() in suffixes]
        if not found:
            raise UserError(
                f"{path}: expected photos in formats that Pillow reads, such as JPEG, found "
                f"{some_names(files)}."
            )
        for photo in found:
            photos.names.setdefault(photo, photo.relative_to(path).with_suffix(""))
        photos.left_out.extend(file for file in files if file.suffix.lower() not in suffixes)
    return photos


def some_names(files: Sequence[Path]) -> str:
    """The names of up to five files, and how many more there are."""
    names = [file.name for file in files[:5]] or ["no file"]
    names += [f"{len(files) - 5} more"] if len(files) > 5 else []
    return ", ".join(names)


def _files(folder: Path, out: Path) -> Iterator[Path]:
    """Files in a folder and its subfolders, sorted, but those that are hidden or in `out`."""
    drawings = out.resolve()
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        drawn = drawings != folder.resolve() and drawings in path.resolve().parents
        if (path.is_file() or not path.exists()) and not hidden and not drawn:  # or a broken link
            yield path


def _suffixes() -> set[str]:
    """Suffixes of the image formats that the installed Pillow reads."""
    return {
        suffix
        for suffix, format in Image.registered_extensions().items()
        if format in Image.OPEN and Image.MIME.get(format, "").startswith("image/")
    }


def name_targets(photos: Photos, out: Path) -> dict[Path, Path]:
    """Path of each photo's drawing and JSON in the folder `out`, without suffix.

    Photos of one name get numbers: a, a-2, a-3.

    Raises:
        UserError: a drawing would replace a photo.
    """
    originals = {photo.resolve() for photo in photos.names}
    targets: dict[Path, Path] = {}
    taken: set[str] = set()
    for photo, name in photos.names.items():
        numbered = (name.with_name(f"{name.name}-{i}") for i in count(2))
        free = name
        while str(free).lower() in taken:  # some file systems don't tell A from a
            free = next(numbered)
        taken.add(str(free).lower())
        targets[photo] = out / free
        if with_suffix(targets[photo], ".png").resolve() in originals:
            raise UserError(f"{photo}: the drawing would replace a photo. Pass another OUT=.")
    return targets


def with_suffix(target: Path, suffix: str) -> Path:
    """A target's file; `Path.with_suffix` would cut off a part of names with dots."""
    return target.with_name(f"{target.name}{suffix}")
