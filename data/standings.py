"""Fetch Kaggle's leaderboard of today: scores only, no names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.atomic import write_text
from data.competition import SLUG
from data.errors import UserError
from data.kaggle_client import competition_api

if TYPE_CHECKING:
    from kagglesdk.competitions.services.competition_api_service import CompetitionApiClient

STANDINGS_FILE = "kaggle_leaderboard.csv"
"""Beside the competition's files: rank, private and public RMSE of each team, best first."""

_PAGE = 100


def fetch_standings(folder: Path) -> int:
    """Write the leaderboard into `folder` and return how many teams are on it.

    Raises:
        UserError: no credentials, Kaggle refuses, or what it sends is no leaderboard.
    """
    with competition_api("fetch Kaggle's leaderboard") as api:
        private, public = (_scores(api, is_public) for is_public in (False, True))
    teams = sorted((private[team], public[team]) for team in private.keys() & public.keys())
    if not teams or min(map(min, teams)) <= 0:
        raise UserError(
            f"could not fetch Kaggle's leaderboard: expected teams with positive scores, found "
            f"{len(teams)} teams, the best at {teams[0] if teams else None}."
        )
    rows = [f"{rank},{score},{other}" for rank, (score, other) in enumerate(teams, 1)]
    write_text(folder / STANDINGS_FILE, "\n".join(["rank,private,public", *rows]) + "\n")
    return len(teams)


def _scores(api: CompetitionApiClient, is_public: bool) -> dict[int, float]:
    """RMSE of each team, by its number, on one half of the test set; Kaggle sends it in pages."""
    from kagglesdk.competitions.types.competition_api_service import ApiGetLeaderboardRequest

    request = ApiGetLeaderboardRequest()
    request.competition_name = SLUG
    request.override_public = is_public
    request.page_size = _PAGE
    scores: dict[int, float] = {}
    while True:
        page = api.get_leaderboard(request)
        before = len(scores)
        teams = [team for team in page.submissions or [] if team and team.score]
        scores |= {team.team_id: float(team.score) for team in teams}
        if not page.next_page_token or len(scores) == before:
            return scores
        request.page_token = page.next_page_token
