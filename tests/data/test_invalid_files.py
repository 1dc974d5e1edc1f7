import zipfile

import pytest

from data.competition import FILES
from data.reader import read_competition
from data.system.errors import UserError
from tests.data.file_edits import edit, line, zip_large_files

FULLWIDTH = "\N{FULLWIDTH DIGIT FOUR}"

INVALID = {
    "empty": ("training.csv", lambda t: "", r"training.csv: expected a header, found an empty"),
    "only a header": ("test.csv", lambda t: t.split("\n")[0], r"test.csv: expected rows"),
    "other competition": ("training.csv", line(1, lambda t: "label,pixel0"), r"line 1: .*'label'"),
    "columns swapped": (
        "training.csv",
        line(
            1,
            lambda t: t.replace(
                "left_eye_center_x,left_eye_center_y", "left_eye_center_y,left_eye_center_x"
            ),
        ),
        r"line 1: expected 31 columns with 'left_eye_center_x' as column 1.*in another order",
    ),
    "semicolons": (
        "training.csv",
        line(1, lambda t: t.replace(",", ";")),
        r"line 1: .*Save it with commas",
    ),
    "index column": ("training.csv", line(1, lambda t: "," + t), r"line 1: .*is an index"),
    "blanks in the header": (
        "training.csv",
        line(1, lambda t: t.replace(",", ", ")),
        r"line 1: .*Remove the blanks",
    ),
    "old Mac's line ends": (
        "training.csv",
        lambda t: t.replace("\n", "\r"),
        r"training.csv: expected lines that end in LF, found CR",
    ),
    "a word for a missing label": (
        "training.csv",
        line(2, lambda t: "nan" + t[t.index(",") :]),
        r"line 2, column left_eye_center_x: .*or nothing for a missing label, found 'nan'",
    ),
    "column missing": ("training.csv", line(1, lambda t: t[: -len(",Image")]), r"found 30 with"),
    "pixel missing": (
        "training.csv",
        line(3, lambda t: t.rsplit(" ", 1)[0]),
        r"line 3, column Image: .* found 9215 values",
    ),
    "pixel too many": (
        "test.csv",
        line(2, lambda t: t + " 7"),
        r"test.csv, line 2, column Image: .* 9217",
    ),
    "pixel not a number": (
        "test.csv",
        line(4, lambda t: t + "x"),
        r"line 4, column Image: .* as pixel 9216",
    ),
    "pixels run together": (
        "test.csv",
        line(3, lambda t: t.replace(" ", "")),
        r"line 3, column Image: .* as pixel 1",
    ),
    "id beyond all numbers": (
        "test.csv",
        line(2, lambda t: "9" * 20 + t.removeprefix("1")),
        r"line 2, column ImageId: expected a whole number from 1, found '9{20}'",
    ),
    "pixel negative": (
        "test.csv",
        line(2, lambda t: t.replace(" ", " -", 1)),
        r"line 2, column Image: .*'-\d+' as pixel 2",
    ),
    "pixel out of range": (
        "test.csv",
        line(2, lambda t: t.rsplit(" ", 1)[0] + " 256"),
        r"'256' as pixel 9216",
    ),
    "field too many": (
        "training.csv",
        line(2, lambda t: "1," + t),
        r"line 2: expected 31 fields, found 32",
    ),
    "label not a number": (
        "training.csv",
        line(5, lambda t: "left" + t[t.index(",") :]),
        r"line 5, column left_eye_center_x: .*'left'",
    ),
    "label out of range": (
        "training.csv",
        line(2, lambda t: "97.5" + t[t.index(",") :]),
        r"line 2, column left_eye_center_x: .*'97.5'",
    ),
    "label infinite": (
        "training.csv",
        line(2, lambda t: "inf" + t[t.index(",") :]),
        r"column left_eye_center_x: .*'inf'",
    ),
    **{
        f"label {text}": (
            "training.csv",
            line(2, lambda t, text=text: text + t[t.index(",") :]),
            rf"line 2, column left_eye_center_x: .*, found '{text}'",
        )
        for text in ("6_1.5", "nan", "1e400", FULLWIDTH, "-inf")
    },
    **{
        f"id {text}": (
            "test.csv",
            line(2, lambda t, text=text: text + t[t.index(",") :]),
            rf"line 2, column ImageId: .*, found '{text}'",
        )
        for text in ("1_0", "nan", "1.0", "1e2", FULLWIDTH)
    },
    **{
        f"pixel {text}": (
            "test.csv",
            line(2, lambda t, text=text: t.replace(" ", f" {text} ", 1)),
            rf"line 2, column Image: .*, found '{text}' as pixel 2",
        )
        for text in ("1_0", "nan", "1.0", "1e2", FULLWIDTH)
    },
    **{
        f"row id {text}": (
            name,
            line(2, lambda t, text=text: text + t[t.index(",") :]),
            rf"{name}, line 2, column RowId: .*, found '{text}'",
        )
        for text in ("1_0", "nan", "1e2", FULLWIDTH)
        for name in ("IdLookupTable.csv", "SampleSubmission.csv")
    },
    "image id of the lookup table": (
        "IdLookupTable.csv",
        line(2, lambda t: t.replace("1,1,", "1,1_0,")),
        r"line 2, column ImageId: .*, found '1_0'",
    ),
    "labels apart by semicolons": (
        "training.csv",
        lambda t: t.replace(",", ";"),
        r"line 1: expected 31 columns with 'left_eye_center_x' as column 1, found 1 with",
    ),
    "quote not closed": (
        "training.csv",
        line(3, lambda t: '"' + t),
        r"training.csv, line 3: expected CSV, found none \(unexpected end of data\)",
    ),
    "quoted label not a number": (
        "training.csv",
        line(4, lambda t: '"left"' + t[t.index(",") :]),
        r"line 4, column left_eye_center_x: .*'left'",
    ),
    "row after blank lines": (
        "training.csv",
        line(3, lambda t: "\n\n" + "x" + t),
        r"line 5, column left_eye_center_x: .*'x",
    ),
    "half a label": (
        "training.csv",
        line(2, lambda t: t[t.index(",") :]),
        r"line 2: expected both coordinates of left_eye_center",
    ),
    "no labels": (
        "training.csv",
        lambda t: "\n".join(
            row if i == 0 or not row else "," * 30 + row.rsplit(",", 1)[1]
            for i, row in enumerate(t.split("\n"))
        ),
        r"training.csv: expected labels .* found none",
    ),
    "image id twice": (
        "test.csv",
        line(3, lambda t: "1" + t[t.index(",") :]),
        r"line 3, column ImageId: 1 appears twice",
    ),
    "image id not a number": (
        "test.csv",
        line(3, lambda t: "two" + t[t.index(",") :]),
        r"line 3, column ImageId: .*'two'",
    ),
    "unknown keypoint": (
        "IdLookupTable.csv",
        line(2, lambda t: "1,1,left_ear_x\r"),
        r"line 2, column FeatureName: .*'left_ear_x'",
    ),
    "unknown image": (
        "IdLookupTable.csv",
        line(2, lambda t: "1,99,left_eye_center_x\r"),
        r"line 2, column ImageId: 99 is not in test.csv",
    ),
    "row id twice": (
        "IdLookupTable.csv",
        line(3, lambda t: "1" + t[t.index(",") :]),
        r"line 3, column RowId: 1 appears twice",
    ),
    "value requested twice": (
        "IdLookupTable.csv",
        line(3, lambda t: "2,1,left_eye_center_x\r"),
        r"line 3: left_eye_center_x of image 1 is asked for twice",
    ),
    "two fields": (
        "IdLookupTable.csv",
        line(3, lambda t: "2,1\r"),
        r"line 3: expected 3 fields, found 2",
    ),
    "sample too short": (
        "SampleSubmission.csv",
        lambda t: t[: t.rindex("\n", 0, -1) + 1],
        r"SampleSubmission.csv: expected the 76 rows",
    ),
    "sample out of order": (
        "SampleSubmission.csv",
        line(2, lambda t: "7,0"),
        r"line 2, column RowId: expected 1 .* found 7",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_file_is_refused_with_its_place_and_not_cached(plain_files, cache, case):
    name, change, message = INVALID[case]
    edit(plain_files / name, change)
    with pytest.raises(UserError, match=message):
        read_competition(plain_files, cache)
    assert not cache.exists()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(plain_files, cache, name):
    (plain_files / name).unlink()
    with pytest.raises(UserError, match=rf"expected {name} or .* Run `make download`"):
        read_competition(plain_files, cache)


def test_a_missing_folder_is_named(tmp_path, cache):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        read_competition(tmp_path / "nowhere", cache)


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b[:2000] + b"\0" * 200 + b[2200:]]
)
def test_a_damaged_zip_is_refused(plain_files, cache, damage):
    zip_large_files(plain_files)
    path = plain_files / "training.zip"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"training.zip: expected a complete zip with training.csv"):
        read_competition(plain_files, cache)
    assert not cache.exists()


def test_the_zip_of_something_else_is_refused(plain_files, cache):
    (plain_files / "training.csv").unlink()
    with zipfile.ZipFile(plain_files / "training.zip", "w") as archive:
        archive.writestr("titanic.csv", "x")
    with pytest.raises(
        UserError, match=r"training.zip: expected training.csv, .* in it, found titanic"
    ):
        read_competition(plain_files, cache)
