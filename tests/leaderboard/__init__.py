"""Tests of the leaderboard room."""
