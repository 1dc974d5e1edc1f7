"""The log of a kernel's session: a stream of events while it runs, a JSON array afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

_END = "END_OF_LOG"


def read_stream(response: requests.Response) -> Iterator[str]:
    """Lines of a log as they come; those of a session that has ended, at once."""
    if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
        yield from read_log(response.content.decode(errors="replace"))
        return
    for line in response.iter_lines():
        if line.startswith(b"data:"):
            event = line.decode(errors="replace").removeprefix("data:").strip()
            if event == _END:
                return
            yield from _lines(_parse(event))


def read_log(text: str) -> list[str]:
    """Lines of a log that is a JSON array of events, or has an event on each line."""
    try:
        events = json.loads(text)
    except ValueError:
        events = [_parse(line.strip("[], ")) for line in text.splitlines()]
    events = events if isinstance(events, list) else [events]
    return [line for event in events for line in _lines(event)]


def _parse(event: str) -> Any:
    try:
        return json.loads(event)
    except ValueError:
        return {"data": event}


def _lines(event: Any) -> list[str]:
    data = event.get("data") if isinstance(event, dict) else event
    return [line for line in str(data or "").splitlines() if line.strip()]
