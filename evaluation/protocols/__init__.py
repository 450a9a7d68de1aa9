"""One folder a challenge: `layout.py` reads and writes its files, `scores.py` holds its metrics."""
