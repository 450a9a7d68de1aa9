"""Tests of the queue: its file, its loop over workers that come and go, a real cluster."""
