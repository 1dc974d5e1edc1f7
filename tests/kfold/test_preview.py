from dataclasses import replace

import pytest
from matplotlib.image import imread

from data.system.errors import UserError
from kfold.preview import PreviewOptions, main
from tests.kfold.custom.idea import IDEA


def test_a_sheet_has_one_row_per_face(competition, home, tmp_path, capsys):
    options = PreviewOptions(competition, tmp_path / "sheets" / "preview.png", faces=4)
    main(options)
    sheet = imread(options.out)
    assert "4 faces under none, flip, light, standard, strong" in capsys.readouterr().out
    assert sheet[..., :3].std() > 0.1
    main(replace(options, faces=2))
    assert len(imread(options.out)) < len(sheet)
    assert [path.name for path in options.out.parent.iterdir()] == ["preview.png"]


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


def test_policies_of_a_users_file_are_drawn(competition, home, tmp_path, capsys):
    code = tmp_path / "idea.py"
    code.write_text(IDEA)
    main(PreviewOptions(competition, tmp_path / "preview.png", faces=2, code=code))
    assert "2 faces under gentle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Policy(flip=0.5, warp=0.8, rotate=turn)", "[len]", r"found <built-in function len>"),
        ("flip=0.5,", "flip=2,", r"line 34: augmentation policy: flip: expected a number from 0"),
        ("@policy\n", "", r"idea.py: expected a function with @policy, found none"),
    ],
)
def test_a_users_file_with_faults_is_refused(competition, tmp_path, old, new, message):
    code = tmp_path / "idea.py"
    text = IDEA.replace(old, new)
    code.write_text(text[: text.index("model(\n")] if "@policy" in old else text)
    with pytest.raises(UserError, match=message):
        main(PreviewOptions(competition, tmp_path / "preview.png", code=code))
