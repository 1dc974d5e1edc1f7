"""Download today's leaderboard from Kaggle: scores without team names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.competition import SLUG
from data.kaggle.client import competition_api
from data.system.atomic import write_csv
from data.system.errors import UserError

if TYPE_CHECKING:
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient

LEADERBOARD_FILE = "kaggle_leaderboard.csv"
"""Beside the competition's files: rank, private and public RMSE of each team, best first."""

WRITABLE = Path("data/raw")
"""Gets the leaderboard if the files' own folder is read-only, as in Kaggle's notebooks."""

_PAGE_SIZE = 100


def fetch_leaderboard(folder: Path) -> tuple[Path, int]:
    """Write the leaderboard into `folder`, else into `WRITABLE`; return its path and its teams.

    Raises:
        UserError: no credentials, Kaggle refuses, or the response is not a leaderboard.
        OSError: neither folder can be written.
    """
    import pandas as pd

    with competition_api("fetch Kaggle's leaderboard") as api:
        private, public = (_fetch_scores(api, is_public) for is_public in (False, True))
    teams = sorted((private[team], public[team]) for team in private.keys() & public.keys())
    if not teams or min(map(min, teams)) <= 0:
        raise UserError(
            f"could not fetch Kaggle's leaderboard: expected teams with positive scores, found "
            f"{len(teams)} teams, the best at {teams[0] if teams else None}."
        )
    table = pd.DataFrame(teams, columns=["private", "public"])
    table.insert(0, "rank", range(1, len(teams) + 1))
    path = folder / LEADERBOARD_FILE
    try:
        write_csv(path, table)
    except OSError:
        path = WRITABLE / LEADERBOARD_FILE
        write_csv(path, table)
    return path, len(teams)


def _fetch_scores(api: CompetitionApiClient, is_public: bool) -> dict[int, float]:
    """RMSE by team number on one half of the test set, collected from all pages."""
    from kagglesdk.competitions.types.competition_api_service import ApiGetLeaderboardRequest

    request = ApiGetLeaderboardRequest()
    request.competition_name = SLUG
    request.override_public = is_public
    request.page_size = _PAGE_SIZE
    scores: dict[int, float] = {}
    while True:
        page = api.get_leaderboard(request)
        before = len(scores)
        teams = [team for team in page.submissions or [] if team and team.score]
        scores |= {team.team_id: float(team.score) for team in teams}
        if not page.next_page_token or len(scores) == before:
            return scores
        request.page_token = page.next_page_token
