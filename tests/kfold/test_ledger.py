from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from kfold.ledger import COLUMNS, Upload, find_upload, open_ledger, read_ledger, replace_row

ROW = Upload("2030-01-02T03:04:05+00:00", "first", "ab12", "m", 1.5, reference=7)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "submissions.csv"


def test_the_columns_are_those_a_competitor_looks_for() -> None:
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


def test_what_has_become_of_a_submission_is_told() -> None:
    assert ROW.state == "no score yet"
    assert dataclasses.replace(ROW, public=1.25).state == "scored"
    assert dataclasses.replace(ROW, error="Too few rows").state == "error: Too few rows"


def test_a_ledger_from_before_errors_were_kept_is_read_and_rewritten(ledger: Path) -> None:
    ledger.parent.mkdir()
    ledger.write_text(f"{','.join(COLUMNS[:-1])}\n{ROW.time},first,ab12,m,1.5,,,,7\n")
    with open_ledger(ledger) as rows:
        assert rows == [ROW]
        replace_row(rows, dataclasses.replace(ROW, error="Too few rows"))
    assert ledger.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert read_ledger(ledger)[0].error == "Too few rows"


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


def test_many_writers_at_once_lose_nothing(ledger: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from kfold.ledger import Upload, open_ledger;"
        "name, path = sys.argv[1], Path(sys.argv[2])\n"
        "for i in range(10):\n"
        "    with open_ledger(path) as rows:\n"
        "        rows.append(Upload(name, name, '', '', 1.0, reference=i))\n"
    )
    command = [sys.executable, "-c", program]
    writers = [
        subprocess.Popen([*command, name, str(ledger)], stderr=subprocess.DEVNULL)
        for name in "abcd"
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(read_ledger(ledger)) == 40


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
numbers = st.floats(0, 100)


@settings(max_examples=30)
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
def test_what_is_recorded_is_read_back(rows: list[Upload]) -> None:
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
        ("{header}\nt,r,c," + "m" * 200_000 + ",1.5,,,,7,\n", "field larger than field limit"),
        ("{header}\nt,r,c,m,x,,,,7,\n", "line 2: expected"),
        ("{header}\nt,r,c,m,1.5,,,,7,\nt,r,c\n", "line 3: expected"),
    ],
)
def test_a_damaged_ledger_is_named(ledger: Path, content: str, expected: str) -> None:
    header = ",".join(field.name for field in dataclasses.fields(Upload))
    ledger.parent.mkdir(parents=True)
    written = content.format(header=header).encode(errors="surrogateescape")
    ledger.write_bytes(written)
    with pytest.raises(UserError, match=expected), open_ledger(ledger) as rows:
        rows.append(ROW)
    assert ledger.read_bytes() == written


def test_what_a_spreadsheet_saves_is_read(ledger: Path) -> None:
    with open_ledger(ledger) as rows:
        rows += [ROW, dataclasses.replace(ROW, reference=8)]
    saved = "\ufeff" + ledger.read_text() + "\n,,,,,,,,,\n"
    ledger.write_text(saved)
    assert [row.reference for row in read_ledger(ledger)] == [7, 8]
