"""Tests of the nnU-Net specialists."""
