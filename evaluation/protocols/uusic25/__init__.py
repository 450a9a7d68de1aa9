"""UUSIC25, the Universal UltraSound Image Challenge 2025 (MICCAI; arXiv 2512.17279)."""
