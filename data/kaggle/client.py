"""Sign in to Kaggle and open its services; every failure becomes a `UserError`.

Uses `kagglesdk`, the layer below Kaggle's command line. The `kaggle` package itself signs in over
the network when it is imported, prints, may end the process, and swallows upload errors. Neither
layer sets a timeout, so this module does.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from data.kaggle.credentials import require_credentials
from data.kaggle.error_messages import explain_error
from data.system.errors import UserError

if TYPE_CHECKING:
    import requests
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient
    from kagglesdk.kaggle_client import KaggleClient

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for the next part of a response."""

_ONLY_ONCE = {
    "competitions.CompetitionApiService": "CreateSubmission",
    "kernels.KernelsApiService": "SaveKernel",
}
"""Requests by service that must not be carried out twice."""

_PARSE_ERRORS = (ValueError, KeyError, TypeError)
"""What the SDK raises when a response is not Kaggle's."""


@contextmanager
def kaggle_api(action: str, advice: Mapping[int, str] | None = None) -> Iterator[KaggleClient]:
    """Sign in and yield the SDK's client, with retries and timeouts.

    Args:
        action: what the block does, to follow "could not" in a message.
        advice: what to do next by HTTP status, where it is not as for the competition.

    Raises:
        UserError: no credentials, or any failure of Kaggle inside the block.
    """
    import requests

    credentials = require_credentials()
    auth = dict(credentials.auth)
    try:
        if login := auth.pop("refresh_token", None):
            auth["api_token"] = _new_token(login)
        with _client(auth) as client:
            yield client
    except (requests.RequestException, *_PARSE_ERRORS) as error:
        reason = explain_error(error, credentials, TIMEOUT[1], advice)
        for name, secret in {**credentials.auth, **auth}.items():
            reason = reason.replace(secret, "***") if name != "username" else reason
        raise UserError(f"could not {action}: {reason}") from None


@contextmanager
def competition_api(action: str) -> Iterator[CompetitionApiClient]:
    """Sign in and yield the SDK's competition service, see `kaggle_api`."""
    with kaggle_api(action) as client:
        yield client.competitions.competition_api_client


def user_name(client: KaggleClient) -> str:
    """Name of the user who is signed in; Kaggle knows whose a token is."""
    from kagglesdk.security.types.oauth_service import IntrospectTokenRequest

    http = client.http_client()
    if http._username:
        return http._username
    request = IntrospectTokenRequest()
    request.token = http._api_token
    name = client.security.oauth_client.introspect_token(request).username
    if not name:
        raise ValueError("a token without a user")
    return name


def open_session() -> requests.Session:
    """Open a session without credentials, for the signed URLs of Kaggle's file storage."""
    import requests

    from data.kaggle.retries import add_retries

    return add_retries(requests.Session())


def _new_token(login: str) -> str:
    """Request an access token; the stored one may be expired although this clock says otherwise."""
    from kagglesdk import KaggleCredentials

    with _client({}) as client:
        return KaggleCredentials(client, login).generate_access_token().token


@contextmanager
def _client(auth: dict[str, str]) -> Iterator[KaggleClient]:
    from kagglesdk import KaggleClient, KaggleEnv

    from data.kaggle.retries import add_retries, retry_only_if_unprocessed

    local = os.environ.get("KAGGLE_API_ENVIRONMENT") == "LOCALHOST"
    with KaggleClient(env=KaggleEnv.LOCAL if local else KaggleEnv.PROD, **auth) as client:
        # The SDK has no public access to its session, nor to a timeout.
        http = client.http_client()
        session = add_retries(http._session)
        session.send = functools.partial(session.send, timeout=TIMEOUT)  # type: ignore[method-assign]
        # After a lost response, a second request could spend two of the day's submissions, or
        # start two sessions.
        for service, request in _ONLY_ONCE.items():
            retry_only_if_unprocessed(session, http._get_request_url(service, request))
        yield client
