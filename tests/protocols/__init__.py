"""Tests of the protocols: official files, traps, modes."""
