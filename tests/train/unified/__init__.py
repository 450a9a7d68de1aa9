"""Tests of `train/unified/`."""
