from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from augment.preview import PreviewOptions, choose_faces, main
from data.system.errors import UserError


def test_a_sheet_has_one_row_per_face(competition, home, tmp_path, capsys):
    options = PreviewOptions(competition, tmp_path / "sheets" / "preview.png", faces=4)
    main(options)
    sheet = imread(options.out)
    assert "4 faces under none, flip, light, standard, strong" in capsys.readouterr().out
    assert sheet[..., :3].std() > 0.1
    main(replace(options, faces=2))
    assert len(imread(options.out)) < len(sheet)
    assert [path.name for path in options.out.parent.iterdir()] == ["preview.png"]


def test_both_annotators_are_chosen(faces):
    chosen = choose_faces(faces, 6, 0)
    assert chosen.annotator.tolist() == [1, 1, 1, 2, 2, 2]
    assert len(np.unique(chosen.ids)) == 6
    assert len(choose_faces(faces, 1000, 0)) == len(faces)
    only = faces[faces.annotator == 2]
    assert choose_faces(only, 3, 0).annotator.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"out": "sheet.jpg"}, "ends in .png"), ({"faces": 0}, "expected 1 or more")],
)
def test_bad_options_are_refused(competition, tmp_path, change, message):
    options = PreviewOptions(competition, tmp_path / "preview.png")
    if "out" in change:
        change = {"out": tmp_path / change["out"]}
    with pytest.raises(UserError, match=message):
        main(replace(options, **change))
    assert not any(tmp_path.iterdir())
