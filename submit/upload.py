"""Upload a submission to Kaggle and wait for its score."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from data.competition import SLUG, URL
from data.errors import UserError
from data.kaggle_client import TIME_LIMIT, competition_api, open_session

if TYPE_CHECKING:
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient
    from kagglesdk.competitions.types.competition_api_service import (
        ApiGetSubmissionRequest,
        ApiSubmission,
    )

SUBMISSIONS_PAGE = f"{URL}/submissions"

FIRST_POLL = 2.0
"""Seconds until the score is asked for again; half as much longer each time."""

LONGEST_POLL = 30.0

PATIENCE = 600.0
"""Seconds that a score is waited for."""


@dataclass(frozen=True)
class Score:
    """What Kaggle says of one submission.

    Attributes:
        status: "pending" while Kaggle has not finished, "hidden" if it does not tell this user.
        public: RMSE in pixels on the public half, None while unknown.
        private: RMSE in pixels on the private half, None while unknown.
        error: why there is no score, of a file that failed in Kaggle's own words; else empty.
    """

    status: Literal["pending", "complete", "error", "hidden"]
    public: float | None = None
    private: float | None = None
    error: str = ""


def submissions_left() -> int | None:
    """Ask how many submissions Kaggle will take until midnight UTC; None if it does not tell.

    Raises:
        UserError: no credentials, or Kaggle cannot be asked.
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


def upload(path: Path, content: bytes, message: str, mark: str, again: bool = False) -> int:
    """Submit a file and return Kaggle's reference number of the submission.

    Args:
        path: of the submission file, for its name and for messages.
        content: what is sent, checked.
        message: the description shown beside the score on Kaggle, with `mark` in it.
        mark: tells this file from any other. A submission that Kaggle has under it already is
            this file's: it is returned, and nothing is sent.
        again: send it nevertheless.

    Raises:
        UserError: no credentials, or Kaggle has not taken the submission.
    """
    with competition_api(f"submit {path}") as api:
        earlier = _references(api, mark)
        if earlier and not again:
            return max(earlier)
        token = _store(api, path.name, content)
        return _create(api, token, message, mark, earlier)


def wait_for_score(reference: int, limit_s: float) -> Score:
    """Ask for a submission's score until Kaggle has one, for at most `limit_s` seconds; 0: once.

    Raises:
        UserError: no credentials, or Kaggle cannot be asked.
    """
    from kagglesdk.competitions.types.competition_api_service import ApiGetSubmissionRequest

    request = ApiGetSubmissionRequest()
    request.ref = reference
    stop = time.monotonic() + limit_s
    wait = FIRST_POLL
    doing = f"ask for the score of submission {reference} (`make submissions` asks again)"
    with competition_api(doing) as api:
        score = _ask(api, request)
        while score.status == "pending" and (left := stop - time.monotonic()) > 0:
            time.sleep(min(wait, left))
            wait = min(1.5 * wait, LONGEST_POLL)
            score = _ask(api, request)
    return score


def _store(api: CompetitionApiClient, name: str, content: bytes) -> str:
    """Put the file into Kaggle's storage and return the token that stands for it."""
    from kagglesdk.competitions.types.competition_api_service import (
        ApiStartSubmissionUploadRequest,
    )

    request = ApiStartSubmissionUploadRequest()
    request.competition_name = SLUG
    request.file_name = name
    request.content_length = len(content)
    request.last_modified_epoch_seconds = int(time.time())
    place = api.start_submission_upload(request)
    with open_session() as session:
        answer = session.put(place.create_url, data=content, timeout=TIME_LIMIT)
    if answer.status_code not in (200, 201):
        raise UserError(
            f"could not upload {name}: Kaggle's file storage answered {answer.status_code}. "
            "Nothing was submitted; run this again later."
        )
    return place.token


def _create(
    api: CompetitionApiClient, token: str, message: str, mark: str, earlier: set[int]
) -> int:
    """Make the stored file a submission; an answer that was lost is looked up, not asked again."""
    import requests
    from kagglesdk.competitions.types.competition_api_service import ApiCreateSubmissionRequest

    request = ApiCreateSubmissionRequest()
    request.competition_name = SLUG
    request.blob_file_tokens = token
    request.submission_description = message
    try:
        answer = api.create_submission(request)
    except requests.RequestException:
        if arrived := _references(api, mark) - earlier:
            return max(arrived)
        raise
    if not answer.ref:
        raise UserError(
            f"Kaggle took the file but made no submission of it: {answer.message or 'no reason'}. "
            f"See {SUBMISSIONS_PAGE}"
        )
    return answer.ref


def _references(api: CompetitionApiClient, mark: str) -> set[int]:
    """List the latest submissions with `mark` in their description."""
    from kagglesdk.competitions.types.competition_api_service import ApiListSubmissionsRequest

    request = ApiListSubmissionsRequest()
    request.competition_name = SLUG
    request.page = 1
    request.page_size = 20
    found = api.list_submissions(request).submissions or []
    return {one.ref for one in found if one is not None and mark in one.description}


def _ask(api: CompetitionApiClient, request: ApiGetSubmissionRequest) -> Score:
    """Ask once; of a submission that is not this user's, Kaggle tells no more than that."""
    import requests

    try:
        return _score(api.get_submission(request))
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code in (403, 404):
            return Score("hidden", error="it shows none to this user; was another one signed in?")
        raise


def _score(submission: ApiSubmission) -> Score:
    status = submission.status.name.lower()
    return Score(
        status,
        _number(submission.public_score),
        _number(submission.private_score),
        submission.error_description,
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
