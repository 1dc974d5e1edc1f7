"""The server: who may read and write, and what it refuses."""

import json
import socket
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from data.corrections import parse_corrections
from data.system.errors import UserError
from kfold.review.saved import SavedCorrections
from kfold.review.server import DEFAULT_PORT, MAX_BYTES, ReviewServer
from tests.kfold.review.server_requests import HEADER, ask, put, turn


def test_the_page_its_sheets_and_the_report_are_served_and_nothing_else(server, opened):
    (opened.run.folder / "leaderboard.html").write_text("the report")
    assert ask(server, "index.html")[1].startswith(b"<!doctype html>")
    report = server.address.replace("review/index.html", "leaderboard.html")
    assert ask(server, report)[1] == b"the report"
    for path in ("../config.json", "faces/../../config.json", "faces/7.png", "corrections.csv", ""):
        assert ask(server, path)[0] == 404
    sheet = cv2.imdecode(np.frombuffer(ask(server, "faces/4.png")[1], np.uint8), -1)
    assert sheet.shape == (4 * 96, 5 * 96)
    np.testing.assert_array_equal(sheet[3 * 96 :, 4 * 96 :], opened.data.train.images[119])
    np.testing.assert_array_equal(sheet[:96, 96 : 2 * 96], opened.data.train.images[101])


def test_every_answer_forbids_scripts_of_others_and_is_kept_nowhere(server):
    for path in ("index.html", "corrections", "faces/0.png", "none"):
        headers = ask(server, path)[2]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["index.html", "corrections", "faces/0.png", "turn?tab=a"])
def test_without_the_token_nothing_is_told(server, path):
    base = f"http://127.0.0.1:{server.server_port}"
    for token in ("review", f"{server.token[:-1]}_/review", "", f"{server.token}x/review"):
        status, text, _ = ask(server, f"{base}/{token}/{path}")
        assert status == 403
        assert text == b"Open the address that `make review` printed when it started."
    assert server.token.encode() not in text


@pytest.mark.parametrize(
    "headers", [{"Host": "example.org"}, {"Host": "127.0.0.1.example.org:80"}, {"Host": ""}]
)
def test_a_foreign_name_for_this_machine_is_refused(server, headers):
    assert ask(server, "index.html", **headers)[0] == 403


def test_a_page_of_another_site_cannot_write(server):
    with turn(server) as (number, _):
        headers = {"Origin": "https://example.org", "X-Turn": str(number)}
        assert ask(server, "corrections", "PUT", b"", **headers)[0] == 403
        own = {"Origin": f"http://127.0.0.1:{server.server_port}", "If-Match": "", "X-Turn": "1"}
        assert ask(server, "corrections", "PUT", b"", **own)[0] == 412


def test_it_listens_on_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"
    assert urlsplit(server.address).hostname == "127.0.0.1"
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {"127.0.0.1", "::1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|assign"):
            socket.create_connection((address, server.server_port), timeout=2).close()


def test_what_is_saved_is_what_was_sent(server, opened):
    data = opened.data
    text = f"{HEADER}3,nose_tip,set,12.345,96.000,{data.checksum[:16]}\n8,,keep,,,\n"
    with turn(server) as (number, _):
        status, body = put(server, number, text)
    assert status == 200
    path = SavedCorrections(opened).path
    assert path.read_text() == text
    one, other = parse_corrections(path, data.train, data.checksum)
    assert (one.row, one.position, other.action) == (3, (12.345, 96.0), "keep")
    again = json.loads(ask(server, "corrections")[1])
    assert again["version"] == json.loads(body)["version"]
    assert again["rows"]["3"] == {"points": {"10": [12.345, 96.0]}, "fine": False}
    assert again["rows"]["8"] == {"points": {}, "fine": True}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("3,nose_tip,set,1,2,fedcba9876543210", "column data: expected corrections of the data at"),
        ("3,nose_tip,set,1,97,", "line 2, columns x and y: expected pixels from 0 to 96"),
        ("120,,drop,,,", "line 2, column row: expected a row from 0 to 119, found '120'"),
        ('3,"nose', "expected a CSV file of corrections"),
    ],
)
def test_what_training_would_refuse_is_not_saved(server, opened, line, message):
    path = SavedCorrections(opened).path
    with turn(server) as (number, _):
        put(server, number, HEADER)
        status, text = put(server, number, f"{HEADER}{line}\n")
    assert status == 400
    assert message in text
    assert text.startswith(f"{path}")
    assert path.read_text() == HEADER
    assert {entry.name for entry in path.parent.iterdir()} == {
        "corrections.csv",
        "faces",
        "index.html",
    }


def test_too_much_is_refused_unread(server):
    with turn(server) as (number, _):
        for length in (str(MAX_BYTES + 1), "-1", "many"):
            headers = {"Content-Length": length, "X-Turn": str(number)}
            status, text, _ = ask(server, "corrections", "PUT", b"", **headers)
            assert (status, text) == (400, b"expected corrections of at most 32,000,000 bytes.")


def test_what_a_browser_did_not_send_to_its_end_is_not_saved(server, opened):
    path = SavedCorrections(opened).path
    with turn(server) as (number, _):
        put(server, number, HEADER)
        version = json.loads(ask(server, "corrections")[1])["version"]
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            connection.sendall(
                f"PUT /{server.token}/review/corrections HTTP/1.1\r\nHost: localhost\r\n"
                f"X-Turn: {number}\r\nIf-Match: {version}\r\nContent-Length: 99\r\n\r\n"
                f"{HEADER}8,,drop,,,\n".encode()
            )
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100) == b""
    assert path.read_text() == HEADER


@pytest.mark.parametrize("number", ["", "one", "1.0", "-1", "\xb2", "9" * 5000])
def test_a_turn_that_is_no_number_is_nobodys(server, number):
    with turn(server):
        assert put(server, number, HEADER) == (409, "Another page edits these corrections.")


def test_corrections_that_another_program_changed_are_not_overwritten(server, opened):
    path = SavedCorrections(opened).path
    with turn(server) as (number, _):
        version = json.loads(ask(server, "corrections")[1])["version"]
        path.write_text(f"{HEADER}8,,drop,,,\n")
        status, text = put(server, number, HEADER, version)
    assert (status, text) == (412, f"{path}: changed by another program.")
    assert path.read_text() == f"{HEADER}8,,drop,,,\n"


def test_a_damaged_file_of_corrections_is_named(server, opened):
    path = SavedCorrections(opened).path
    path.write_text(f"{HEADER}8,,erase,,,\n")
    status, text, _ = ask(server, "corrections")
    assert status == 400
    assert text.decode().startswith(f"{path}, line 2, column action: expected drop, set or keep")


def test_a_port_that_is_taken_is_named_unless_any_will_do(opened):
    saved = SavedCorrections(opened)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = rf"PORT: expected a free port from 0 to 65535, found {port} \(Address already"
        with pytest.raises(UserError, match=message):
            ReviewServer(saved, port)
    with pytest.raises(UserError, match="PORT: expected a free port from 0 to 65535, found 70000"):
        ReviewServer(saved, 70000)
    with ReviewServer(saved) as one, ReviewServer(saved) as other:
        assert one.server_port != other.server_port
        assert other.server_port != DEFAULT_PORT
        assert one.token != other.token
