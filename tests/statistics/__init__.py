"""Tests of the bootstrap and its intervals."""
