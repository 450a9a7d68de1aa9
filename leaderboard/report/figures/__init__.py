"""Figures: one module a kind, plain records in, a `Figure` out.

Promises: no figure reads a file or computes a score.
"""
