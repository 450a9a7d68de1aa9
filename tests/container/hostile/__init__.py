"""Submissions that break or do harm: one image each, which does the deed that its ``DEED`` names."""
