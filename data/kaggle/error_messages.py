"""Messages for failed requests to Kaggle: what went wrong, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from data.competition import RULES_PAGE, URL
from data.kaggle.credentials import Credentials

if TYPE_CHECKING:
    import requests

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""Difference between this machine's clock and Kaggle's from which on messages mention it."""


def explain_error(
    error: Exception,
    credentials: Credentials,
    timeout_s: float,
    advice: Mapping[int, str] | None = None,
) -> str:
    """Explain an error of the SDK, without the URLs and headers that it contains.

    Args:
        error: the exception.
        credentials: those of the request.
        timeout_s: seconds after which a request fails.
        advice: what to do next by HTTP status, in place of the usual.
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
        return _explain_response(error.response, credentials, advice or {})
    return _explain_no_response(error, timeout_s)


def _explain_no_response(error: requests.RequestException, timeout_s: float) -> str:
    import requests
    import urllib3.exceptions

    cause = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    if isinstance(error, requests.Timeout) or isinstance(
        cause, urllib3.exceptions.ReadTimeoutError
    ):
        return f"no answer from Kaggle within {timeout_s:g} s. Run this again later."
    # The SDK's own URLs are valid, so an invalid one is the proxy's.
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


def _explain_response(
    response: requests.Response, credentials: Credentials, special: Mapping[int, str]
) -> str:
    status, message = _parse(response)
    if response.history:  # redirected to the file storage
        return (
            f"Kaggle's file storage answered {status} ({message}). Run this again later."
            + _clock_advice(response)
        )
    wait = response.headers.get("Retry-After", "")
    advice = {
        400: "Settle that, then run this again.",
        401: f"It refused the credentials from {credentials.source}: {credentials.renewal}."
        + _clock_advice(response),
        403: "Unless it says otherwise: signed in as the same user, accept the rules on "
        f"{RULES_PAGE} (Kaggle may ask for a phone number first), then run this again.",
        404: f"Is the competition still there? See {URL}",
        429: f"Too many requests or submissions: wait{f' {wait} s' if wait.isdigit() else ''}, "
        "then run this again.",
        **special,
    }
    return f"Kaggle answered {status} ({message}). " + advice.get(
        status, "The fault is Kaggle's: run this again later."
    )


def _parse(response: requests.Response) -> tuple[int, str]:
    """Status and message of an error; its JSON may arrive under status 200."""
    import requests

    try:
        body = response.json()
    except (ValueError, requests.RequestException):
        body = None
    body = body if isinstance(body, dict) else {}
    status = body["code"] if isinstance(body.get("code"), int) else response.status_code
    message = str(body.get("message") or response.reason or "no reason given")
    return status, " ".join(message.split())[:200]


def _clock_advice(response: requests.Response) -> str:
    """Advice if this machine's clock is wrong: tokens and signed URLs then seem expired."""
    try:
        behind = parsedate_to_datetime(response.headers.get("Date", "")) - datetime.now(UTC)
    except (ValueError, TypeError):
        return ""
    if abs(behind) < MAX_CLOCK_SKEW:
        return ""
    minutes = round(abs(behind).total_seconds() / 60)
    direction = "behind" if behind > MAX_CLOCK_SKEW else "ahead of"
    return f" This machine's clock is {minutes} minutes {direction} Kaggle's: set it first."
