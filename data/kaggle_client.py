"""Sign in to Kaggle and reach its competition service; every failure becomes a `UserError`.

This speaks through `kagglesdk`, the layer of Kaggle's official client below its command line.
The `kaggle` package itself signs in over the network when it is imported, prints, may end the
process, and swallows what went wrong with an upload. Neither layer sets a time limit, so one is
set here.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from data.competition import URL
from data.errors import UserError
from data.kaggle_credentials import LOGIN_FILE, RULES_PAGE, TOKEN_PAGE, require_credentials

if TYPE_CHECKING:
    import requests
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient
    from kagglesdk.kaggle_client import KaggleClient
    from requests.adapters import HTTPAdapter

TIME_LIMIT = (10.0, 60.0)
"""Seconds to connect, and to wait for the next piece of an answer."""

RETRIES = 4
BACKOFF = 1.0
"""Seconds; the wait doubles with every retry, unless Kaggle asks for another with Retry-After."""

LONGEST_WAIT = 30
"""Seconds that are waited at most before one retry, whatever Kaggle asks for."""


@contextmanager
def competition_api(doing: str) -> Iterator[CompetitionApiClient]:
    """Sign in and yield the SDK's competition service, with retries and time limits.

    Args:
        doing: what the block does, to follow "could not" in a message.

    Raises:
        UserError: no credentials, or anything that goes wrong with Kaggle inside the block.
    """
    import requests

    credentials = require_credentials()
    auth = credentials.auth
    try:
        auth = auth or _login_token()
        with _client(auth) as client:
            yield client.competitions.competition_api_client
    except requests.RequestException as error:
        reason = _reason(error, credentials.source)
        secret = auth.get("api_token") or auth.get("password")
        reason = reason.replace(secret, "***") if secret else reason
        raise UserError(f"could not {doing}: {reason}") from None
    except (json.JSONDecodeError, KeyError):
        raise UserError(
            f"could not {doing}: expected an answer of Kaggle's API, found something else. "
            "Is a proxy or a login page in between? Check the network, then run this again."
        ) from None


def open_session() -> requests.Session:
    """Open a session without credentials, for the signed addresses of Kaggle's file storage."""
    import requests

    return _patient(requests.Session())


def _login_token() -> dict[str, str]:
    from kagglesdk import KaggleCredentials

    with _client({}) as client:
        try:
            login = KaggleCredentials.load(client)
        except (ValueError, TypeError, AttributeError):
            login = None
        token = login and login.get_access_token()
    if not token:
        raise UserError(
            f"{LOGIN_FILE}: expected a valid login, found none. Run `kaggle auth login` again."
        )
    return {"api_token": token}


@contextmanager
def _client(auth: dict[str, str]) -> Iterator[KaggleClient]:
    from kagglesdk import KaggleClient, KaggleEnv

    local = os.environ.get("KAGGLE_API_ENVIRONMENT") == "LOCALHOST"
    with KaggleClient(env=KaggleEnv.LOCAL if local else KaggleEnv.PROD, **auth) as client:
        # The SDK has no public way to its session, nor to a time limit.
        http = client.http_client()
        session = _patient(http._session)
        session.send = functools.partial(session.send, timeout=TIME_LIMIT)  # type: ignore[method-assign]
        create = http._get_request_url("competitions.CompetitionApiService", "CreateSubmission")
        # Asked again after a lost answer, Kaggle could count two of the day's submissions.
        session.mount(create, _adapter(status_forcelist=(429,), connect=0, read=0, other=0))
        yield client


def _patient(session: requests.Session) -> requests.Session:
    for scheme in ("http://", "https://"):
        session.mount(scheme, _adapter(status_forcelist=(429, 500, 502, 503, 504)))
    return session


def _adapter(**limits: Any) -> HTTPAdapter:
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    retries = Retry(
        total=RETRIES,
        allowed_methods=None,
        backoff_factor=BACKOFF,
        retry_after_max=LONGEST_WAIT,
        raise_on_status=False,
        **limits,
    )
    return HTTPAdapter(max_retries=retries)


def _reason(error: requests.RequestException, source: str) -> str:
    """Say what went wrong and what to do, without the addresses and headers in `error`."""
    import requests
    import urllib3.exceptions

    if error.response is not None:
        return _answer(error.response, source)
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.Timeout) or isinstance(cause, urllib3.exceptions.TimeoutError):
        return f"no answer from Kaggle within {TIME_LIMIT[1]:g} s. Run this again later."
    return (
        f"the connection to Kaggle failed ({type(error).__name__}). "
        "Check the network and proxy settings, then run this again."
    )


def _answer(response: requests.Response, source: str) -> str:
    status, message = _status(response)
    if response.history:  # redirected, so it is the file storage that answered
        return f"Kaggle's file storage answered {status} ({message}). Run this again later."
    advice = {
        400: "Change what Kaggle names here, then run this again.",
        401: f"It refused the credentials from {source}: create new ones on {TOKEN_PAGE}",
        403: f"Signed in as the same user, accept the competition's rules on {RULES_PAGE} "
        "(Kaggle may ask for a phone number first), then run this again.",
        404: f"Is the competition still there? See {URL}",
        429: "Too many requests or submissions: wait, then run this again.",
    }
    return f"Kaggle answered {status} ({message}). " + advice.get(
        status, "The fault is Kaggle's: run this again later."
    )


def _status(response: requests.Response) -> tuple[int, str]:
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
