"""The leaderboard as a page to read and to act on: where the error is, and what to do about it."""
