"""Tests of the speed comparisons: they compare like with like."""
