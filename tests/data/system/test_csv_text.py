from pathlib import Path

import pytest

from data.system.csv_text import read_csv_text


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return path


def test_fields_are_text_and_the_index_holds_lines(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfa,b\r\n007,NA\r\n"two\r\nlines",\r\n\r\n,\r\n1.50\r\n'
    table = read_csv_text(write(tmp_path, content))
    assert list(table.columns) == ["a", "b"]
    assert table.to_dict("index") == {
        2: {"a": "007", "b": "NA"},
        3: {"a": "two\r\nlines", "b": ""},
        7: {"a": "1.50", "b": ""},
    }


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    assert read_csv_text(write(tmp_path, b"")).shape == (0, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2,3\n", "Expected 2 fields in line 2, saw 3"),
        (b"a,b\n1,2\n1,2,3\n", "Expected 2 fields in line 3, saw 3"),
        (b'a,b\n"1,2\n', "line 2"),
        (b"a,b\n\xe9,2\n", "can't decode byte 0xe9"),
    ],
)
def test_what_is_no_table_of_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_csv_text(write(tmp_path, content))
