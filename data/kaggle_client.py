"""Sign in to Kaggle and reach its competition service; every failure becomes a `UserError`.

This speaks through `kagglesdk`, the layer of Kaggle's official client below its command line.
The `kaggle` package itself signs in over the network when it is imported, prints, may end the
process, and swallows what went wrong with an upload. Neither layer sets a time limit, so one is
set here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from data.errors import UserError
from data.kaggle_credentials import require_credentials
from data.kaggle_faults import explain

if TYPE_CHECKING:
    import requests
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient
    from kagglesdk.kaggle_client import KaggleClient

TIME_LIMIT = (10.0, 60.0)
"""Seconds to connect, and to wait for the next piece of an answer."""

_NOT_KAGGLE = (ValueError, KeyError, TypeError)
"""What the SDK raises while it reads an answer that is not Kaggle's."""


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
    auth = dict(credentials.auth)
    try:
        if login := auth.pop("refresh_token", None):
            auth["api_token"] = _new_token(login)
        with _client(auth) as client:
            yield client.competitions.competition_api_client
    except (requests.RequestException, *_NOT_KAGGLE) as error:
        reason = explain(error, credentials, TIME_LIMIT[1])
        for name, secret in {**credentials.auth, **auth}.items():
            reason = reason.replace(secret, "***") if name != "username" else reason
        raise UserError(f"could not {doing}: {reason}") from None


def open_session() -> requests.Session:
    """Open a session without credentials, for the signed addresses of Kaggle's file storage."""
    import requests

    from data.kaggle_retries import retry

    return retry(requests.Session())


def _new_token(login: str) -> str:
    """Make an access token; the one stored beside the login may only seem valid to this clock."""
    from kagglesdk import KaggleCredentials

    with _client({}) as client:
        return KaggleCredentials(client, login).generate_access_token().token


@contextmanager
def _client(auth: dict[str, str]) -> Iterator[KaggleClient]:
    from kagglesdk import KaggleClient, KaggleEnv

    from data.kaggle_retries import never_repeat, retry

    local = os.environ.get("KAGGLE_API_ENVIRONMENT") == "LOCALHOST"
    with KaggleClient(env=KaggleEnv.LOCAL if local else KaggleEnv.PROD, **auth) as client:
        # The SDK has no public way to its session, nor to a time limit.
        http = client.http_client()
        session = retry(http._session)
        session.send = functools.partial(session.send, timeout=TIME_LIMIT)  # type: ignore[method-assign]
        # Asked again after a lost answer, Kaggle could count two of the day's submissions.
        service = "competitions.CompetitionApiService"
        never_repeat(session, http._get_request_url(service, "CreateSubmission"))
        yield client
