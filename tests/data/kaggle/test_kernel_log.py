"""Logs as Kaggle's client says that they come, and as they may come."""

from __future__ import annotations

import io
import json

import pytest
import requests

from data.kaggle.kernel_log import read_log, read_stream

EVENTS = [
    {"stream_name": "stdout", "time": 0.5, "data": "one\n"},
    {"stream_name": "stderr", "time": 1.5, "data": "zwei \u2013 drei\nfour\n"},
]
LINES = ["one", "zwei \u2013 drei", "four"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EVENTS),
        "[" + "\n,".join(map(json.dumps, EVENTS)) + "\n]",
        "\n".join(map(json.dumps, EVENTS)),
        "one\nzwei \u2013 drei\nfour\n",
    ],
    ids=["array", "array, cut into lines", "lines", "plain"],
)
def test_a_log_is_read_line_by_line(text: str) -> None:
    assert read_log(text) == LINES


@pytest.mark.parametrize("text", ["", "[]", "null"])
def test_an_empty_log_has_no_lines(text: str) -> None:
    assert read_log(text) == []


def response(body: str, content_type: str) -> requests.Response:
    made = requests.Response()
    made.raw = io.BytesIO(body.encode())
    made.headers["Content-Type"] = content_type
    return made


def test_a_stream_ends_with_its_sentinel() -> None:
    body = "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in EVENTS)
    stream = response(f": ping\n\n{body}data: END_OF_LOG\n\ndata: later\n\n", "text/event-stream")
    assert list(read_stream(stream)) == LINES


def test_a_session_that_has_ended_has_no_stream_but_a_log() -> None:
    assert list(read_stream(response(json.dumps(EVENTS), "application/json"))) == LINES
