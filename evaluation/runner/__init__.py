"""Runs a submission and watches what it costs."""
