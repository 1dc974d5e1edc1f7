"""How often and after what waits a request is sent to Kaggle again."""

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
"""Seconds; the wait doubles with every retry, unless Kaggle asks for another with Retry-After."""

LONGEST_WAIT = 30
"""Seconds that are waited at most before one retry; if Kaggle asks for more, there is none."""

BUSY = (429, 500, 502, 503, 504)
"""Statuses that may be gone the next time."""


class _ToldRetry(Retry):
    """A `Retry` that says why nothing seems to happen, and gives up rather than ask too early."""

    def increment(self, *args: Any, **kwargs: Any) -> Retry:  # type: ignore[override]
        response = kwargs.get("response")
        if response and (self.get_retry_after(response) or 0) > LONGEST_WAIT:
            raise MaxRetryError(kwargs["_pool"], response.url or "")
        return super().increment(*args, **kwargs)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        asked = self.get_retry_after(response) if response else None
        if (wait := asked or self.get_backoff_time()) >= 1:
            print(f"Kaggle does not answer or is busy: again in {wait:.0f} s", file=sys.stderr)
        super().sleep(response)


def retry(session: requests.Session) -> requests.Session:
    """Make a session repeat what failed for a lost connection or a busy server."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, _adapter(status_forcelist=BUSY))
    return session


def never_repeat(session: requests.Session, url: str) -> None:
    """Make a session repeat requests to `url` only where Kaggle has certainly done nothing."""
    session.mount(url, _adapter(status_forcelist=(429,), read=0, other=0))


def _adapter(**limits: Any) -> HTTPAdapter:
    # At the level below, urllib3 prints signed addresses.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    retries = _ToldRetry(
        total=RETRIES,
        allowed_methods=None,
        backoff_factor=BACKOFF,
        raise_on_status=False,
        **limits,
    )
    return HTTPAdapter(max_retries=retries)
