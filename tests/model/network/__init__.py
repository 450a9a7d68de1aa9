"""Tests of `model/network/`."""
