"""Tests of the training commands."""
