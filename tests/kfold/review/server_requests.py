"""Requests to the review's server, as another program would send them."""

import json
import urllib.error
import urllib.request
from contextlib import contextmanager

HEADER = "row,keypoint,action,x,y,data\n"


def ask(server, path, method="GET", body=None, **headers):
    """Status, text and headers of an answer; `path` is relative to the page's folder."""
    address = path if path.startswith("http") else server.address.rpartition("/")[0] + f"/{path}"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, body, names, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


@contextmanager
def turn(server, query="tab=a"):
    """Hold the turn; yields its number, or None where another page has it, and a reader of news."""
    with urllib.request.urlopen(
        server.address.rpartition("/")[0] + f"/turn?{query}", timeout=20
    ) as stream:

        def news():
            line = stream.readline()
            stream.readline()
            return json.loads(line.removeprefix(b"data: "))

        yield news(), news


def put(server, number, text, version=None):
    version = version or json.loads(ask(server, "corrections")[1])["version"]
    headers = {"If-Match": version, "X-Turn": str(number)}
    status, body, _ = ask(server, "corrections", "PUT", text.encode(), **headers)
    return status, body.decode()
