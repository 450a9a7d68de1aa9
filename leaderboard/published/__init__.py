"""Figures printed by others, as CSV files with their sources in README.md, and their typed reader."""
