from __future__ import annotations

import dataclasses
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.system.errors import UserError
from kfold.submissions.ledger import (
    COLUMNS,
    Upload,
    find_upload,
    open_ledger,
    read_ledger,
    replace_row,
)

ROW = Upload("2030-01-02T03:04:05+00:00", "first", "ab12", "m", 1.5, reference=7)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "submissions.csv"


def test_the_columns_of_the_file() -> None:
    assert ",".join(COLUMNS) == (
        "time,run,checksum,message,out_of_fold,public,private,rank,reference,error"
    )


def test_a_score_replaces_the_row_without_one(ledger: Path) -> None:
    other = dataclasses.replace(ROW, reference=8, checksum="cd34")
    scored = dataclasses.replace(ROW, public=1.25, private=1.5, rank=3)
    with open_ledger(ledger) as rows:
        rows += [ROW, other]
    with open_ledger(ledger) as rows:
        replace_row(rows, scored)
    assert read_ledger(ledger) == [scored, other]
    assert [path.name for path in ledger.parent.iterdir()] == [ledger.name]


def test_the_state_of_a_submission() -> None:
    assert ROW.state == "no score yet"
    assert dataclasses.replace(ROW, public=1.25).state == "scored"
    assert dataclasses.replace(ROW, error="Too few rows").state == "error: Too few rows"


def test_the_latest_of_a_files_uploads_counts() -> None:
    later = dataclasses.replace(ROW, reference=9)
    assert find_upload([ROW, later], "ab12") == find_upload([later, ROW], "ab12") == later
    assert find_upload([ROW, later], "cd34") is None


def test_nothing_is_written_if_the_block_fails(ledger: Path) -> None:
    def fail() -> None:
        with open_ledger(ledger) as rows:
            rows.append(ROW)
            raise UserError

    with pytest.raises(UserError):
        fail()
    assert not ledger.exists()


def test_concurrent_writers_lose_nothing(ledger: Path) -> None:
    def write(name: str) -> None:
        for i in range(5):
            with open_ledger(ledger) as rows:
                rows.append(Upload(name, name, "", "", 1.0, reference=i))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    assert len(read_ledger(ledger)) == 20


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
            rank=st.none() | st.integers(1),
            reference=st.integers(1),
            error=text,
        ),
        unique_by=lambda row: row.reference,
        max_size=4,
    )
)
def test_written_rows_are_read_back(rows: list[Upload]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder, "submissions.csv")
        with open_ledger(ledger) as written:
            written += rows
        assert read_ledger(ledger) == rows


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "line 1: expected time,run,"),
        ("time,run\n", "line 1: expected time,run,"),
        ("time;run\n", "Save it as CSV with commas"),
        ("{header}\nt,r,c,caf\udce9,1.5,,,,7,\n", "expected CSV in UTF-8"),
        ('{header}\nt,r,c,"m,1.5,,,,7,\n', "expected CSV in UTF-8, found .* line 2"),
        ("{header}\nt,r,c,m,1.5,,,,7,,\n", "Expected 10 fields in line 2, saw 11"),
        (
            "{header}\nt,r,c,m,x,,,,7,\n",
            "line 2, column out_of_fold: expected a valid number, found 'x'. Correct or remove",
        ),
        ("{header}\nt,r,c,m,1.5,,,,7,\nt,r,c\n", "line 3, column out_of_fold: expected .*''"),
        ("{header}\nt,r,c,m,1.5,,2..5,,7,\n", "line 2, column private: expected .*'2..5'"),
        ("{header}\nt,r,c,m,1.5,,,,,\n", "line 2, column reference: expected a valid integer"),
        *(
            (
                f"{{header}}\nt,r,c,m,{x},,,,7,\n",
                f"column out_of_fold: expected .* number, found '{x}'",
            )
            for x in ("6_1.5", "nan", "inf", "1e400", "\N{FULLWIDTH DIGIT FOUR}")
        ),
        ("{header}\nt,r,c,m,1.5,1_0,,,7,\n", "column public: expected a number, found '1_0'"),
        ("{header}\nt,r,c,m,1.5,,1_0,,7,\n", "column private: expected a number, found '1_0'"),
        ("{header}\nt,r,c,m,1.5,,,1_0,7,\n", "column rank: expected a number, found '1_0'"),
        ("{header}\nt,r,c,m,1.5,,,,1_0,\n", "column reference: expected a number, found '1_0'"),
    ],
)
def test_a_damaged_ledger_is_named_and_kept(ledger: Path, content: str, expected: str) -> None:
    header = ",".join(field.name for field in dataclasses.fields(Upload))
    ledger.parent.mkdir(parents=True)
    written = content.format(header=header).encode(errors="surrogateescape")
    ledger.write_bytes(written)
    with pytest.raises(UserError, match=expected), open_ledger(ledger) as rows:
        rows.append(ROW)
    assert ledger.read_bytes() == written


def test_a_file_that_a_spreadsheet_saved_is_read(ledger: Path) -> None:
    with open_ledger(ledger) as rows:
        rows += [ROW, dataclasses.replace(ROW, reference=8)]
    saved = "\ufeff" + ledger.read_text() + "\n,,,,,,,,,\n"
    ledger.write_text(saved)
    assert [row.reference for row in read_ledger(ledger)] == [7, 8]
