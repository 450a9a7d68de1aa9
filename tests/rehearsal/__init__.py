"""Tests of the participant's dress rehearsal."""
