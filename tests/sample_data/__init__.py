"""Tests of the synthetic ultrasound and of its layouts."""
