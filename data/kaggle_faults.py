"""Say in one message what went wrong between here and Kaggle, and what to do next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from data.competition import URL
from data.kaggle_credentials import RULES_PAGE, Credentials

if TYPE_CHECKING:
    import requests

SKEW = timedelta(minutes=5)
"""How far this machine's clock may be from Kaggle's before it is mentioned."""


def explain(error: Exception, credentials: Credentials, limit_s: float) -> str:
    """Put an error of the SDK into words, without the addresses and headers in it.

    Args:
        error: what was raised.
        credentials: what signed in.
        limit_s: how long an answer was waited for.
    """
    import requests

    if not isinstance(error, requests.RequestException) or isinstance(
        error, requests.exceptions.JSONDecodeError
    ):
        return (
            "expected an answer of Kaggle's API, found something else. Is a proxy or a login page "
            "in between? Check the network, then run this again."
        )
    if error.response is not None:
        return _explain_answer(error.response, credentials)
    return _explain_silence(error, limit_s)


def _explain_silence(error: requests.RequestException, limit_s: float) -> str:
    import requests
    import urllib3.exceptions

    cause = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    if isinstance(error, requests.Timeout) or isinstance(
        cause, urllib3.exceptions.ReadTimeoutError
    ):
        return f"no answer from Kaggle within {limit_s:g} s. Run this again later."
    # The SDK's own addresses are valid.
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidURL):
        return (
            "the connection to Kaggle failed at the proxy. Check the network, correct or unset the "
            "environment variables HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, then run this again."
        )
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "the secure connection to Kaggle failed. Check this machine's clock, and whether a "
            "proxy in between needs a certificate of its own (REQUESTS_CA_BUNDLE=<file>)."
        )
    return (
        f"the connection to Kaggle failed ({type(error).__name__}). "
        "Check the network and proxy settings, then run this again."
    )


def _explain_answer(response: requests.Response, credentials: Credentials) -> str:
    status, message = _read(response)
    if response.history:  # redirected, so it is the file storage that answered
        return (
            f"Kaggle's file storage answered {status} ({message}). Run this again later."
            + _clock(response)
        )
    wait = response.headers.get("Retry-After", "")
    advice = {
        400: "Settle that, then run this again.",
        401: f"It refused the credentials from {credentials.source}: {credentials.renewal}."
        + _clock(response),
        403: "Unless it says otherwise: signed in as the same user, accept the rules on "
        f"{RULES_PAGE} (Kaggle may ask for a phone number first), then run this again.",
        404: f"Is the competition still there? See {URL}",
        429: f"Too many requests or submissions: wait{f' {wait} s' if wait.isdigit() else ''}, "
        "then run this again.",
    }
    return f"Kaggle answered {status} ({message}). " + advice.get(
        status, "The fault is Kaggle's: run this again later."
    )


def _read(response: requests.Response) -> tuple[int, str]:
    """Read the status and Kaggle's message; an error's JSON may come under status 200."""
    import requests

    try:
        body = response.json()
    except (ValueError, requests.RequestException):
        body = None
    body = body if isinstance(body, dict) else {}
    status = body["code"] if isinstance(body.get("code"), int) else response.status_code
    message = str(body.get("message") or response.reason or "no reason given")
    return status, " ".join(message.split())[:200]


def _clock(response: requests.Response) -> str:
    """Mention a wrong clock, by which tokens and signed addresses seem to have expired."""
    try:
        behind = parsedate_to_datetime(response.headers.get("Date", "")) - datetime.now(UTC)
    except (ValueError, TypeError):
        return ""
    if abs(behind) < SKEW:
        return ""
    minutes = round(abs(behind).total_seconds() / 60)
    return (
        f" This machine's clock is {minutes} minutes {'behind' if behind > SKEW else 'ahead of'} "
        "Kaggle's: set it first."
    )
