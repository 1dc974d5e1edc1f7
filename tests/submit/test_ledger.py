from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from submit.ledger import Upload, checksum, find_upload, read_ledger, record, refuse_repeat

ROW = Upload("2030-01-02T03:04:05+00:00", "first", "ab12", "m", 1.5, None, None, 7)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "first" / "submissions.csv"


def test_a_score_replaces_the_row_without_one(ledger: Path) -> None:
    other = dataclasses.replace(ROW, reference=8, checksum="cd34")
    scored = dataclasses.replace(ROW, public=1.25, private=1.5)
    for row in (ROW, other, scored):
        record(ledger, row)
    assert read_ledger(ledger) == [other, scored]
    assert find_upload(ledger, "ab12") == scored
    assert [path.name for path in ledger.parent.iterdir()] == [ledger.name]


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
numbers = st.floats(0, 100)


@given(
    st.lists(
        st.builds(
            Upload,
            time=text,
            run=text,
            checksum=text,
            message=text,
            out_of_fold=numbers,
            public=st.none() | numbers,
            private=st.none() | numbers,
            reference=st.integers(1),
        ),
        unique_by=lambda row: row.reference,
        max_size=4,
    )
)
def test_what_is_recorded_is_read_back(rows: list[Upload]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder, "submissions.csv")
        for row in rows:
            record(ledger, row)
        assert read_ledger(ledger) == rows


def test_the_same_file_is_refused_and_another_is_not(ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "submission.csv"
    file.write_text("RowId,Location\n1,2.0\n")
    refuse_repeat(ledger, checksum(file))
    record(ledger, dataclasses.replace(ROW, checksum=checksum(file), public=1.25, private=1.5))
    with pytest.raises(UserError, match=r"submitted at 2030.* as 7 \(public 1\.25.*FORCE=1"):
        refuse_repeat(ledger, checksum(file))
    file.write_text("RowId,Location\n1,2.5\n")
    refuse_repeat(ledger, checksum(file))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "line 1: expected time,run,"),
        ("time,run\n", "line 1: expected time,run,"),
        ("{header}\nt,r,c,m,x,,,7\n", "line 2: expected"),
        ("{header}\nt,r,c,m,1.5,,,7\nt,r,c\n", "line 3: expected"),
    ],
)
def test_a_damaged_ledger_is_named(ledger: Path, content: str, expected: str) -> None:
    header = ",".join(field.name for field in dataclasses.fields(Upload))
    ledger.parent.mkdir(parents=True)
    ledger.write_text(content.format(header=header))
    with pytest.raises(UserError, match=expected):
        record(ledger, ROW)
    assert ledger.read_text() == content.format(header=header)
