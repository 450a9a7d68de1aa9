"""Tests of the predictors and of their weights."""
