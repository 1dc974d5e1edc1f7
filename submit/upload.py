"""Upload a submission to Kaggle and wait for its score."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from data.competition import SLUG, URL
from data.kaggle.client import TIMEOUT, competition_api, open_session
from data.system.errors import UserError

if TYPE_CHECKING:
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient
    from kagglesdk.competitions.types.competition_api_service import (
        ApiGetSubmissionRequest,
        ApiSubmission,
    )

SUBMISSIONS_PAGE = f"{URL}/submissions"

FIRST_POLL_S = 2.0
"""Seconds between the first two requests for a score; each later wait is 1.5 times as long."""

MAX_POLL_S = 30.0

SCORE_TIMEOUT_S = 600.0
"""Seconds to wait for a score."""


@dataclass(frozen=True)
class KaggleScore:
    """Kaggle's score of one submission.

    Attributes:
        status: "pending" while Kaggle scores it, "hidden" if it belongs to another user.
        public: RMSE in pixels on the public half, None while unknown.
        private: RMSE in pixels on the private half, None while unknown.
        error: reason why there is no score, in Kaggle's words if scoring failed; else empty.
    """

    status: Literal["pending", "complete", "error", "hidden"]
    public: float | None = None
    private: float | None = None
    error: str = ""


def submissions_left() -> int | None:
    """Number of submissions that Kaggle accepts until midnight UTC; None if it does not say.

    Raises:
        UserError: no credentials, or the request fails.
    """
    import requests
    from kagglesdk.competitions.types.competition_api_service import ApiGetSubmissionLimitsRequest

    request = ApiGetSubmissionLimitsRequest()
    request.competition_name = SLUG
    with competition_api("ask for the submissions left today") as api:
        try:
            return api.get_submission_limits(request).num_allowed_now
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise


def upload(path: Path, content: bytes, message: str, tag: str, again: bool = False) -> int:
    """Submit a file and return Kaggle's reference number of the submission.

    Args:
        path: of the submission file, for its name and for messages.
        content: of the file.
        message: description shown beside the score on Kaggle; contains `tag`.
        tag: identifies the file. If Kaggle already has a submission with this tag, its reference
            is returned, and nothing is sent.
        again: send the file nevertheless.

    Raises:
        UserError: no credentials, or Kaggle did not accept the submission.
    """
    with competition_api(f"submit {path}") as api:
        earlier = _find_submissions(api, tag)
        if earlier and not again:
            return max(earlier)
        token = _store_file(api, path.name, content)
        return _create_submission(api, token, message, tag, earlier)


def wait_for_score(reference: int, timeout_s: float) -> KaggleScore:
    """Poll a submission's score until Kaggle has one or `timeout_s` is over; 0 asks once.

    Raises:
        UserError: no credentials, or the request fails.
    """
    from kagglesdk.competitions.types.competition_api_service import ApiGetSubmissionRequest

    request = ApiGetSubmissionRequest()
    request.ref = reference
    stop = time.monotonic() + timeout_s
    wait = FIRST_POLL_S
    action = f"ask for the score of submission {reference} (`make submissions` asks again)"
    with competition_api(action) as api:
        score = _request_score(api, request)
        while score.status == "pending" and (left := stop - time.monotonic()) > 0:
            time.sleep(min(wait, left))
            wait = min(1.5 * wait, MAX_POLL_S)
            score = _request_score(api, request)
    return score


def _store_file(api: CompetitionApiClient, name: str, content: bytes) -> str:
    """Upload a file to Kaggle's storage and return its token."""
    from kagglesdk.competitions.types.competition_api_service import (
        ApiStartSubmissionUploadRequest,
    )

    request = ApiStartSubmissionUploadRequest()
    request.competition_name = SLUG
    request.file_name = name
    request.content_length = len(content)
    request.last_modified_epoch_seconds = int(time.time())
    target = api.start_submission_upload(request)
    with open_session() as session:
        response = session.put(target.create_url, data=content, timeout=TIMEOUT)
    if response.status_code not in (200, 201):
        raise UserError(
            f"could not upload {name}: Kaggle's file storage answered {response.status_code}. "
            "Nothing was submitted; run this again later."
        )
    return target.token


def _create_submission(
    api: CompetitionApiClient, token: str, message: str, tag: str, earlier: set[int]
) -> int:
    """Submit the stored file; after a lost response, search for the submission instead."""
    import requests
    from kagglesdk.competitions.types.competition_api_service import ApiCreateSubmissionRequest

    request = ApiCreateSubmissionRequest()
    request.competition_name = SLUG
    request.blob_file_tokens = token
    request.submission_description = message
    try:
        response = api.create_submission(request)
    except requests.RequestException:
        if arrived := _find_submissions(api, tag) - earlier:
            return max(arrived)
        raise
    if not response.ref:
        raise UserError(
            "Kaggle took the file but made no submission of it: "
            f"{response.message or 'no reason'}. See {SUBMISSIONS_PAGE}"
        )
    return response.ref


def _find_submissions(api: CompetitionApiClient, tag: str) -> set[int]:
    """References of the latest submissions with `tag` in their description."""
    from kagglesdk.competitions.types.competition_api_service import ApiListSubmissionsRequest

    request = ApiListSubmissionsRequest()
    request.competition_name = SLUG
    request.page = 1
    request.page_size = 20
    found = api.list_submissions(request).submissions or []
    return {one.ref for one in found if one is not None and tag in one.description}


def _request_score(api: CompetitionApiClient, request: ApiGetSubmissionRequest) -> KaggleScore:
    """Ask once; Kaggle hides the submissions of other users."""
    import requests

    try:
        return _parse_score(api.get_submission(request))
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code in (403, 404):
            return KaggleScore(
                "hidden", error="it shows none to this user; was another one signed in?"
            )
        raise


def _parse_score(submission: ApiSubmission) -> KaggleScore:
    status = submission.status.name.lower()
    return KaggleScore(
        status,
        _parse_number(submission.public_score),
        _parse_number(submission.private_score),
        submission.error_description,
    )


def _parse_number(text: str) -> float | None:
    return float(text) if text else None
