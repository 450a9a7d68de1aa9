"""Tests of the report on a prepared split."""
