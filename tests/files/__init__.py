"""Tests of reading untrusted files and writing whole ones."""
