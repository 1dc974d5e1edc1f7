"""Which failed requests are sent to Kaggle again, how often, and after how long."""

from __future__ import annotations

import logging
import sys
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import MaxRetryError

RETRIES = 4
BACKOFF = 1.0
"""Seconds; the wait doubles with every retry, unless Kaggle's Retry-After says another."""

MAX_WAIT = 30
"""Seconds; a request with a longer Retry-After is not repeated."""

TEMPORARY_STATUSES = (429, 500, 502, 503, 504)


class _VerboseRetry(Retry):
    """A `Retry` that prints long waits, and fails at once where Retry-After exceeds `MAX_WAIT`."""

    def increment(self, *args: Any, **kwargs: Any) -> Retry:  # type: ignore[override]
        response = kwargs.get("response")
        if response and (self.get_retry_after(response) or 0) > MAX_WAIT:
            raise MaxRetryError(kwargs["_pool"], response.url or "")
        return super().increment(*args, **kwargs)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        retry_after = self.get_retry_after(response) if response else None
        if (wait := retry_after or self.get_backoff_time()) >= 1:
            print(f"Kaggle does not answer or is busy: again in {wait:.0f} s", file=sys.stderr)
        super().sleep(response)


def add_retries(session: requests.Session) -> requests.Session:
    """Make a session repeat requests after lost connections and `TEMPORARY_STATUSES`."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, _adapter(status_forcelist=TEMPORARY_STATUSES))
    return session


def retry_only_if_unprocessed(session: requests.Session, url: str) -> None:
    """Make a session repeat requests to `url` only if Kaggle cannot have processed the first."""
    session.mount(url, _adapter(status_forcelist=(429,), read=0, other=0))


def _adapter(**limits: Any) -> HTTPAdapter:
    # urllib3's warnings contain signed URLs.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    retries = _VerboseRetry(
        total=RETRIES,
        allowed_methods=None,
        backoff_factor=BACKOFF,
        raise_on_status=False,
        **limits,
    )
    return HTTPAdapter(max_retries=retries)
