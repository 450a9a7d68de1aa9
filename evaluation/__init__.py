"""The bench: read a challenge, check and score a submission, say how sure the numbers are."""
