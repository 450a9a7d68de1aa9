"""Tests of the calibration workload."""
