"""Tests of the metrics: hand-computed scenes, empty tables and second implementations."""
